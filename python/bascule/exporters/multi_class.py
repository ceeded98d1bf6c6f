"""Many classes from estimators of two: OneVsRest, OneVsOne, OutputCode."""

from typing import Any

import numpy as np
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier, OutputCodeClassifier

from bascule.export import Frame, Graph, Outputs, Tensor, Unsupported, exporter
from bascule.exporters.responses import (
    binary_score,
    binary_threshold,
    column,
    constant_like,
    is_float32,
    joined,
    label_values,
    numbers_only,
    output_of,
    predictor,
    rounded,
)

_UNROLLED = 8  # numpy's pairwise sum has eight accumulators


@exporter(OneVsRestClassifier)
def one_vs_rest(step: OneVsRestClassifier, x: Tensor | Frame, graph: Graph) -> Outputs:
    """The class whose estimator has the largest score; of several labels each that has one.

    Probabilities are divided by their sum, but for several labels. Tier of the estimators; the
    probabilities of eight or more classes T1. Source: OneVsRestClassifier.
    """
    found = _estimators(step, x, graph)
    scores = _scores(step.estimators_, found, graph)
    answers: dict[str, Tensor] = {}
    if step.label_binarizer_.y_type_ == "multiclass":
        answers["predict"] = graph.add("argmax", joined(scores, graph))
    else:
        threshold = binary_threshold(step.estimators_[0])
        for i, score in enumerate(scores):
            name = f"predict.{i}" if step.multilabel_ else "predict"
            answers[name] = graph.add("greater", score, than=threshold)
            if step.multilabel_:
                answers[name] = graph.labels(answers[name], [0, 1])
    if _all_have("predict_proba", step.estimators_):
        answers["predict_proba"] = _probabilities(step, found, graph)
    if _all_have("decision_function", step.estimators_):
        values = _of_each(step.estimators_, found, "decision_function", graph)
        answers["decision_function"] = joined(values, graph)
    return Outputs(answers, classes=None if step.multilabel_ else step.classes_)


def _all_have(method: str, estimators: Any) -> bool:
    return all(hasattr(estimator, method) for estimator in estimators)


def _probabilities(step: OneVsRestClassifier, found: list[Any], graph: Graph) -> Tensor:
    columns = _of_each(step.estimators_, found, "predict_proba", graph)
    float32 = is_float32(step.estimators_[0])
    if len(columns) == 1:
        rest = graph.add("function", columns[0], name="negative")
        rest = rounded(graph.add("add", rest, by=np.ones(1)), float32, graph)
        columns = [rest, *columns]
    proba = joined(columns, graph)
    if step.multilabel_:
        return proba
    total = _sum(step, columns, proba, float32, graph)
    shares = rounded(graph.add("combine", proba, total, how="divide"), float32, graph)
    empty = graph.add("compare", total, how="equal", by=np.zeros(1))
    return graph.add("choose", empty, proba, shares)


def _sum(
    step: OneVsRestClassifier, columns: list[Tensor], proba: Tensor, float32: bool, graph: Graph
) -> Tensor:
    """From the left; of eight or more numpy adds the cells of one row in another order (T1)."""
    if len(columns) < _UNROLLED:
        total = columns[0]
        for part in columns[1:]:
            total = rounded(graph.add("combine", total, part, how="add"), float32, graph)
        return total
    if float32:
        raise Unsupported(
            step,
            f"probabilities of {len(columns)} classes in float32, which Python adds in two orders",
            "Use an estimator that answers in float64, or fewer than eight classes",
        )
    return graph.add("reduce", proba, how="sum")


