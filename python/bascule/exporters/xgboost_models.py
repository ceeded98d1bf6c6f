"""XGBoost's models: trees of gbtree and dart, and gblinear, all computed in float32.

Everything is read from the model as XGBoost itself writes it (JSON), not from the parameters of the
scikit-learn class around it.
"""

import json
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from xgboost import (
    Booster,
    DMatrix,
    XGBClassifier,
    XGBRanker,
    XGBRegressor,
    XGBRFClassifier,
    XGBRFRegressor,
)

from bascule.export import Array, Frame, Graph, Outputs, Tensor, Unsupported, exporter
from bascule.exporters.columns import is_nan, without_float32
from bascule.exporters.trees import (
    LEAF,
    Tree,
    category_bits,
    ensemble_tensors,
    leaf_tensors,
    strictly_below,
)

# The link from margin to prediction: src/objective/ of XGBoost, each `PredTransform`.
_IDENTITY = (
    "reg:squarederror",
    "reg:absoluteerror",
    "reg:pseudohubererror",
    "reg:quantileerror",
    "reg:squaredlogerror",
    "reg:expectileerror",
    "binary:logitraw",
    "rank:ndcg",
    "rank:pairwise",
    "rank:map",
)
_LOG = ("count:poisson", "reg:gamma", "reg:tweedie", "survival:cox", "survival:aft")
_SIGMOID = ("binary:logistic", "reg:logistic")
_NAN = float("nan")


@exporter(XGBRegressor, XGBRFRegressor)
def xgb_regressor(step: XGBRegressor, x: Tensor | Frame, graph: Graph) -> Outputs:
    """predict = the margin, or its sigmoid or exp in float32; a column per target. Tier T0.

    Source: XGBModel.predict and apply, Booster.inplace_predict.
    """
    model = _Model(step, step.get_booster())
    x = _features(model, x, graph)
    predict = _prediction(model, _margin(model, x, graph), graph)
    return _with_leaves(Outputs({"predict": predict}), model, x, graph)


@exporter(XGBRanker)
def xgb_ranker(step: XGBRanker, x: Tensor | Frame, graph: Graph) -> Outputs:
    """The margin of each row; a column "qid" is no feature. Tier T0.

    Source: XGBRanker.predict, _get_qid.
    """
    model = _Model(step, step.get_booster())
    if isinstance(x, Frame) and "qid" in x.names:
        x = x.select([name for name in x.names if name != "qid"])
    x = _features(model, x, graph)
    predict = _prediction(model, _margin(model, x, graph), graph)
    return _with_leaves(Outputs({"predict": predict}, kind="ranking"), model, x, graph)


@exporter(XGBClassifier, XGBRFClassifier)
def xgb_classifier(step: XGBClassifier, x: Tensor | Frame, graph: Graph) -> Outputs:
    """Two classes: sigmoid, its complement, and 0.5 as the limit. More: softmax. In float32.

    Of several targets each column is a probability, and its label 1 above 0.5.
    Source: XGBClassifier.predict and predict_proba, _cls_predict_proba; src/common/math.h.
    """
    classes = step.n_classes_
    model = _Model(step, step.get_booster())
    if model.objective == "multi:softmax":
        raise Unsupported(
            step,
            "objective='multi:softmax', whose probabilities scipy computes in float32",
            "Use multi:softprob, which predicts the same classes",
        )
    x = _features(model, x, graph)
    prediction = _prediction(model, _margin(model, x, graph), graph)
    if classes > 2:
        outputs = Outputs(
            {"predict": graph.add("argmax", prediction), "predict_proba": prediction},
            classes=np.arange(classes),
        )
    elif prediction.width > 1:
        half = np.full(prediction.width, 0.5)
        label = graph.add("compare", prediction, how="greater", by=half)
        outputs = Outputs({"predict": label, "predict_proba": prediction})
    else:
        # 1 - p of float32 numbers: exact in float64, then rounded once.
        proba = graph.add("round_float32", graph.add("with_complement", prediction))
        predict = graph.add("greater", prediction, than=0.5)
        outputs = Outputs({"predict": predict, "predict_proba": proba}, classes=np.arange(classes))
    return _with_leaves(outputs, model, x, graph)


