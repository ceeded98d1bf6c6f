"""CatBoost: CatBoostClassifier, CatBoostRegressor, CatBoostRanker and CatBoost, on numbers."""

import json
import math
import sys
import tempfile
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from catboost import CatBoost, CatBoostClassifier, CatBoostRanker, CatBoostRegressor

from bascule.export import Array, Frame, Graph, Outputs, Tensor, Unsupported, exporter
from bascule.exporters.columns import without_float32
from bascule.exporters.trees import LEAF, Tree, ensemble_tensors

_LARGEST = sys.float_info.max


@exporter(CatBoost)
def catboost(step: CatBoost, x: Tensor | Frame, graph: Graph) -> Outputs:
    """predict = the formula's raw value, whatever the loss. Tier T0. Source: CatBoost.predict."""
    return Outputs({"predict": _raw(step, x, graph)})


@exporter(CatBoostRanker)
def catboost_ranker(step: CatBoostRanker, x: Tensor | Frame, graph: Graph) -> Outputs:
    """predict = the formula's raw value. Tier T0. Source: CatBoostRanker.predict."""
    return Outputs({"predict": _raw(step, x, graph)}, kind="ranking")


@exporter(CatBoostRegressor)
def catboost_regressor(step: CatBoostRegressor, x: Tensor | Frame, graph: Graph) -> Outputs:
    """predict = the raw value (T0), or its exponent (T1); with uncertainty mean and variance.

    CatBoost's own exponent (fmath) lies within 2 ULP of the C library's.
    Source: CatBoostRegressor._get_default_prediction_type, PrepareEval of CatBoost.
    """
    raw = _raw(step, x, graph)
    kind = step._get_default_prediction_type()
    if kind == "Exponent":
        raw = graph.add("exp", raw)
    elif kind == "RMSEWithUncertainty":
        mean, log_deviation = _column(raw, 0, graph), _column(raw, 1, graph)
        doubled = graph.add("multiply", log_deviation, by=np.array([2.0]))
        raw = graph.add("concat", mean, graph.add("exp", doubled))
    return Outputs({"predict": raw})


@exporter(CatBoostClassifier)
def catboost_classifier(step: CatBoostClassifier, x: Tensor | Frame, graph: Graph) -> Outputs:
    """Two classes: the raw value beyond its limit, and its sigmoid (T0). More: the largest, and
    softmax (T1) or, one against all, sigmoids. Several labels: "predict.0", "predict.1" ...

    Source: CatBoostClassifier.predict and predict_proba, PrepareEval in
    catboost/libs/eval_result/eval_helpers.cpp and eval_processing.h.
    """
    raw = _raw(step, x, graph)
    loss = _loss(step)
    classes = step.classes_
    if raw.width == 1:
        predict = {"predict": graph.add("greater", raw, than=_limit(step))}
        proba = graph.add("with_complement", graph.add("sigmoid", raw))
        log_proba = _log_sigmoid(graph.add("concat", _negative(raw, graph), raw), graph)
    elif loss in ("MultiLogloss", "MultiCrossEntropy"):
        columns = [_column(raw, i, graph) for i in range(raw.width)]
        predict = {
            f"predict.{i}": graph.add("greater", column, than=0.0)
            for i, column in enumerate(columns)
        }
        outputs = Outputs(predict, classes=[0, 1])
        outputs["predict_proba"] = graph.add("sigmoid", raw)
        outputs["predict_log_proba"] = _log_sigmoid(raw, graph)
        return outputs
    else:
        predict = {"predict": graph.add("argmax", raw)}
        one_against_all = loss == "MultiClassOneVsAll"
        proba = graph.add("sigmoid" if one_against_all else "softmax", raw)
        log_proba = (_log_sigmoid if one_against_all else _log_softmax)(raw, graph)
    if proba.width != len(classes):
        raise Unsupported(
            step,
            f"{len(classes)} classes, of which fit saw {proba.width}",
            "Fit on rows of every class",
        )
    methods = {**predict, "predict_proba": proba, "predict_log_proba": log_proba}
    return Outputs(methods, classes=classes)


