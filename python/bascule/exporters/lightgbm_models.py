"""LightGBM: LGBMClassifier, LGBMRegressor, LGBMRanker and the native Booster, in float64."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from lightgbm import Booster, LGBMClassifier, LGBMModel, LGBMRanker, LGBMRegressor
from scipy.special import expit

from bascule.export import Array, Frame, Graph, Outputs, Tensor, Unsupported, exporter
from bascule.exporters.columns import exact_floats, without_float32
from bascule.exporters.trees import LEAF, Tree, ensemble_tensors

# What LightGBM takes for zero: kZeroThreshold of its meta.h, a float32 held in a double.
_ZERO = float(np.float32(1e-35))
_MISSING_NONE, _MISSING_ZERO, _MISSING_NAN = range(3)

# The link from margin to prediction: `ConvertOutput` in src/objective/ of LightGBM.
_IDENTITY = (
    "regression",
    "regression_l1",
    "huber",
    "fair",
    "quantile",
    "mape",
    "lambdarank",
    "rank_xendcg",
    "custom",
)
_LOG = ("poisson", "gamma", "tweedie")
_LOGISTIC = ("binary", "multiclassova", "cross_entropy")


@exporter(LGBMRegressor, LGBMModel)
def lgbm_regressor(step: LGBMModel, x: Tensor | Frame, graph: Graph) -> Outputs:
    """predict = the link of the margin. Tier T0 (exp of the C library: T1).

    Source: LGBMModel.predict, GBDT::Predict.
    """
    return Outputs({"predict": _answers(step, step.booster_, x, graph)[0]})


@exporter(LGBMRanker)
def lgbm_ranker(step: LGBMRanker, x: Tensor | Frame, graph: Graph) -> Outputs:
    """predict = the margin. Tier T0. Source: LGBMModel.predict."""
    return Outputs({"predict": _answers(step, step.booster_, x, graph)[0]}, kind="ranking")


@exporter(Booster)
def booster(step: Booster, x: Tensor | Frame, graph: Graph) -> Outputs:
    """predict = the link of the margin: of a classifier its probabilities. Tier T0, softmax T1.

    Source: Booster.predict.
    """
    return Outputs({"predict": _answers(step, step, x, graph)[0]})


@exporter(LGBMClassifier)
def lgbm_classifier(step: LGBMClassifier, x: Tensor | Frame, graph: Graph) -> Outputs:
    """The probabilities, and the class of the largest. Tier T0, softmax T1.

    With an objective of one's own Python answers the margin instead of both.
    Source: LGBMClassifier.predict, predict_proba, decision_function.
    """
    proba, margin = _answers(step, step.booster_, x, graph)
    if callable(step.objective_):
        return Outputs({"predict": margin, "predict_proba": margin, "decision_function": margin})
    if proba.width == 1:
        proba = graph.add("with_complement", proba)
    if proba.width != len(step.classes_):
        raise Unsupported(
            step,
            f"{len(step.classes_)} classes, but probabilities of {proba.width}",
            "Fit on at least two classes",
        )
    predict = graph.add("argmax", proba)
    return Outputs(
        {"predict": predict, "predict_proba": proba, "decision_function": margin},
        classes=step.classes_,
    )


class _Tree:
    """One tree of the text: numbers by name, its splits counted apart from its leaves."""

    def __init__(self, text: str) -> None:
        self._fields = _fields(text)
        self._decision = self._integers("decision_type")
        self._feature = self._integers("split_feature")
        self._of_category = self._decision & 1 != 0
        # None, Zero, NaN: what a split takes for missing.
        self._missing = np.where(self._of_category, _MISSING_NAN, (self._decision >> 2) & 3)

    @property
    def is_linear(self) -> bool:
        return self._fields.get("is_linear", "0") == "1"

    def zero_features(self) -> Array:
        """The columns of the splits that send zeros where missing values go."""
        return self._feature[self._missing == _MISSING_ZERO]

    def neutral(self, beside: dict[int, int], flushed: bool) -> Tree:
        """Its splits, then its leaves.

        A split that knows no missing value takes NaN for 0; one that takes zeros for missing looks
        at the column `beside` its own, where they are. A category goes left when it is in the set.
        Source: Tree::NumericalDecision and CategoricalDecision in include/LightGBM/tree.h.
        """
        value = self._floats("leaf_value")
        leaves = np.full(len(value), LEAF)
        threshold = self._floats("threshold")
        moved = np.array([beside.get(int(f), f) for f in self._feature], dtype=np.int64)
        feature = np.where(self._missing == _MISSING_ZERO, moved, self._feature)
        missing_left = np.where(
            self._missing == _MISSING_NONE, threshold >= 0, self._decision & 2 != 0
        )
        return Tree(
            feature=np.concatenate([feature, leaves]),
            threshold=np.concatenate([_after_flush(threshold) if flushed else threshold, value]),
            left=np.concatenate([self._children("left_child"), leaves]),
            right=np.concatenate([self._children("right_child"), leaves]),
            value=np.concatenate([threshold, value]).reshape(-1, 1),
            missing_left=np.concatenate([missing_left & ~self._of_category, leaves != LEAF]),
            cover=np.concatenate(
                [self._integers("internal_count"), self._integers("leaf_count", len(value))]
            ),
            set=np.concatenate([np.where(self._of_category, threshold.astype(int), -1), leaves]),
            sets=self._sets(),
            constant=self._constant(),
            terms=self._terms(),
        )

    def _constant(self) -> Array | None:
        """Of linear leaves, whose `leaf_value` is for NaN. Source: Tree::Predict."""
        if not self.is_linear:
            return None
        return np.concatenate([np.zeros(len(self._feature)), self._floats("leaf_const")])

    def _terms(self) -> list[tuple[Array, Array]]:
        if not self.is_linear:
            return []
        ends = np.cumsum(self._integers("num_features"))[:-1]
        columns = np.split(self._integers("leaf_features"), ends)
        weights = np.split(self._floats("leaf_coeff"), ends)
        none = (np.zeros(0, np.int64), np.zeros(0))
        return [none] * len(self._feature) + list(zip(columns, weights, strict=True))

    def _sets(self) -> list[Array]:
        """Of each categorical split, which names its set in place of a threshold."""
        words = self._integers("cat_threshold").astype(np.uint32)
        return np.split(words, self._integers("cat_boundaries")[1:-1])

    def _children(self, name: str) -> Array:
        child = self._integers(name)
        return np.where(child < 0, len(self._feature) + ~child, child)

    def _floats(self, name: str) -> Array:
        return np.array(self._fields.get(name, "").split(), dtype=np.float64)

    def _integers(self, name: str, count: int = 0) -> Array:
        """`count` zeros where the text leaves the numbers out, as it may those of one leaf."""
        text = self._fields.get(name, "").split() or ["0"] * count
        return np.array(text, dtype=np.int64)


@dataclass(frozen=True)
class _Model:
    """What the text of a model says; trees up to the best iteration, as `predict` takes them."""

    header: dict[str, str]
    trees: list[_Tree]

    @property
    def columns(self) -> int:
        return int(self.header["max_feature_idx"]) + 1

    @property
    def width(self) -> int:
        return int(self.header["num_tree_per_iteration"])

    @property
    def objective(self) -> str:
        return self.header.get("objective", "custom").split()[0]

    def has(self, flag: str) -> bool:
        """Whether the objective's line has a word: "sqrt"."""
        return flag in self.header.get("objective", "").split()


