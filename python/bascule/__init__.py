"""Bascule: carry a fitted Python model to production without Python."""

from bascule.errors import (
    BasculeError,
    PackageError,
    ParityError,
    RowError,
    RowErrors,
    ServerError,
    Unsupported,
)
from bascule.export import exporter

__all__ = [
    "BasculeError",
    "PackageError",
    "ParityError",
    "RowError",
    "RowErrors",
    "ServerError",
    "Unsupported",
    "exporter",
]
