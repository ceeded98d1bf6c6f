"""CatBoost: CatBoostClassifier, CatBoostRegressor, CatBoostRanker and CatBoost."""

import itertools
import json
import math
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from catboost import CatBoost, CatBoostClassifier, CatBoostRanker, CatBoostRegressor

from bascule.export import Array, Frame, Graph, Outputs, Tensor, Unsupported, exporter
from bascule.exporters.catboost_categories import Categories, categorical_columns
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
    scale, bias = model.scale_and_bias
    x = model.features(model.in_order(x), graph)
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


@dataclass(frozen=True)
class _Split:
    """A column of what `features` gives, and the border that sends x to the second side."""

    column: int
    border: float
    missing_left: bool = True


class _Model:
    """A fitted model as its JSON form tells it."""

    def __init__(self, step: CatBoost) -> None:
        if not step.is_fitted():
            raise Unsupported(step, "it is not fitted", "Call fit before pack")
        for what, found in (
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
        info = self._json["features_info"]
        self._step = step
        self._names = list(step.feature_names_)
        self._floats = info.get("float_features") or []
        self._categories = info.get("categorical_features") or []
        self._ctrs = info.get("ctrs") or []
        self._splits: list[_Split] = []  # by the number that trees know them by

    @property
    def scale_and_bias(self) -> tuple[float, Array]:
        scale, bias = self._json["scale_and_bias"]
        return float(scale), np.array(bias, dtype=np.float64)

    def in_order(self, x: Tensor | Frame) -> Tensor | Frame:
        """The columns in the model's order: those of a frame by name, if fit knew names.

        More columns than fit saw are ignored. Source: model_dataset_compatibility.cpp.
        """
        if isinstance(x, Frame) and self._names != [str(i) for i in range(len(self._names))]:
            absent = [name for name in self._names if name not in x.names]
            if absent:
                raise Unsupported(self._step, f"no column {absent[0]!r}", "Pass the columns of fit")
            x = x.select(self._names)
        if x.width < len(self._names):
            raise Unsupported(
                self._step, f"fitted on {len(self._names)} columns, but it gets {x.width}"
            )
        return x

    def features(self, x: Tensor | Frame, graph: Graph) -> Tensor:
        """What trees look at: float features, a column per split on one category, CTRs.

        Splits are numbered in this order too, each border of a feature being one.
        """
        floats = self._float_features(x, graph)
        parts = [] if floats is None else [floats]
        categories = Categories(
            self._step,
            graph,
            categorical_columns(self._step, x, _places(self._categories)),
            floats,
            {f["feature_index"]: i for i, f in enumerate(self._floats)},
            {f["feature_index"]: not _missing_left(f) for f in self._floats},
        )
        for column, feature in enumerate(self._floats):
            for border in feature["borders"]:
                self._splits.append(_Split(column, border, _missing_left(feature)))
        width = len(self._floats)
        for feature in self._categories:
            values = feature.get("values") or []
            if values:
                parts.append(categories.one_hot(feature["feature_index"], values))
                self._splits += [_Split(width + i, 0.5) for i in range(len(values))]
                width += len(values)
        for identifier, ctrs in self._ctr_groups():
            parts.append(categories.statistics(ctrs, self._json["ctr_data"][identifier]))
            for ctr in ctrs:
                self._splits += [_Split(width, border) for border in ctr["borders"]]
                width += 1
        return parts[0] if len(parts) == 1 else graph.add("concat", *parts)

    def _float_features(self, x: Tensor | Frame, graph: Graph) -> Tensor | None:
        flat = list(_places(self._floats).values())
        if not flat:
            return None
        if isinstance(x, Tensor):
            x = graph.dense(without_float32(x, graph))
            whole = flat == list(range(x.width))
            return x if whole else graph.add("select", x, columns=np.array(flat))
        x = x.select(flat)
        for name, column in zip(x.names, x, strict=True):
            if column.categorical:
                raise Unsupported(
                    self._step, f"column {name!r} is of dtype category", "Name it in cat_features"
                )
        return graph.dense(without_float32(x, graph))

    def _ctr_groups(self) -> list[tuple[str, list[dict[str, Any]]]]:
        """Neighbours that read the same table."""
        by_table = itertools.groupby(self._ctrs, key=lambda ctr: ctr["identifier"])
        return [(identifier, list(ctrs)) for identifier, ctrs in by_table]

    def trees(self) -> list[Tree]:
        if "trees" in self._json:
            return [self._nested(tree) for tree in self._json["trees"]]
        return [self._oblivious(tree) for tree in self._json["oblivious_trees"]]

    def _oblivious(self, tree: dict[str, Any]) -> Tree:
        """All splits of a level are the same; the last one is the root.

        Nodes stand level by level: the children of node i are 2 i + 1 and 2 i + 2.
        """
        levels = [self._splits[s["split_index"]] for s in tree.get("splits") or []][::-1]
        splits = [split for i, split in enumerate(levels) for _ in range(2**i)]
        leaves = 2 ** len(levels)
        inner = np.arange(leaves - 1)
        cover = [np.array(tree["leaf_weights"], dtype=np.float64)]
        while len(cover[0]) > 1:
            cover.insert(0, cover[0].reshape(-1, 2).sum(axis=1))
        value = np.array(tree["leaf_values"], dtype=np.float64).reshape(leaves, -1)
        return _tree(
            [*splits, *[None] * leaves],
            right=np.concatenate([2 * inner + 2, np.full(leaves, LEAF)]),
            left=np.concatenate([2 * inner + 1, np.full(leaves, LEAF)]),
            value=np.concatenate([np.zeros((leaves - 1, value.shape[1])), value]),
            cover=np.concatenate(cover),
        )

    def _nested(self, root: dict[str, Any]) -> Tree:
        """Nodes in pre-order; a node without a split is a leaf."""
        nodes: list[dict[str, Any]] = []
        right: list[int] = []
        pending = [(root, -1)]
        while pending:
            node, parent = pending.pop()
            position = len(nodes)
            if parent >= 0:
                right[parent] = position
            nodes.append(node)
            right.append(LEAF)
            if "split" in node:
                pending += [(node["right"], position), (node["left"], -1)]
        splits = [self._splits[n["split"]["split_index"]] if "split" in n else None for n in nodes]
        cover = [float(node.get("weight", 0)) for node in nodes]
        for i in reversed(range(len(nodes))):
            if splits[i] is not None:
                cover[i] = cover[i + 1] + cover[right[i]]
        nothing = np.zeros(len(self.scale_and_bias[1]))
        value = [nothing if "split" in n else np.atleast_1d(n["value"]) for n in nodes]
        return _tree(
            splits,
            right=np.array(right),
            left=np.array([i + 1 if split else LEAF for i, split in enumerate(splits)]),
            value=np.array(value, dtype=np.float64),
            cover=np.array(cover),
        )


def _missing_left(feature: dict[str, Any]) -> bool:
    return not (feature["has_nans"] and feature["nan_value_treatment"] == "AsTrue")


def _places(features: list[dict[str, Any]]) -> dict[int, int]:
    """By index among its kind, where a feature stands among all."""
    return {f["feature_index"]: f["flat_feature_index"] for f in features}


def _tree(
    splits: list[_Split | None], right: Array, left: Array, value: Array, cover: Array
) -> Tree:
    """Nodes with a split, or None on leaves."""
    leaf = _Split(LEAF, 0.0, False)
    nodes = [split or leaf for split in splits]
    return Tree(
        feature=np.array([split.column for split in nodes], dtype=np.int64),
        threshold=np.array([split.border for split in nodes], dtype=np.float32),
        left=left,
        right=right,
        value=value,
        missing_left=np.array([split.missing_left for split in nodes]),
        cover=cover,
    )
