"""Which step of a pipeline first computes something else than Python: for a ParityError."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bascule import methods
from bascule.assemble import Output
from bascule.export import Frame, Graph, Outputs, Step, Tensor
from bascule.oracle import as_matrix
from bascule.probe import Probe

_CLEARLY = 1e-9  # relative; only names a step that the bounds have already found guilty


def guilty_step(graph: Graph, model: Any, row: Any, probe: Probe, method: str) -> str:
    """The path of the first step whose value differs for `row`, else of the one that answers.

    row    one row in the sample's form; `probe` holds the same row
    """
    steps = [step for step in graph.steps if not isinstance(step.result, Outputs)]
    seen = _transforms(model, row, steps, method)
    for step in steps:
        python = seen.get(step.path)
        if python is not None and _differs(step, python, graph, probe):
            return step.path
    return next(step.path for step in graph.steps if step.result is graph.steps[-1].result)


def _transforms(model: Any, row: Any, steps: Sequence[Step], method: str) -> dict[str, Any]:
    """What each step's `transform` gives while the model answers for `row`."""
    seen: dict[str, Any] = {}
    patched: list[Any] = []
    try:
        for step in steps:
            own = getattr(step.estimator, "transform", None)
            if own is not None and "transform" not in vars(step.estimator):
                step.estimator.transform = _recorded(step.path, own, seen)
                patched.append(step.estimator)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            methods.call(model, method, row)
    except Exception:  # Python refuses the row; what was seen until then still helps
        pass
    finally:
        for estimator in patched:
            del estimator.transform
    return seen


def _recorded(path: str, own: Callable[..., Any], seen: dict[str, Any]) -> Callable[..., Any]:
    def transform(*args: Any, **kwargs: Any) -> Any:
        result = own(*args, **kwargs)
        seen[path] = result
        return result

    return transform


def _differs(step: Step, python: Any, graph: Graph, probe: Probe) -> bool:
    found = step.result.tensors if isinstance(step.result, Frame) else [step.result]
    parts = [
        x
        for x in found
        if isinstance(x, Tensor) and x.kind in ("f64", "csr", "i64") and x.value in graph.values
    ]
    if len(parts) != len(found):
        return False
    width = sum(x.width for x in parts)
    try:
        theirs = as_matrix(python, 1, Output(step.path, "", "number", width))
        values = probe.values(parts)
    except ValueError:
        return False
    ours = np.concatenate([values[x.value] for x in parts], axis=1)
    return not np.allclose(ours, theirs, rtol=_CLEARLY, atol=0.0, equal_nan=True)
