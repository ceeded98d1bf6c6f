"""Stubs of our own .proto files, made when they are asked for: clients that know nothing of us."""

from __future__ import annotations

import importlib
import pathlib
import subprocess
import sys
from typing import Any

PROTOS = pathlib.Path(__file__).parents[2] / "src" / "api" / "grpc"


def make(folder: pathlib.Path) -> dict[str, Any]:
    """The modules by their names, from stubs that are written into the folder."""
    names = [path.name for path in sorted(PROTOS.glob("*.proto"))]
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{PROTOS}"]
    command += [f"--python_out={folder}", f"--grpc_python_out={folder}", *names]
    subprocess.run(command, check=True, cwd=PROTOS)
    sys.path.insert(0, str(folder))
    stems = [name.removesuffix(".proto") for name in names]
    return {
        f"{stem}{suffix}": importlib.import_module(f"{stem}{suffix}")
        for stem in stems
        for suffix in ("_pb2", "_pb2_grpc")
    }