def _loss(step: CatBoost) -> str:
    return str(step.get_all_params()["loss_function"]).partition(":")[0]


def _limit(step: CatBoostClassifier) -> float:
    """Where the raw value's sigmoid is the probability that decides."""
    probability = float(step.get_probability_threshold())
    if probability in (0, 1):
        return _LARGEST if probability else -_LARGEST
    return -math.log(1 / probability - 1)


def _column(x: Tensor, position: int, graph: Graph) -> Tensor:
    return graph.add("select", x, columns=np.array([position]))


def _negative(x: Tensor, graph: Graph) -> Tensor:
    return graph.add("function", x, name="negative")


def _log_sigmoid(raw: Tensor, graph: Graph) -> Tensor:
    """-log(1 + exp(-raw)). Source: CalcLogSigmoid of CatBoost."""
    inverse = graph.add("exp", _negative(raw, graph))
    return _negative(graph.add("log", graph.add("add", inverse, by=np.ones(raw.width))), graph)


def _log_softmax(raw: Tensor, graph: Graph) -> Tensor:
    """raw - max - log(sum of exp(raw - max)). Source: CalcLogSoftmax of CatBoost."""
    below = graph.add("combine", raw, graph.add("reduce", raw, how="maximum"), how="subtract")
    total = graph.add("log", graph.add("reduce", graph.add("exp", below), how="sum"))
    return graph.add("combine", below, total, how="subtract")


def _raw(step: CatBoost, x: Tensor | Frame, graph: Graph) -> Tensor:
    """Leaves added in float64 tree by tree, then times scale plus bias.

    A split sends x to its second side when `float32(x) > border`. NaN is -inf or inf, as the
    feature says, and where fit saw none it is on no second side.
    Source: catboost/libs/model/cpu/quantization.h and evaluator_impl.cpp.
    """
    model = _Model(step)
    x = model.columns(step, x, graph)
    scale, bias = model.scale_and_bias
    raw = graph.add(
        "tree_ensemble",
        x,
        **ensemble_tensors(model.trees()),
        base=np.zeros(len(bias)),
        input="float32",
        sum="float64",
        outputs=len(bias),
    )
    if scale != 1:
        raw = graph.add("multiply", raw, by=np.full(len(bias), scale))
    return graph.add("add", raw, by=bias) if scale != 1 or bias.any() else raw


