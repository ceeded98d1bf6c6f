"""The container: a strict safetensors file, the same bytes for the same content."""

import hashlib
import json
import struct

import numpy as np
import pytest
from bascule.container import fingerprint, string_tensors, write_package
from bascule.errors import PackageError
from bascule.export import narrow
from safetensors.numpy import load

MANIFEST = {
    "format": {"major": 1, "minor": 0},
    "kind": "transformation",
    "inputs": [{"name": "a", "type": "number", "nullable": False, "optional": False}],
    "outputs": [
        {
            "name": "transform",
            "from": "v0",
            "type": "number",
            "width": 1,
            "default": True,
            "bound": {"here": 0, "anywhere": 0},
        }
    ],
    "graph": [
        {
            "op": "add",
            "version": 1,
            "in": ["column:a"],
            "out": ["v0"],
            "attrs": {},
            "tensors": {"by": "n0.by"},
            "step": "s",
        }
    ],
    "golden": {"rows": 0, "source": "synthesised"},
    "numerics": {},
    "provenance": {
        "libraries": {},
        "parameters": {},
        "metrics": {},
        "notes": "",
        "data_fingerprint": "",
    },
}
TENSORS = [
    ("n0.by", np.array([1.5])),
    ("odd", np.arange(7, dtype=np.uint8)),
    ("empty", np.zeros((0, 3), np.float32)),
    ("flags", np.array([True, False])),
    ("wide", np.arange(16, dtype=np.int64).reshape(2, 8)),
]


def header_of(data):
    (size,) = struct.unpack_from("<Q", data)
    return size, json.loads(data[8 : 8 + size], object_pairs_hook=lambda pairs: pairs)


def test_the_safetensors_package_reads_every_tensor():
    read = load(write_package(MANIFEST, TENSORS))
    for name, array in TENSORS:
        assert read[name].dtype == array.dtype
        np.testing.assert_array_equal(read[name], array)


def test_every_tensor_starts_at_a_multiple_of_64_and_nothing_lies_between():
    data = write_package(MANIFEST, TENSORS)
    size, header = header_of(data)
    assert (8 + size) % 64 == 0
    end = 0
    for name, entry in header[1:]:
        begin, stop = dict(entry)["data_offsets"]
        assert begin == end, name
        if not name.endswith("~"):
            assert (8 + size + begin) % 64 == 0, name
        end = stop
    assert 8 + size + end == len(data)
    assert [name for name, _ in header if not name.endswith("~")] == [
        "__metadata__",
        *(name for name, _ in TENSORS),
        "~sha256",
    ]


def test_the_last_32_bytes_are_the_digest_of_all_before():
    data = write_package(MANIFEST, TENSORS)
    assert data[-32:] == hashlib.sha256(data[:-32]).digest()


def test_nan_has_one_bit_pattern():
    odd = np.array([0x7FF8000000000123], np.uint64).view(np.float64)
    plain = write_package(MANIFEST, [("n0.by", np.array([np.nan]))])
    assert write_package(MANIFEST, [("n0.by", odd)]) == plain


def test_byte_order_and_memory_order_do_not_show():
    columns_first = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    swapped = np.arange(6.0).reshape(2, 3).astype(">f8")
    plain = write_package(MANIFEST, [("m", np.arange(6.0).reshape(2, 3))])
    assert write_package(MANIFEST, [("m", columns_first)]) == plain
    assert write_package(MANIFEST, [("m", swapped)]) == plain


def test_the_fingerprint_ignores_notes_and_bounds_but_not_weights():
    other_notes = {**MANIFEST, "provenance": {**MANIFEST["provenance"], "notes": "other"}}
    bound = {**MANIFEST["outputs"][0], "bound": {"here": 1, "anywhere": 2}}
    golden = [*TENSORS, ("golden.out.0", np.zeros((1, 1)))]
    plain = fingerprint(MANIFEST, TENSORS)
    assert fingerprint(other_notes, golden) == plain
    assert fingerprint({**MANIFEST, "outputs": [bound]}, TENSORS) == plain
    assert fingerprint(MANIFEST, [("n0.by", np.array([1.25]))]) != plain
    assert fingerprint({**MANIFEST, "kind": "number"}, TENSORS) != plain


def test_a_tensor_named_twice_is_refused():
    with pytest.raises(PackageError, match=r"'n0\.by' stands twice"):
        write_package(MANIFEST, [TENSORS[0], TENSORS[0]])


def test_a_dtype_without_a_name_in_the_file_is_refused():
    with pytest.raises(PackageError, match="tensor 'c' has dtype complex128"):
        write_package(MANIFEST, [("c", np.zeros(1, complex))])


def test_strings_are_bytes_offsets_and_who_is_missing():
    tensors = dict(string_tensors("s", ["a", "", None, "\u20ac"]))
    assert tensors["s.bytes"].tobytes() == "a\u20ac".encode()
    assert tensors["s.offsets"].tolist() == [0, 1, 1, 1, 4]
    assert tensors["s.valid"].tolist() == [1, 1, 0, 1]
    assert set(dict(string_tensors("s", ["a"]))) == {"s.bytes", "s.offsets"}


@pytest.mark.parametrize(
    ("low", "high", "dtype"),
    [
        (0, 255, "u1"),
        (-1, 127, "i1"),
        (-1, 128, "i2"),
        (0, 65_536, "u4"),
        (-1, 2**31 - 1, "i4"),
        (0, 2**63, "u8"),
        (-(2**63), 2**63 - 1, "i8"),
    ],
)
def test_integers_take_the_narrowest_type(low, high, dtype):
    values = np.array([low, high], object)
    wide = values.astype(np.uint64 if high >= 2**63 else np.int64)
    assert narrow(wide).dtype == np.dtype(dtype)
    np.testing.assert_array_equal(narrow(wide).astype(object), values)