def _parsed(booster: Booster) -> _Model:
    """Doubles have 17 digits in it: LightGBM's own way to store and to pickle a model."""
    text, _, _ = booster.model_to_string().partition("\nend of trees")
    header, *trees = re.split(r"\n\nTree=\d+\n", text)
    return _Model(_fields(header), [_Tree(tree) for tree in trees])


def _fields(text: str) -> dict[str, str]:
    pairs = [line.partition("=") for line in text.splitlines()]
    return {name: value for name, _, value in pairs}


def _answers(step: Any, booster: Booster, x: Tensor | Frame, graph: Graph) -> tuple[Tensor, Tensor]:
    """Booster.predict's answer, and with raw_score=True.

    Trees are added from 0 in their order; a random forest averages them before the link.
    Source: src/boosting/gbdt_prediction.cpp of LightGBM.
    """
    _refuse_early_stop(step, booster)
    model = _parsed(booster)
    if x.width != model.columns:
        raise Unsupported(step, f"fitted on {model.columns} columns, but it gets {x.width}")
    margin = _margin(model, _features(step, booster, x, graph), graph)
    score = margin
    if "average_output" in model.header:
        iterations = len(model.trees) // model.width
        score = graph.add("divide", margin, by=np.full(margin.width, float(iterations)))
    return _linked(step, model, booster, score, graph), margin


def _linked(step: Any, model: _Model, booster: Booster, score: Tensor, graph: Graph) -> Tensor:
    objective = model.objective
    if model.has("sqrt"):
        return graph.add("combine", graph.add("absolute", score), score, how="multiply")
    if objective in _IDENTITY:
        return score
    if objective in _LOG:
        return graph.add("exp", score)
    if objective in _LOGISTIC:
        slope = _slope(step, model, booster)
        if slope != 1:
            score = graph.add("multiply", score, by=np.full(score.width, slope))
        return graph.add("sigmoid", score)
    if objective == "multiclass":
        return graph.add("softmax", score)
    if objective == "cross_entropy_lambda":
        return graph.add("function", graph.add("exp", score), name="log1p")
    raise Unsupported(step, f"objective={objective!r}", "Use one of LightGBM's own objectives")


