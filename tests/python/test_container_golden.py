"""Python's writer still gives the bytes of the golden file, which the C++ writer gives too."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
from bascule.container import write_package

GOLDEN = Path(__file__).parent.parent / "golden" / "format-1.0.bascule"
DTYPES = {"U8": "<u1", "U32": "<u4", "I64": "<i8", "F64": "<f8"}


def test_the_golden_file_is_written_again_byte_for_byte() -> None:
    file = GOLDEN.read_bytes()
    (length,) = struct.unpack_from("<Q", file)
    header = json.loads(file[8 : 8 + length])
    manifest = json.loads(header.pop("__metadata__")["bascule"])
    del manifest["fingerprint"]
    tensors = []
    for name, entry in header.items():
        if "~" in name:  # paddings and the digest
            continue
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        values = np.frombuffer(file[begin:end], DTYPES[entry["dtype"]])
        tensors.append((name, values.reshape(entry["shape"])))
    assert write_package(manifest, tensors) == file