class _Model:
    """A fitted model as its JSON form tells it."""

    def __init__(self, step: CatBoost) -> None:
        for what, found in (
            ("categorical", step._get_cat_feature_indices()),
            ("text", step._get_text_feature_indices()),
            ("embedding", step._get_embedding_feature_indices()),
        ):
            if len(found):
                raise Unsupported(
                    step, f"{what} features", "Make numbers of them first, in a step of its own"
                )
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.json"
            step.save_model(str(path), format="json")
            self._json: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        self._floats = self._json["features_info"]["float_features"]
        self._names = list(step.feature_names_)

    @property
    def scale_and_bias(self) -> tuple[float, Array]:
        scale, bias = self._json["scale_and_bias"]
        return float(scale), np.array(bias, dtype=np.float64)

    def columns(self, step: CatBoost, x: Tensor | Frame, graph: Graph) -> Tensor:
        """The model's columns in its order: those of a frame are found by name, if fit knew names.

        More columns than fit saw are ignored. Source: model_dataset_compatibility.cpp.
        """
        if isinstance(x, Frame):
            for name, column in zip(x.names, x, strict=True):
                if column.categorical:
                    raise Unsupported(step, f"column {name!r} is of dtype category", "Cast it")
            if self._names != [str(i) for i in range(len(self._names))]:
                absent = [name for name in self._names if name not in x.names]
                if absent:
                    raise Unsupported(step, f"no column {absent[0]!r}", "Pass the columns of fit")
                x = x.select(self._names)
        if x.width < len(self._names):
            raise Unsupported(step, f"fitted on {len(self._names)} columns, but gets {x.width}")
        return graph.dense(without_float32(x, graph))

    def trees(self) -> list[Tree]:
        if "trees" in self._json:
            return [self._nested(tree) for tree in self._json["trees"]]
        return [self._oblivious(tree) for tree in self._json["oblivious_trees"]]

    @cached_property
    def _column_of(self) -> dict[int, int]:
        return {f["feature_index"]: f["flat_feature_index"] for f in self._floats}

    @cached_property
    def _missing_left(self) -> dict[int, bool]:
        return {
            f["feature_index"]: not (f["has_nans"] and f["nan_value_treatment"] == "AsTrue")
            for f in self._floats
        }

    def _oblivious(self, tree: dict[str, Any]) -> Tree:
        """All splits of a level are the same; the last one is the root.

        Nodes stand level by level: the children of node i are 2 i + 1 and 2 i + 2.
        """
        splits = (tree.get("splits") or [])[::-1]
        leaves = 2 ** len(splits)
        level = np.repeat(np.arange(len(splits)), 2 ** np.arange(len(splits)))
        of_leaves = np.full(leaves, LEAF)
        inner = np.arange(leaves - 1)
        value = np.array(tree["leaf_values"], dtype=np.float64).reshape(leaves, -1)
        weight = np.array(tree["leaf_weights"], dtype=np.float64)
        cover = [weight]
        while len(cover[0]) > 1:
            cover.insert(0, cover[0].reshape(-1, 2).sum(axis=1))

        def at(values: list[Any], dtype: Any) -> Array:
            return np.array(values, dtype=dtype)[level]

        columns = [self._column_of[s["float_feature_index"]] for s in splits]
        missing = [self._missing_left[s["float_feature_index"]] for s in splits]
        return Tree(
            feature=np.concatenate([at(columns, np.int64), of_leaves]),
            threshold=np.concatenate(
                [at([s["border"] for s in splits], np.float32), np.zeros(leaves, np.float32)]
            ),
            left=np.concatenate([2 * inner + 1, of_leaves]),
            right=np.concatenate([2 * inner + 2, of_leaves]),
            value=np.concatenate([np.zeros((leaves - 1, value.shape[1])), value]),
            missing_left=np.concatenate([at(missing, bool), of_leaves != LEAF]),
            cover=np.concatenate(cover),
        )

    def _nested(self, root: dict[str, Any]) -> Tree:
        """Nodes in pre-order. A node that has no split is a leaf."""
        nodes: list[dict[str, Any]] = []
        right: list[int] = []
        pending = [(root, -1)]
        while pending:
            node, parent = pending.pop()
            if parent >= 0:
                right[parent] = len(nodes)
            position = len(nodes)
            nodes.append(node)
            right.append(LEAF)
            if "split" in node:
                pending += [(node["right"], position), (node["left"], -1)]
        leaf = np.array(["split" not in node for node in nodes])
        width = max(np.size(node["value"]) for node in nodes if "split" not in node)
        splits = [node.get("split", self._NO_SPLIT) for node in nodes]
        cover = [float(node.get("weight", 0)) for node in nodes]
        for i in reversed(range(len(nodes))):
            if not leaf[i]:
                cover[i] = cover[i + 1] + cover[right[i]]
        return Tree(
            feature=np.array(
                [self._column_of.get(s["float_feature_index"], LEAF) for s in splits], np.int64
            ),
            threshold=np.array([s["border"] for s in splits], np.float32),
            left=np.where(leaf, LEAF, np.arange(len(nodes)) + 1),
            right=np.array(right),
            value=np.array(
                [np.zeros(width) if "split" in n else np.atleast_1d(n["value"]) for n in nodes],
                np.float64,
            ),
            missing_left=np.array(
                [self._missing_left.get(s["float_feature_index"], False) for s in splits]
            ),
            cover=np.array(cover),
        )

    _NO_SPLIT = {"float_feature_index": -1, "border": 0.0}  # noqa: RUF012
