"""Where a model comes from, and what Python's bits depended on. The same model, the same text."""

from __future__ import annotations

import hashlib
import math
import platform
import subprocess
import sys
import unicodedata
from collections.abc import Iterable, Mapping
from importlib import metadata
from typing import Any

import numpy as np

from bascule.assemble import label_entry
from bascule.columns import Buffer

# Parameters that change how fast or how loudly Python computes, not what.
_IDLE = frozenset(
    [
        "n_jobs",
        "verbose",
        "verbose_feature_names_out",
        "pre_dispatch",
        "memory",
        "copy",
        "copy_X",
        "nthread",
    ]
)
_MAX_LIST = 64
_MAX_TEXT = 200


def libraries(classes: Iterable[type]) -> dict[str, str]:
    """The version of Python, numpy, and every distribution that the model's classes come from."""
    found = {"python": platform.python_version(), "numpy": np.__version__}
    owners = metadata.packages_distributions()
    for cls in classes:
        for name in owners.get(cls.__module__.partition(".")[0], []):
            found[name] = metadata.version(name)
    if "pandas" in sys.modules:
        found["pandas"] = metadata.version("pandas")
    return found


def parameters(steps: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Per step its class and its own parameters; nested estimators stand at their own paths."""
    found: dict[str, Any] = {}
    for path, step in steps:
        entry: dict[str, Any] = {"class": f"{type(step).__module__}.{type(step).__qualname__}"}
        if hasattr(step, "get_params"):
            for name, value in sorted(step.get_params(deep=False).items()):
                if name not in _IDLE and not _holds_estimators(value):
                    entry[name] = plain(value)
        found[_free(found, path)] = entry
    return found


def plain(value: Any) -> Any:
    """A parameter as JSON, without addresses: functions and classes by name, the rest by type."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, str)):
        return value if not isinstance(value, str) else value[:_MAX_TEXT]
    if isinstance(value, int):
        return label_entry(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (set, frozenset)):
        value = sorted(value, key=str)
    if isinstance(value, (list, tuple)):
        if len(value) > _MAX_LIST:
            return f"{len(value)} values"
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    named = value if isinstance(value, type) or hasattr(value, "__qualname__") else type(value)
    module = getattr(named, "__module__", None) or "builtins"  # str.split has none
    return f"{module}.{named.__qualname__}"


def metrics(given: Mapping[str, Any] | None) -> dict[str, Any]:
    """The user's metrics, as plain numbers or texts."""
    return {str(name): plain(value) for name, value in (given or {}).items()}


def git_commit() -> str | None:
    """The commit of the working directory; None where there is none."""
    try:
        run = subprocess.run(
            ["git", "rev-parse", "HEAD"], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return run.stdout.strip() if run.returncode == 0 else None


def data_fingerprint(names: Iterable[str], buffers: Iterable[Buffer]) -> str:
    """The SHA-256 of the sample's columns: tells two training sets apart, and shows neither."""
    digest = hashlib.sha256()
    for name, buffer in zip(names, buffers, strict=True):
        digest.update(f"{len(name)}:{name}".encode())
        for part in (buffer.values, buffer.offsets, buffer.starts, buffer.valid):
            if part is not None:
                digest.update(f"{part.dtype.str}{part.shape}".encode())
                digest.update(np.ascontiguousarray(part).data if part.size else b"")
    return f"sha256:{digest.hexdigest()}"


def numerics() -> dict[str, Any]:
    """What the last bits of Python's answers depend on."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return {
        "numpy": np.__version__,
        "blas": f"{blas['name']} {blas.get('version', '')}".strip(),
        "cpu": " ".join(name for name, on in sorted(_cpu_features().items()) if on),
        "machine": platform.machine(),
        "libc": " ".join(platform.libc_ver()),
        "unicode": unicodedata.unidata_version,
    }


def _cpu_features() -> dict[str, bool]:
    core: Any = np._core if hasattr(np, "_core") else np.core
    features: dict[str, bool] = core._multiarray_umath.__cpu_features__
    return features


def _holds_estimators(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(_holds_estimators(item) for item in value)
    return hasattr(value, "get_params")


def _free(taken: Mapping[str, Any], path: str) -> str:
    name, count = path, 2
    while name in taken:
        name, count = f"{path} ({count})", count + 1
    return name