@exporter(Booster)
def xgb_booster(step: Booster, x: Tensor | Frame, graph: Graph) -> Outputs:
    """predict(DMatrix(X)): all trees, even after early stopping. Infinity is refused. Tier T0.

    Source: Booster.predict, DMatrix.
    """
    model = _Model(step, step)
    x = graph.add("check_finite", _features(model, x, graph), missing=True, float32=True)
    ranks = model.objective.startswith("rank:")
    prediction = _prediction(model, _margin(model, x, graph), graph)
    if model.objective == "multi:softmax":
        labels = graph.add("argmax", prediction)
        numbers = np.arange(model.width, dtype=np.float64)
        prediction = graph.add("take", labels, values=numbers, otherwise=np.array([_NAN]))
    return Outputs({"predict": prediction}, kind="ranking" if ranks else None)


@dataclass(frozen=True)
class _Model:
    """A booster, and the estimator that it stands in (itself, where it stands alone)."""

    step: Any
    booster: Booster

    @cached_property
    def learner(self) -> dict[str, Any]:
        learner: dict[str, Any] = json.loads(self.booster.save_raw("json"))["learner"]
        return learner

    @property
    def objective(self) -> str:
        return str(self.learner["objective"]["name"])

    @property
    def width(self) -> int:
        """Columns of the margin: classes, or targets."""
        param = self.learner["learner_model_param"]
        return max(1, int(param["num_class"]), int(param["num_target"]))

    @property
    def is_linear(self) -> bool:
        return bool(self.learner["gradient_booster"]["name"] == "gblinear")

    @cached_property
    def forest(self) -> dict[str, Any]:
        """The trees; dart keeps a weight for each beside them."""
        gradient = self.learner["gradient_booster"]
        forest: dict[str, Any] = gradient.get("gbtree", gradient)["model"]
        return forest

    @property
    def weights(self) -> Array | None:
        """Of dart's trees."""
        weights = self.learner["gradient_booster"].get("weight_drop")
        return None if weights is None else np.array(weights, dtype=np.float32)

    @property
    def count(self) -> int:
        """Trees that are used: all, or those up to the best iteration of early stopping."""
        try:
            last = None if self.step is self.booster else int(self.step.best_iteration)
        except AttributeError:
            last = None
        if last is None:
            return len(self.forest["trees"])
        return int(self.forest["iteration_indptr"][last + 1])

    @cached_property
    def trees(self) -> list[Tree]:
        trees = [_neutral(tree) for tree in self.forest["trees"][: self.count]]
        if not trees:
            raise Unsupported(self.step, "no trees", "Fit with n_estimators=1 at least")
        return trees

    @property
    def missing(self) -> float:
        mark = getattr(self.step, "missing", None)
        return _NAN if mark is None else float(mark)

    def base(self) -> Array:
        """Where margins start: what the model answers whose leaves are all 0.

        Of its trees those of the first round are enough.
        """
        whole = json.loads(self.booster.save_raw("json"))
        gradient = whole["learner"]["gradient_booster"]
        forest = gradient.get("gbtree", gradient)["model"]
        first = forest["iteration_indptr"][1]
        for role in ("trees", "tree_info"):
            del forest[role][first:]
        forest["iteration_indptr"] = [0, first]
        forest["gbtree_model_param"]["num_trees"] = str(first)
        for tree in forest["trees"]:
            for role in ("split_conditions", "leaf_weights"):
                tree[role] = [0.0] * len(tree.get(role, ()))
        if "weight_drop" in gradient:
            del gradient["weight_drop"][first:]
        whole["learner"].update(feature_names=[], feature_types=[])
        forest.pop("cats", None)
        zeroed = Booster(model_file=bytearray(json.dumps(whole), "utf-8"))
        row = DMatrix(np.zeros((1, self.booster.num_features()), dtype=np.float32))
        margin = zeroed.predict(row, output_margin=True)
        return np.zeros(self.width) + np.asarray(margin, dtype=np.float64).reshape(-1)


