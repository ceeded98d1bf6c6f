"""Which exporter belongs to which class, and where exporters are found.

Exact classes only: a subclass may override anything, so it is refused by name until somebody
registers an exporter for it. Exporters come from the modules of `bascule.exporters`, from
installed packages that declare an entry point of the group "bascule.exporters" (its value is a
module to import), and from the user's own `@exporter`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from importlib import metadata
from typing import Any, TypeVar

from bascule.errors import Unsupported

GROUP = "bascule.exporters"
Run = TypeVar("Run", bound=Callable[..., Any])

_exporters: dict[type, Callable[..., Any]] = {}
_absent: dict[str, str] = {}  # exporter module -> the library, or newer library, that it needs
_loaded: set[str] = set()


def exporter(*classes: type) -> Callable[[Run], Run]:
    """Registers `fn(step, x, graph)` as the exporter of exactly these classes.

    A class has one exporter; the same function may be defined again, as a notebook does.
    """

    def register(run: Run) -> Run:
        for cls in classes:
            known = _exporters.get(cls)
            if known is not None and _name(known) != _name(run):
                raise ValueError(
                    f"{cls.__name__} has an exporter already: {_name(known)}; "
                    f"{_name(run)} cannot be a second one"
                )
            _exporters[cls] = run
        return run

    return register


def find_exporter(step: object, where: str) -> Callable[..., Any]:
    """The exporter of exactly this object's class; Unsupported names `where` it stands."""
    load_exporters()
    cls = type(step)
    found = _exporters.get(cls)
    if found is not None:
        return found
    way_out = f"Register one with @bascule.exporter({cls.__name__})"
    for base in cls.__mro__[1:]:
        if base in _exporters:
            raise Unsupported(
                where,
                f"no exporter; that of {base.__name__} is not used, since a "
                "subclass may compute something else",
                way_out,
            )
    raise Unsupported(where, "no exporter", f"{way_out}, or use an estimator that has one")


def exported_classes() -> dict[type, Callable[..., Any]]:
    """Every class that has an exporter here."""
    load_exporters()
    return dict(_exporters)


def absent_libraries() -> dict[str, str]:
    """Exporter modules that were skipped, with the library that is not installed, or too old."""
    load_exporters()
    return dict(_absent)


def load_exporters() -> None:
    """Imports every exporter module once; entry points are looked up each time."""
    package = importlib.import_module("bascule.exporters")
    for module in pkgutil.iter_modules(package.__path__, "bascule.exporters."):
        _load(module.name)
    for point in metadata.entry_points(group=GROUP):
        _load(point.module)


def _load(module: str) -> None:
    if module in _loaded:
        return
    try:
        importlib.import_module(module)
    except ImportError as error:
        missing = error.name or ""
        if missing.split(".")[0] in ("", "bascule", module.split(".")[0]):
            raise
        newer = "" if isinstance(error, ModuleNotFoundError) else "a newer "
        _absent[module] = newer + missing
    _loaded.add(module)


def _name(run: Callable[..., Any]) -> str:
    return f"{run.__module__}.{run.__qualname__}"
