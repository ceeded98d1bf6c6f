"""Bascule: carry a fitted Python model to production without Python.

package = bascule.pack(model, sample, name="fraud/charge", positive=1)
package.save("charge.bascule")
scorer = bascule.load("charge.bascule")
client = bascule.Client("http://127.0.0.1:8080")
version = client.push(package)
"""

from bascule.client import Client
from bascule.errors import (
    BasculeError,
    InputError,
    PackageError,
    ParityError,
    RowError,
    RowErrors,
    ServerError,
    Unsupported,
)
from bascule.export import exporter
from bascule.pack import pack
from bascule.package import NearTie, Package
from bascule.scorer import Scorer, load

__all__ = [
    "BasculeError",
    "Client",
    "InputError",
    "NearTie",
    "Package",
    "PackageError",
    "ParityError",
    "RowError",
    "RowErrors",
    "Scorer",
    "ServerError",
    "Unsupported",
    "exporter",
    "load",
    "pack",
]