def _prediction(model: _Model, margin: Tensor, graph: Graph) -> Tensor:
    """The link of the objective, in float32."""
    objective = model.objective
    if objective in (*_IDENTITY, "multi:softmax"):  # of softmax the largest is told
        return margin
    if objective in _LOG:
        return graph.add("exp_float32", margin)
    if objective in _SIGMOID:
        return graph.add("sigmoid_float32", margin)
    if objective == "binary:hinge":
        return graph.add("compare", margin, how="greater", by=np.zeros(margin.width))
    if objective == "multi:softprob":
        return graph.add("softmax_float32", margin)
    raise Unsupported(
        model.step,
        f"objective={objective!r}",
        f"Use one of {', '.join((*_IDENTITY, *_LOG, *_SIGMOID, 'multi:softprob'))}",
    )


def _margin(model: _Model, x: Tensor, graph: Graph) -> Tensor:
    """Leaves added in float32 from the base margin, tree by tree; dart's times their weight.

    Left when `x < threshold` in float32. Source: src/predictor/cpu_predictor.cc of XGBoost.
    """
    if model.is_linear:
        return _linear_margin(model, x, graph)
    tensors = ensemble_tensors(_weighted(model))
    vectors = tensors["leaf"].shape[1] > 1
    shared = model.width == 1 or vectors
    return graph.add(
        "tree_ensemble",
        x,
        **tensors,
        output=None if shared else np.array(model.forest["tree_info"][: model.count]),
        base=model.base(),
        input="float32",
        sum="float32",
        outputs=model.width,
    )


def _linear_margin(model: _Model, x: Tensor, graph: Graph) -> Tensor:
    """gblinear, which reads a DMatrix: infinity is refused, and what is missing is left out.

    Where sums start is what a row with nothing in it is answered.
    Source: GBLinear::Pred in src/gbm/gblinear.cc.
    """
    weights = model.learner["gradient_booster"]["model"]["weights"]
    weights = np.array(weights, dtype=np.float32).reshape(-1, model.width)[:-1]
    nothing = DMatrix(
        np.full((1, len(weights)), _NAN),
        feature_names=model.booster.feature_names,
        feature_types=model.booster.feature_types,
    )
    start = model.booster.predict(nothing, output_margin=True).reshape(-1)
    checked = graph.add("check_finite", x, missing=True, float32=True)
    return graph.add(
        "linear_float32",
        checked,
        weights=np.ascontiguousarray(weights.T),
        bias=np.asarray(start, dtype=np.float32),
    )


def _weighted(model: _Model) -> list[Tree]:
    """Dart's leaves times their weights, in float32.

    In place, XGBoost adds the base to a leaf and takes it away again before it multiplies.
    Source: Dart::InplacePredict and PredictBatchImpl in src/gbm/gbtree.cc.
    """
    if model.weights is None:
        return model.trees
    in_place = model.step is not model.booster
    base = model.base().astype(np.float32)
    groups = model.forest["tree_info"]
    weighted = []
    for i, tree in enumerate(model.trees):
        value = tree.value
        if in_place:
            value = (base[groups[i]] + value) - base[groups[i]]
        weighted.append(replace(tree, value=model.weights[i] * value))
    return weighted