def _slope(step: Any, model: _Model, booster: Booster) -> float:
    """The parameter `sigmoid`. The model's text rounds it to 6 digits, and a model that was read
    from a text computes with the rounded one: a row tells which it is.
    """
    rounded = re.search(r"sigmoid:(\S+)", model.header["objective"])
    if rounded is None:
        return 1.0
    given = [booster.params.get("sigmoid"), getattr(step, "sigmoid", None), rounded[1]]
    slopes = [float(slope) for slope in given if slope is not None]
    if len(set(slopes)) == 1:
        return slopes[0]
    rows = np.random.default_rng(0).normal(size=(64, model.columns))
    score: Array = np.asarray(booster.predict(rows, raw_score=True))
    answer: Array = np.asarray(booster.predict(rows))
    if "average_output" in model.header:
        score = score / (len(model.trees) // model.width)
    for slope in slopes:
        if np.array_equal(expit(slope * score), answer):
            return slope
    raise Unsupported(step, f"sigmoid={rounded[1]}, rounded", "Use a sigmoid of at most 6 digits")


def _refuse_early_stop(step: Any, booster: Booster) -> None:
    """Parameters of an estimator reach its predict; those of a Booster do not."""
    if step is booster:
        return
    if any(step.get_params().get(name) for name in ("pred_early_stop",)):
        raise Unsupported(step, "pred_early_stop=True", "Leave pred_early_stop out")


def _features(step: Any, booster: Booster, x: Tensor | Frame, graph: Graph) -> Tensor:
    """The columns as numbers: a category of pandas is its position among those that fit saw.

    An unseen category is missing. Source: _data_from_pandas of lightgbm.basic.
    """
    if isinstance(x, Tensor):
        return x if x.kind == "csr" else graph.dense(without_float32(x, graph))
    known = list(booster.pandas_categorical or [])
    categorical = [column.categorical for column in x]
    if sum(categorical) != len(known):
        raise Unsupported(
            step,
            f"{sum(categorical)} columns of dtype category where fit saw {len(known)}",
            "Pass a frame with the dtypes of fit",
        )
    columns = [
        (name, _codes(step, column, known.pop(0), graph) if column.categorical else column)
        for name, column in zip(x.names, x, strict=True)
    ]
    return graph.dense(without_float32(Frame(columns), graph))


def _codes(step: Any, column: Tensor, known: list[Any], graph: Graph) -> Tensor:
    if column.kind == "string":
        code = graph.add("lookup_string", column, categories=known, missing=-1)
    else:
        numbers = column if column.kind == "f64" else graph.add("cast", column)
        values = exact_floats(step, known, "category")
        code = graph.add("lookup_number", numbers, categories=values, missing=-1)
    values = np.arange(len(known), dtype=np.float64)
    return graph.add("take", code, values=values, otherwise=np.array([np.nan]))


def _margin(model: _Model, x: Tensor, graph: Graph) -> Tensor:
    """Booster.predict with raw_score=True.

    Of a dense row, what is as small as zero is zero: a sparse one is read as it is.
    Source: RowPairFunctionFromDenseMatric in src/c_api.cpp of LightGBM, and Tree::Predict.
    """
    flushed = x.kind != "csr"
    x = graph.dense(x)
    if flushed and any(tree.is_linear for tree in model.trees):
        x = _zeros_become(0.0, x, graph)
    zeros = sorted({int(f) for tree in model.trees for f in tree.zero_features()})
    if zeros:
        chosen = graph.add("select", x, columns=np.array(zeros))
        x = graph.add("concat", x, _zeros_become(np.nan, chosen, graph))
    beside = {column: model.columns + i for i, column in enumerate(zeros)}
    trees = [tree.neutral(beside, flushed) for tree in model.trees]
    rounds = len(trees) // model.width
    return graph.add(
        "tree_ensemble",
        x,
        **ensemble_tensors(trees),
        output=None if model.width == 1 else np.tile(np.arange(model.width), rounds),
        base=np.zeros(model.width),
        input="float64",
        sum="float64",
        outputs=model.width,
    )


def _zeros_become(value: float, x: Tensor, graph: Graph) -> Tensor:
    """x, with 0 or NaN where LightGBM takes a cell for zero."""
    size = graph.add("absolute", x)
    zero = graph.add("compare", size, how="less_equal", by=np.full(x.width, _ZERO))
    return graph.add("choose", zero, graph.add("multiply", x, by=np.full(x.width, value)), x)


def _after_flush(threshold: Array) -> Array:
    """The thresholds that decide of x as these do of 0 wherever |x| is at most zero's size."""
    below = float(np.nextafter(-_ZERO, -np.inf))
    small = np.where(threshold < 0, below, _ZERO)
    return np.where(np.abs(threshold) <= _ZERO, small, threshold)
