"""Scorer: a package in this process, answered by the same engine as the service."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Literal, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from bascule import provenance
from bascule.assemble import label_value
from bascule.columns import to_buffers
from bascule.engine import Engine
from bascule.errors import InputError, RowErrors
from bascule.methods import method_of

Array: TypeAlias = NDArray[Any]


def load(source: bytes | str | os.PathLike[str], *, threads: int = 1) -> Scorer:
    """Loads a package from a path or from its bytes, and replays its golden rows.

    threads  how many threads share a batch of more than 256 rows (the answers are the same to the
             bit); -1 for one to each core that this process may use

    PackageError when there is no valid package, or when a golden row is answered differently.
    """
    return Scorer(source, threads=threads)


class Scorer:
    """A loaded package.

    Rows are given as a pandas frame or a mapping of columns (by name; extra columns are ignored, a
    missing one is an InputError unless it is optional), a list of mappings, a 2-D array for a model
    fitted on one, or a list of texts. None, NaN and pd.NA are a missing value.

    A row that Python would refuse raises RowErrors, which lists all such rows; with
    errors="return" a method gives (answer, RowErrors), where refused rows hold NaN, or None for a
    label. Labels have the type that Python's had. Any number of threads may share a scorer, and
    its own `threads` (see `load`); a forked child scores with the calling thread alone.
    """

    def __init__(self, source: bytes | str | os.PathLike[str], *, threads: int = 1) -> None:
        self._engine = Engine(source, _thread_count(threads))
        written = self._engine.manifest["numerics"]
        here = all(written.get(key) == value for key, value in provenance.numerics().items())
        self._engine.verify(here)
        self._outputs = {output["name"]: output for output in self._engine.manifest["outputs"]}
        self._labels = {
            name: _labels(output, written.get("labels", {}).get(name))
            for name, output in self._outputs.items()
            if output["type"] == "label"
        }

    @property
    def digest(self) -> str:
        """`sha256:<hex>` of the package."""
        return str(self._engine.description["digest"])

    @property
    def classes_(self) -> list[Any]:
        """The labels of `predict`, in the order of `predict_proba`'s columns; of several targets a
        list for each."""
        if "predict" in self._labels:
            return list(self._labels["predict"].tolist())
        parts = [name for name in self._parts("predict") if name in self._labels]
        if not parts:
            raise InputError("this model gives no labels")
        return [self._labels[name].tolist() for name in parts]

    def inspect(self) -> dict[str, Any]:
        """The package's manifest."""
        return self._engine.manifest

    @overload
    def run(
        self, X: Any, outputs: Sequence[str] | None = None, errors: Literal["raise"] = "raise"
    ) -> dict[str, Array]: ...

    @overload
    def run(
        self, X: Any, outputs: Sequence[str] | None = None, *, errors: Literal["return"]
    ) -> tuple[dict[str, Array], RowErrors]: ...

    def run(
        self, X: Any, outputs: Sequence[str] | None = None, errors: str = "raise"
    ) -> dict[str, Array] | tuple[dict[str, Array], RowErrors]:
        """The outputs named (default: the package's own choice): float64 [rows] or [rows, width],
        labels [rows]. An output is a method ("apply", "score_samples"), one part of what a method
        gives ("predict_proba.1", "kneighbors.0"), or "predict_std"."""
        if errors not in ("raise", "return"):
            raise InputError(f"errors={errors!r}, expected 'raise' or 'return'")
        for name in outputs or ():
            if name not in self._outputs:
                raise InputError(
                    f"this model has no output {name!r}; it has {', '.join(self._outputs)}"
                )
        rows, buffers = to_buffers(X, self._engine.inputs)
        answers, refused = self._engine.run(rows, buffers, outputs)
        found = RowErrors(refused, rows)
        if refused and errors == "raise":
            raise found
        mask = found.mask
        named = {
            name: self._labelled(name, values, mask) if name in self._labels else values
            for name, values in answers.items()
        }
        ordered = {name: named[name] for name in outputs} if outputs is not None else named
        return (ordered, found) if errors == "return" else ordered

    def predict(self, X: Any, errors: Any = "raise") -> Any:
        """Labels [rows] or [rows, targets], or numbers [rows] or [rows, targets]."""
        return self._one("predict", X, errors)

    def predict_proba(self, X: Any, errors: Any = "raise") -> Any:
        """Probabilities [rows, classes], in the order of `classes_`; of several targets a list."""
        return self._one("predict_proba", X, errors)

    def predict_log_proba(self, X: Any, errors: Any = "raise") -> Any:
        """Logarithms of the probabilities [rows, classes]."""
        return self._one("predict_log_proba", X, errors)

    def decision_function(self, X: Any, errors: Any = "raise") -> Any:
        """Decision values: [rows] for two classes, else [rows, classes]."""
        return self._one("decision_function", X, errors)

    def score_samples(self, X: Any, errors: Any = "raise") -> Any:
        """Scores [rows] of a density or an anomaly model."""
        return self._one("score_samples", X, errors)

    def transform(self, X: Any, errors: Any = "raise") -> Any:
        """The transformed rows, float64 [rows, columns]."""
        return self._one("transform", X, errors)

    def _parts(self, method: str) -> list[str]:
        """The outputs that a method's answer is made of: "predict.0", "predict.1"."""
        return [name for name in self._outputs if name != method and method_of(name) == method]

    def _one(self, method: str, X: Any, errors: Any) -> Any:
        names = [method] if method in self._outputs else self._parts(method) or [method]
        answer: Any = self.run(X, names, errors)
        if errors == "return":
            return self._whole(method, answer[0]), answer[1]
        return self._whole(method, answer)

    def _whole(self, method: str, parts: dict[str, Array]) -> Any:
        """A method's answer as Python gives it: a matrix of labels, a list of other parts."""
        if method not in parts:
            found = list(parts.values())
            return np.stack(found, axis=1) if self._labels.keys() >= parts.keys() else found
        values = parts[method]
        # A transform has two dimensions, whatever its width.
        return values.reshape(len(values), -1) if method == "transform" else values

    def _labelled(self, name: str, positions: Array, refused: NDArray[np.bool_]) -> Array:
        labels = self._labels[name][positions]
        if refused.any():
            labels = labels.astype(object)
            labels[refused] = None
        return labels

    def __repr__(self) -> str:
        return f"<bascule.Scorer {self.digest[:19]}>"


def _thread_count(threads: int) -> int:
    if threads == -1:
        return len(os.sched_getaffinity(0))
    if not isinstance(threads, int) or not 1 <= threads <= 1024:
        raise InputError(f"threads={threads!r}, expected 1 to 1024, or -1 for every core")
    return threads


def _labels(output: dict[str, Any], dtype: str | None) -> Array:
    """The class labels in the dtype that Python's had."""
    values = [label_value(entry) for entry in output["labels"]]
    if dtype is None or np.dtype(dtype).kind == "O":
        labels = np.empty(len(values), object)
        labels[:] = values
        return labels
    return np.array(values, np.dtype(dtype))
