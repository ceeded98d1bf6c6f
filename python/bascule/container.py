"""The package's container: a strict safetensors file that proves itself (docs/package-format.md).

Only the writer is here. Reading has one implementation, in C++, which Python uses too.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bascule.canonical_json import canonical_json
from bascule.errors import PackageError

Array: TypeAlias = NDArray[Any]
Named: TypeAlias = tuple[str, Array]

_DTYPES = {
    "?": "BOOL",
    "u1": "U8",
    "i1": "I8",
    "u2": "U16",
    "i2": "I16",
    "u4": "U32",
    "i4": "I32",
    "u8": "U64",
    "i8": "I64",
    "f4": "F32",
    "f8": "F64",
}
_ALIGN = 64
_MAX_HEADER = 16 << 20
_PROOF = "~sha256"
# What of an input and of an output decides a score; the rest is for people.
_INPUT_KEYS = ("name", "type", "nullable", "optional", "missing", "categories", "unknown")
_FINGERPRINTED = ("format", "graph", "inputs", "kind", "outputs", "score")


def string_tensors(name: str, strings: Sequence[str | None]) -> list[Named]:
    """A list of strings as `<name>.bytes` and `<name>.offsets`; `<name>.valid` if one is None."""
    try:
        encoded = [b"" if text is None else text.encode("utf-8") for text in strings]
    except UnicodeEncodeError as error:
        raise PackageError(f"'{name}': {error.object!r} is not Unicode text") from None
    ends = np.cumsum([len(text) for text in encoded], dtype=np.int64)
    offsets = np.concatenate([np.zeros(1, np.int64), ends])
    width = np.dtype("u4") if offsets[-1] < 2**32 else np.dtype("i8")
    tensors = [
        (f"{name}.bytes", np.frombuffer(b"".join(encoded), np.uint8)),
        (f"{name}.offsets", offsets.astype(width)),
    ]
    if any(text is None for text in strings):
        valid = np.array([text is not None for text in strings], np.uint8)
        tensors.append((f"{name}.valid", valid))
    return tensors


def write_package(manifest: Mapping[str, Any], tensors: Iterable[Named]) -> bytes:
    """The bytes of a package. The fingerprint is computed here and put into the manifest."""
    arrays = [(name, _plain(name, array)) for name, array in tensors]
    _refuse_doubles(arrays)
    whole = {**manifest, "fingerprint": fingerprint(manifest, arrays)}
    header, blocks = _lay_out(canonical_json(whole), arrays)
    parts = [struct.pack("<Q", len(header)), header, *blocks]
    proof = hashlib.sha256()
    for part in parts:
        proof.update(part)
    return b"".join([*parts, proof.digest()])


def fingerprint(manifest: Mapping[str, Any], tensors: Iterable[Named]) -> str:
    """What is the same for the same model, whatever its golden rows, bounds and provenance."""
    decides = {key: manifest[key] for key in _FINGERPRINTED if key in manifest}
    decides["inputs"] = [
        {key: column[key] for key in _INPUT_KEYS if key in column} for column in manifest["inputs"]
    ]
    decides["outputs"] = [
        {key: value for key, value in output.items() if key != "bound"}
        for output in manifest["outputs"]
    ]
    digest = hashlib.sha256(canonical_json(decides).encode())
    named = {name for node in manifest["graph"] for name in node["tensors"].values()}
    for name, array in tensors:
        if name in named:
            digest.update(canonical_json([name, _dtype(array), list(array.shape)]).encode())
            digest.update(array.data)
    return f"sha256:{digest.hexdigest()}"


def _lay_out(manifest: str, arrays: list[Named]) -> tuple[bytes, list[Any]]:
    """The padded header, and the blocks of data up to the proof's own."""
    entries = [f'"__metadata__":{canonical_json({"bascule": manifest})}']
    blocks: list[Any] = []
    at = 0

    def declare(name: str, dtype: str, shape: Sequence[int], size: int) -> None:
        nonlocal at
        entry = {"data_offsets": [at, at + size], "dtype": dtype, "shape": list(shape)}
        entries.append(f"{canonical_json(name)}:{canonical_json(entry)}")
        at += size

    for name, array in arrays:
        declare(name, _dtype(array), array.shape, array.nbytes)
        blocks.append(array.data if array.size else b"")
        gap = -at % _ALIGN
        if gap:
            declare(f"{name}~", "U8", [gap], gap)
            blocks.append(bytes(gap))
    declare(_PROOF, "U8", [32], 32)
    header = ("{" + ",".join(entries) + "}").encode()
    header += b" " * (-(8 + len(header)) % _ALIGN)
    if len(header) > _MAX_HEADER:
        raise PackageError(
            f"the header has {len(header)} bytes, at most {_MAX_HEADER} are "
            "allowed; shorten notes, metrics or the model's parameters"
        )
    return header, blocks


def _plain(name: str, array: Array) -> Array:
    """Little endian, contiguous, with one bit pattern for NaN."""
    array = np.asarray(array)
    array = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).reshape(array.shape)
    _dtype(array, name)
    if array.dtype.kind == "f":
        nans = np.isnan(array)
        if nans.any():
            array = np.where(nans, array.dtype.type(np.nan), array)
    return array


def _dtype(array: Array, name: str = "") -> str:
    code = "?" if array.dtype.kind == "b" else f"{array.dtype.kind}{array.dtype.itemsize}"
    if code not in _DTYPES:
        raise PackageError(f"tensor '{name}' has dtype {array.dtype}, which no package holds")
    return _DTYPES[code]


def _refuse_doubles(arrays: list[Named]) -> None:
    seen: set[str] = set()
    for name, _ in arrays:
        if name in seen:
            raise PackageError(f"tensor '{name}' stands twice")
        seen.add(name)