def _with_leaves(outputs: Outputs, model: _Model, x: Tensor, graph: Graph) -> Outputs:
    """Adds `apply`: the leaf's number, one column per tree; a linear model has none.

    Here Python refuses infinity, as a DMatrix does.
    Source: XGBModel.apply, Booster.predict(pred_leaf=True).
    """
    if model.is_linear:
        return outputs
    checked = graph.add("check_finite", x, missing=True, float32=True)
    outputs["apply"] = graph.add(
        "tree_ensemble",
        checked,
        **leaf_tensors(model.trees),
        base=np.zeros(len(model.trees)),
        input="float32",
        sum="float64",
        outputs=len(model.trees),
    )
    return outputs


def _features(model: _Model, x: Tensor | Frame, graph: Graph) -> Tensor:
    """One float matrix; what is missing is NaN, a category its number in training.

    In a sparse matrix an absent cell is missing.
    """
    graph.check_columns(model.step, x)
    mark = model.missing
    if isinstance(x, Frame):
        x = _coded(model, x, graph)
    elif any(kind == "c" for kind in model.learner["feature_types"]):
        x = _whole(model, graph.dense(x), graph)
    x = without_float32(x, graph)
    if isinstance(x, Tensor) and x.kind == "csr":
        x = graph.add("to_dense_missing", x)
    else:
        x = graph.dense(x)
    if is_nan(mark):
        return x
    if not np.isfinite(mark):
        raise Unsupported(model.step, f"missing={mark}", "Mark missing numbers with NaN")
    if any(kind == "c" for kind in model.learner["feature_types"]):
        raise Unsupported(
            model.step, f"missing={mark} with categories", "Mark missing numbers with NaN"
        )
    return graph.add("mark_missing", x, value=mark, float32=True)


def _coded(model: _Model, x: Frame, graph: Graph) -> Frame:
    """Columns of categories as their numbers in training; an unknown one refuses the row.

    Source: xgboost.data._transform_pandas_df; src/data/cat_container.h.
    """
    kinds = model.learner["feature_types"] or ["q"] * x.width
    columns = []
    for position, (name, column, kind) in enumerate(zip(x.names, x, kinds, strict=True)):
        if (kind == "c") != column.categorical:
            raise Unsupported(
                model.step,
                f"column {name!r} is {'a' if column.categorical else 'no'} category, "
                f"which fit saw otherwise",
                "Pass the dtypes of fit",
            )
        columns.append((name, _codes(model, column, position, graph) if kind == "c" else column))
    return Frame(columns)


def _codes(model: _Model, column: Tensor, position: int, graph: Graph) -> Tensor:
    """The category's number in training. One it does not know is, to XGBoost, the next greater one;
    beyond the greatest the row is refused.

    Source: src/encoder/ordinal.h of XGBoost (SearchKey).
    """
    known = _categories(model, position)
    order = np.array(sorted(range(len(known)), key=known.__getitem__), dtype=np.int64)
    ordered = [known[i] for i in order]
    if column.kind == "string":
        code = graph.add("search_string", column, categories=ordered, column=column.column)
    else:
        numbers = column if column.kind == "f64" else graph.add("cast", column)
        code = graph.add(
            "lookup_number",
            _searched(numbers, np.array(ordered, dtype=np.float64), graph),
            categories=np.arange(len(known), dtype=np.float64),
            missing=-1,
            refuse_unknown=True,
            column=column.column,
        )
    values = order.astype(np.float64)
    return graph.add("take", code, values=values, otherwise=np.array([_NAN]))


