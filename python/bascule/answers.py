"""What a model answers: its outputs in the package's types, its kind, its score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from bascule.assemble import Output, label_entry
from bascule.errors import Unsupported
from bascule.export import Exported, Frame, Graph, Outputs, Tensor, Value
from bascule.methods import method_of

_MAX_DENSE = 65_536
# Methods that tell how a row was scored, not its score. What they give can be far wider than the
# rest of the model; beyond so many columns they are left out unless they are asked for.
_INSIGHTS = ("apply", "decision_path")
_MAX_UNASKED = 1_024
# Labels that say by themselves which one is positive.
_PLAIN_YES_NO = ((0, 1), (-1, 1), (False, True))
_DEFAULTS = {
    "yes/no": ("predict", "predict_proba"),
    "classes": ("predict", "predict_proba"),
    "number": ("predict",),
    "ranking": ("predict",),
    "anomaly": ("predict", "score_samples"),
    "transformation": ("transform",),
}


def lower_outputs(result: Exported, graph: Graph, wanted: Sequence[str] | None) -> list[Output]:
    """Every method that the exporter lowered, as an output of the package.

    wanted   the outputs given by default; None: those that a caller of this kind expects
    """
    methods: dict[str, Value] = (
        dict(result.items()) if isinstance(result, Outputs) else {"transform": result}
    )
    outputs = [
        Output.of(name, _plain(name, x, graph))
        for name, x in methods.items()
        if x.width <= _MAX_UNASKED
        or method_of(name) not in _INSIGHTS
        or not {name, method_of(name)}.isdisjoint(wanted or ())
    ]
    kind = kind_of(result)
    if wanted is None:
        chosen = [name for name in methods if method_of(name) in _DEFAULTS[kind]]
        wanted = chosen or list(methods)[:1]
    for name in wanted:
        if name not in methods:
            raise Unsupported(
                "outputs",
                f"the model has no exported method {name!r}",
                f"There are {', '.join(methods)}",
            )
    return [replace(output, default=output.name in wanted) for output in outputs]


def kind_of(result: Exported) -> str:
    """The package's kind: what sort of question the model answers."""
    if not isinstance(result, Outputs):
        return "transformation"
    if result.kind is not None:
        return result.kind
    predict = result.get("predict", result.get("predict.0"))
    if predict is None:
        return "transformation"
    if predict.labels is None:
        return "number" if predict.kind != "i64" else "transformation"
    return "yes/no" if len(predict.labels) == 2 and "predict" in result else "classes"


def score_of(kind: str, outputs: Sequence[Output], positive: Any) -> dict[str, Any] | None:
    """The manifest's `score`: the number that shadow and reports compare; None without one."""
    by_name = {output.name: output for output in outputs}
    if kind != "yes/no":
        if positive is not None:
            raise Unsupported("positive", f"a model of the kind {kind} has no positive label")
        candidates = (
            ("score_samples", "decision_function")
            if kind == "anomaly"
            else ("predict_proba", "predict")
        )
        for name in candidates:
            if name in by_name and by_name[name].type == "number":
                return {"output": name, "column": 0}
        return None
    labels = by_name["predict"].labels or ()
    label = _positive_label(labels, positive)
    if "predict_proba" in by_name:
        return {
            "output": "predict_proba",
            "column": labels.index(label),
            "positive": label_entry(label),
        }
    if "decision_function" not in by_name:
        return None
    if labels.index(label) != 1:
        raise Unsupported(
            "positive",
            f"the decision values speak for {labels[1]!r}, not for {label!r}",
            f"Pass positive={labels[1]!r}, or fit with the labels the other way round",
        )
    return {"output": "decision_function", "column": 0, "positive": label_entry(label)}


def _positive_label(labels: Sequence[Any], positive: Any) -> Any:
    if positive is None:
        if tuple(labels) in _PLAIN_YES_NO:
            return labels[1]
        raise Unsupported(
            "positive",
            f"the labels are {labels[0]!r} and {labels[1]!r}, and "
            "nothing says which one is the event",
            f"Pass positive={labels[0]!r} or positive={labels[1]!r}",
        )
    if isinstance(positive, np.generic):
        positive = positive.item()
    if positive not in labels:
        raise Unsupported(
            "positive", f"{positive!r} is no label; they are {labels[0]!r} and {labels[1]!r}"
        )
    return labels[list(labels).index(positive)]


def _plain(name: str, x: Value, graph: Graph) -> Tensor:
    """`x` as an output can be: dense float64, or i64 of one column that a node gives."""
    if isinstance(x, Tensor) and x.kind == "csr" and x.width > _MAX_DENSE:
        raise Unsupported(
            name,
            f"a sparse answer of {x.width} columns",
            f"At most {_MAX_DENSE} can be given; add a model after it",
        )
    if isinstance(x, Frame) or x.kind != "i64" or x.value.startswith("column:"):
        labels = x.labels if isinstance(x, Tensor) else None
        x = replace(graph.dense(x), labels=labels)
    if x.value.startswith("column:"):
        x = graph.add("select", x, columns=np.arange(x.width))
    return x
