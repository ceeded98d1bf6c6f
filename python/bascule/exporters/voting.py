"""VotingClassifier and VotingRegressor: several models asked, and their mean or majority."""

from typing import Any

import numpy as np
from sklearn.ensemble import VotingClassifier, VotingRegressor

from bascule.export import Array, Frame, Graph, Outputs, Tensor, Unsupported, exporter
from bascule.exporters.members import answers_of, codes_of, labels_as_numbers, numbers_of, total

# From so many columns on numpy adds those of a single row in an order of its own.
_NUMPY_ORDER = 8


@exporter(VotingClassifier)
def voting_classifier(step: VotingClassifier, x: Tensor | Frame, graph: Graph) -> Outputs:
    """Soft: the weighted mean of probabilities. Hard: the class of the largest weight, the first
    of equal ones. Tier T0, given the members' answers. `transform` tells these; not, with
    flatten_transform=False, as a matrix of three dimensions.

    Source: VotingClassifier.predict, predict_proba and transform.
    """
    members = _members(step, x, graph)
    weights = _weights(step)
    if step.voting == "hard":
        votes = [
            _vote(step, answers, weight, graph)
            for answers, weight in zip(members, weights, strict=True)
        ]
        labels = [labels_as_numbers(step, answers, graph) for answers in members]
        return Outputs(
            {
                "predict": graph.add("argmax", total(votes, graph)),
                "transform": _side_by_side(labels, graph),
            },
            classes=step.classes_,
        )
    probas = [answers["predict_proba"] for answers in members]
    proba = _mean(step, probas, graph)
    outputs = Outputs(
        {"predict": graph.add("argmax", proba), "predict_proba": proba}, classes=step.classes_
    )
    if step.flatten_transform:
        outputs["transform"] = _side_by_side(probas, graph)
    return outputs


@exporter(VotingRegressor)
def voting_regressor(step: VotingRegressor, x: Tensor | Frame, graph: Graph) -> Outputs:
    """The weighted mean of what the members predict. Tier T0, given theirs; from 8 members on T1.

    Source: VotingRegressor.predict and transform; numpy.average.
    """
    answers = [numbers_of(step, member) for member in _members(step, x, graph)]
    together = _side_by_side(answers, graph)
    if len(answers) < _NUMPY_ORDER:
        return Outputs({"predict": _mean(step, answers, graph), "transform": together})
    weights = np.array(_weights(step))
    weighted = together
    if step.weights is not None:
        weighted = graph.add("multiply", together, by=weights)
    mean = graph.add(
        "divide", graph.add("reduce", weighted, how="sum"), by=np.array([weights.sum()])
    )
    return Outputs({"predict": mean, "transform": together})


def _members(step: Any, x: Tensor | Frame, graph: Graph) -> list[Outputs]:
    names = [name for name, estimator in step.estimators if not _is_dropped(estimator)]
    return [
        answers_of(step, graph.export(estimator, x, name, type(step).__name__))
        for name, estimator in zip(names, step.estimators_, strict=True)
    ]


def _is_dropped(estimator: object) -> bool:
    return isinstance(estimator, str) and estimator == "drop"


def _weights(step: Any) -> list[float]:
    if step.weights is None:
        return [1.0] * len(step.estimators_)
    weights = [float(weight) for weight in step._weights_not_none]
    if min(weights) < 0:
        raise Unsupported(step, "negative weights", "Pass weights that are not negative")
    return weights


def _vote(step: Any, answers: Outputs, weight: float, graph: Graph) -> Tensor:
    code = codes_of(step, answers)
    classes: Array = np.asarray(code.labels, dtype=np.int64)
    count = len(step.classes_)
    table = weight * np.eye(count)[classes]
    return graph.add("take", code, values=table, otherwise=np.zeros(count))


def _mean(step: Any, parts: list[Tensor], graph: Graph) -> Tensor:
    weights = _weights(step)
    if step.weights is not None:
        parts = [
            graph.add("multiply", part, by=np.full(part.width, weight))
            for part, weight in zip(parts, weights, strict=True)
        ]
    by = np.full(parts[0].width, np.array(weights).sum())
    return graph.add("divide", total(parts, graph), by=by)


def _side_by_side(parts: list[Tensor], graph: Graph) -> Tensor:
    return parts[0] if len(parts) == 1 else graph.add("concat", *parts)