def _searched(x: Tensor, ascending: Array, graph: Graph) -> Tensor:
    """How many of the numbers are below x, NaN for NaN: a tree that halves them."""
    nodes: list[tuple[int, float, int, int, float]] = [(0, np.inf, 1, -1, 0.0)]

    def halve(low: int, high: int) -> int:
        at = len(nodes)
        nodes.append((LEAF, 0.0, LEAF, LEAF, float(low)))
        if low < high:
            middle = (low + high) // 2
            left, right = halve(low, middle), halve(middle + 1, high)
            nodes[at] = (0, float(ascending[middle]), left, right, 0.0)
        return at

    halve(0, len(ascending))
    nodes[0] = (0, np.inf, 1, len(nodes), 0.0)  # only NaN is not at most infinity
    nodes.append((LEAF, 0.0, LEAF, LEAF, _NAN))
    feature, threshold, left, right, value = (np.array(part) for part in zip(*nodes, strict=True))
    tree = Tree(feature, threshold, left, right, value.reshape(-1, 1), None, np.zeros(len(nodes)))
    return graph.add(
        "tree_ensemble",
        x,
        **ensemble_tensors([tree]),
        base=np.array([-0.0]),
        input="float64",
        sum="float64",
        outputs=1,
    )


def _categories(model: _Model, position: int) -> list[Any]:
    """The categories of a column as the model keeps them: texts, or integers."""
    encodings = model.forest.get("cats", {}).get("enc", [])
    encoding = encodings[position] if position < len(encodings) else {}
    if "offsets" in encoding:
        letters = bytes(code % 256 for code in encoding["values"])
        ends = encoding["offsets"]
        texts = [letters[a:b].decode("ascii", "replace") for a, b in pairwise(ends)]
        if not all(code < 128 for code in letters):
            raise Unsupported(
                model.step,
                "names of categories beyond ASCII, which XGBoost 3 itself reads wrongly",
                "Encode them first, for example with OrdinalEncoder",
            )
        if texts:
            return texts
    elif encoding.get("values"):
        return [int(value) for value in encoding["values"]]
    raise Unsupported(
        model.step,
        "categories that the model itself does not keep",
        "Fit with XGBoost 3.1 or newer, on a frame with columns of dtype category",
    )


def _whole(model: _Model, x: Tensor, graph: Graph) -> Tensor:
    """Numbers as categories: below 0 is no category, which rounding down keeps apart from 0."""
    parts = []
    for position, kind in enumerate(model.learner["feature_types"]):
        part = graph.add("select", x, columns=np.array([position]))
        if kind == "c":
            part = graph.add("function", graph.add("round_float32", part), name="floor")
        parts.append(part)
    return parts[0] if len(parts) == 1 else graph.add("concat", *parts)


def _neutral(tree: dict[str, Any]) -> Tree:
    """A split on categories sends its own right, so its children are exchanged."""
    left = np.array(tree["left_children"], dtype=np.int64)
    right = np.array(tree["right_children"], dtype=np.int64)
    condition = np.array(tree["split_conditions"], dtype=np.float32)
    missing_left = np.array(tree["default_left"]) == 1
    leaf = left == -1
    nodes = np.array(tree["categories_nodes"], dtype=np.int64)
    chosen = np.full(len(left), -1)
    chosen[nodes] = np.arange(len(nodes))
    starts, sizes = tree["categories_segments"], tree["categories_sizes"]
    sets = [
        category_bits(tree["categories"][start : start + size])
        for start, size in zip(starts, sizes, strict=True)
    ]
    turned = chosen >= 0
    return Tree(
        feature=np.where(leaf, LEAF, np.array(tree["split_indices"], dtype=np.int64)),
        threshold=strictly_below(condition),
        left=np.where(turned, right, left),
        right=np.where(turned, left, right),
        value=_leaf_values(tree, leaf, right, condition),
        missing_left=missing_left ^ turned,
        cover=np.array(tree["sum_hessian"], dtype=np.float32)[: len(left)],
        set=chosen,
        sets=sets,
    )


def _leaf_values(tree: dict[str, Any], leaf: Array, right: Array, condition: Array) -> Array:
    """One number per leaf; of a tree for all targets a row of `leaf_weights`, named by `right`."""
    targets = int(tree["tree_param"]["size_leaf_vector"])
    if targets <= 1:
        return condition.reshape(-1, 1)
    weights = np.array(tree["leaf_weights"], dtype=np.float32).reshape(-1, targets)
    return weights[np.where(leaf, right, 0)]
