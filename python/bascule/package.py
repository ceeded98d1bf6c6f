"""Package: what `bascule.pack` gives. One file's bytes, with what packing found out."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from bascule.engine import Engine


class NearTie(NamedTuple):
    """A row whose label two rightful computations may give differently."""

    output: str
    row: str  # "sample row 17"
    margin: float  # between the two best candidates, or to the threshold
    bound: float  # what the arithmetic allows them to move


@dataclass(frozen=True)
class Package:
    """A packed model.

    bytes      the file, complete
    near_ties  rows of the parity run whose label lies inside the propagated bound; not compared
    checked    how many sample and hostile rows were compared with Python, per oracle
    """

    bytes: bytes
    near_ties: list[NearTie] = field(default_factory=list)
    checked: dict[str, int] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """`sha256:<hex>` of the file: the identity of what is scored."""
        return f"sha256:{hashlib.sha256(self.bytes).hexdigest()}"

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes the file whole or not at all, replacing an older one."""
        target = Path(path)
        handle, partial = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(self.bytes)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(partial, 0o666 & ~_umask())
            os.replace(partial, target)
        except BaseException:
            os.unlink(partial)
            raise
        return target

    def inspect(self) -> dict[str, Any]:
        """The manifest, read back from the bytes by the engine's reader."""
        return Engine(self.bytes).manifest

    def __repr__(self) -> str:
        return f"<bascule.Package {self.digest[:19]} {len(self.bytes)} bytes>"


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
