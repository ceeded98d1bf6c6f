"""The cases: one line per estimator and data, and what each exporter must refuse by name.

One file per family. A new estimator adds its line to the file it belongs to, or a file.
"""

import importlib
import pkgutil

from parity.case import CASES, REFUSED, Case

__all__ = ["CASES", "REFUSED", "Case"]

for _module in pkgutil.iter_modules(__path__, f"{__name__}."):
    importlib.import_module(_module.name)