@exporter(OneVsOneClassifier)
def one_vs_one(step: OneVsOneClassifier, x: Tensor | Frame, graph: Graph) -> Outputs:
    """Votes of every pair, and the sum of their scores squeezed into (-1/3, 1/3) between ties.

    Sums are added pair by pair. Tier of the estimators. Source: _ovr_decision_function.
    """
    if step.pairwise_indices_ is not None:
        raise Unsupported(step, "an estimator on a precomputed kernel", "Use another kernel")
    found = _estimators(step, numbers_only(step, x, graph), graph)
    scores = _scores(step.estimators_, found, graph)
    count = len(step.classes_)
    votes = [constant_like(scores[0], 0.0, graph)] * count
    sums = list(votes)
    pairs = [(i, j) for i in range(count) for j in range(i + 1, count)]
    for (i, j), estimator, outputs, score in zip(
        pairs, step.estimators_, found, scores, strict=True
    ):
        label = _label(estimator, outputs, graph)
        for to, value, how in ((i, 0.0, "subtract"), (j, 1.0, "add")):
            sums[to] = graph.add("combine", sums[to], score, how=how)
            vote = graph.add("compare", label, how="equal", by=np.array([value]))
            votes[to] = graph.add("combine", votes[to], vote, how="add")
    total = joined(sums, graph)
    size = graph.add("add", graph.add("absolute", total), by=np.ones(count))
    size = graph.add("multiply", size, by=np.full(count, 3.0))
    squeezed = graph.add("combine", total, size, how="divide")
    decision = graph.add("combine", joined(votes, graph), squeezed, how="add")
    if count == 2:
        decision = column(decision, 1, graph)
        threshold = binary_threshold(step.estimators_[0])
        predict = graph.add("greater", decision, than=threshold)
    else:
        predict = graph.add("argmax", decision)
    answers = {"predict": predict, "decision_function": decision}
    return Outputs(answers, classes=step.classes_)


def _label(estimator: Any, outputs: Outputs | None, graph: Graph) -> Tensor:
    """What a pair's estimator predicts, as a number."""
    assert outputs is not None, "a pair has rows of both classes"
    predict = output_of(estimator, outputs, "predict")
    if predict.kind != "i64":
        return predict
    return label_values(predict, estimator.classes_, graph)


@exporter(OutputCodeClassifier)
def output_code(step: OutputCodeClassifier, x: Tensor | Frame, graph: Graph) -> Outputs:
    """The class whose code is nearest to the scores: |score|^2 - 2 score . code + |code|^2. T1.

    Scores that are not finite are refused. Source: OutputCodeClassifier.predict, which calls
    pairwise_distances_argmin, and EuclideanArgKmin._compute_and_reduce_distances_on_chunks.
    """
    found = _estimators(step, x, graph)
    scores = joined(_scores(step.estimators_, found, graph), graph)
    scores = graph.add("check_finite", scores)
    code = np.asarray(step.code_book_, np.float64)
    size = graph.add("reduce", graph.add("function", scores, name="square"), how="sum")
    distance = graph.add("combine", graph.add("linear", scores, weights=-2 * code), size, how="add")
    distance = graph.add("add", distance, by=(code**2).sum(axis=1))
    distance = graph.add("clip", distance, low=np.zeros(len(code)), high=np.full(len(code), np.inf))
    nearest = graph.add("argmax", graph.add("function", distance, name="negative"))
    return Outputs({"predict": nearest}, classes=step.classes_)


def _is_constant(estimator: Any) -> bool:
    """sklearn.multiclass._ConstantPredictor: fit saw one class only."""
    return type(estimator).__name__ == "_ConstantPredictor"


def _estimators(step: Any, x: Tensor | Frame, graph: Graph) -> list[Outputs | None]:
    """The outputs of each estimator; None for a constant one."""
    graph.check_columns(step, x)
    if all(_is_constant(estimator) for estimator in step.estimators_):
        raise Unsupported(step, "every estimator is constant", "Fit with rows of every class")
    return [
        None
        if _is_constant(estimator)
        else predictor(estimator, x, graph, f"estimator {i}", type(step).__name__)
        for i, estimator in enumerate(step.estimators_)
    ]


def _scores(estimators: Any, found: list[Outputs | None], graph: Graph) -> list[Tensor]:
    """The score of each estimator; a constant one gives its label."""
    scores = [
        None if outputs is None else binary_score(estimator, outputs, graph)
        for estimator, outputs in zip(estimators, found, strict=True)
    ]
    return _filled(scores, estimators, graph)


def _of_each(
    estimators: Any, found: list[Outputs | None], method: str, graph: Graph
) -> list[Tensor]:
    """A method of each: of probabilities those of the second class."""
    values: list[Tensor | None] = []
    for estimator, outputs in zip(estimators, found, strict=True):
        x = None if outputs is None else output_of(estimator, outputs, method)
        values.append(x if x is None or x.width == 1 else column(x, 1, graph))
    return _filled(values, estimators, graph)


def _filled(values: list[Tensor | None], estimators: Any, graph: Graph) -> list[Tensor]:
    known = next(x for x in values if x is not None)
    return [
        constant_like(known, float(np.ravel(estimator.y_)[0]), graph) if x is None else x
        for x, estimator in zip(values, estimators, strict=True)
    ]
