"""DummyClassifier and DummyRegressor: the same answer for every row, which they do not look at."""

from typing import Any

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor

from bascule.export import Frame, Graph, Outputs, Tensor, Unsupported, exporter

_NEVER = 2.0  # `greater` of what is 0, 1 or NaN is then 0


@exporter(DummyRegressor)
def dummy_regressor(step: DummyRegressor, x: Tensor | Frame, graph: Graph) -> Outputs:
    """The constants of fit; predict_std is 0. Tier T0. Source: DummyRegressor.predict."""
    constant = np.asarray(step.constant_, dtype=np.float64).reshape(-1)
    if len(constant) != step.n_outputs_:
        constant = np.full(step.n_outputs_, constant[0])
    row = _any_row(step, x, graph)
    return Outputs(
        {
            "predict": _always(row, constant, graph),
            "predict_std": _always(row, np.zeros(len(constant)), graph),
        }
    )


@exporter(DummyClassifier)
def dummy_classifier(step: DummyClassifier, x: Tensor | Frame, graph: Graph) -> Outputs:
    """One class and one set of probabilities per target; strategies that draw are refused. Tier T0.

    Source: DummyClassifier.predict, predict_proba and predict_log_proba.
    """
    if step._strategy not in ("constant", "most_frequent", "prior"):
        raise Unsupported(
            step,
            f"strategy={step._strategy!r}, which draws its answers",
            "Use strategy='prior', 'most_frequent' or 'constant'",
        )
    if step.sparse_output_:
        raise Unsupported(step, "sparse targets", "Fit on y.toarray()")
    row = _any_row(step, x, graph)
    if step.n_outputs_ == 1:
        given = _constants(step, step.classes_, step.class_prior_, step.constant, row, graph)
        return Outputs(given, step.classes_)
    outputs: dict[str, Tensor] = {}
    constants = [None] * step.n_outputs_ if step.constant is None else list(step.constant)
    for k, (classes, prior) in enumerate(zip(step.classes_, step.class_prior_, strict=True)):
        found = _constants(step, classes, prior, constants[k], row, graph)
        outputs |= {f"{name}.{k}": graph.labels(y, classes) for name, y in found.items()}
    return Outputs({name: outputs[name] for name in sorted(outputs, key=_by_method)})


def _constants(
    step: DummyClassifier, classes: Any, prior: Any, constant: Any, row: Tensor, graph: Graph
) -> dict[str, Tensor]:
    """The answers for one target."""
    if step._strategy == "constant":
        at = int(np.flatnonzero(classes == np.ravel(constant)[0])[0])
    else:
        at = int(np.argmax(prior))
    proba = np.asarray(prior, dtype=np.float64)
    if step._strategy != "prior":
        proba = np.eye(len(classes))[at]
    with np.errstate(divide="ignore"):
        log_proba = np.log(proba)
    return {
        "predict": graph.add("map_codes", row, map=np.array([at, at]), otherwise=at),
        "predict_proba": _always(row, proba, graph),
        "predict_log_proba": _always(row, log_proba, graph),
    }


def _any_row(step: Any, x: Tensor | Frame, graph: Graph) -> Tensor:
    """The code 0 for every row, from a column that is there but does not matter."""
    columns = [x] if isinstance(x, Tensor) else x.tensors
    for column in columns:
        if column.refusal is not None or column.kind == "tokens":
            continue
        if column.kind == "csr":
            flat = graph.add("linear", column, weights=np.zeros((1, column.width)))
        elif column.kind == "string":
            flat = graph.add("is_missing", column)
        else:
            numbers = column if column.kind == "f64" else graph.add("cast", column)
            first = graph.add("select", numbers, columns=np.array([0]))
            flat = graph.add("is_missing", first)
        return graph.add("greater", flat, than=_NEVER)
    raise Unsupported(step, "no column of numbers or texts", "Fit on one at least")


def _always(row: Tensor, values: Any, graph: Graph) -> Tensor:
    both = values[[0, 0]] if len(values) == 1 else np.vstack([values, values])
    return graph.add("take", row, values=both, otherwise=values)


def _by_method(output: str) -> tuple[int, int]:
    method, _, target = output.partition(".")
    return ["predict", "predict_proba", "predict_log_proba"].index(method), int(target)
