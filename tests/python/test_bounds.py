"""Bounds: one rule per operator, wide enough for every rightful order of arithmetic, and no wider
than its formula says."""

import re
import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bascule.bounds import bounds_of
from bascule.export import Graph, Tensor
from bascule.ops import TABLE
from bascule.ops.rules import EPS, EXACT, Bound, Context
from bascule.probe import Probe

OPERATORS = Path(__file__).parents[2] / "docs" / "operators.md"


def documented():
    """The names in the first column of the tables of operators in docs/operators.md."""
    families = re.split(r"^## ", OPERATORS.read_text(), flags=re.M)[1:]
    return {
        name
        for family in families
        for line in family.partition("\n### ")[0].splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`(\w+)`", line.split("|")[1])
    }


def test_every_operator_is_in_the_table():
    assert documented() == set(TABLE)


class Values:
    """Stands in for a probe: the values are given."""

    def __init__(self, **values):
        self.given = {name: np.asarray(v, np.float64) for name, v in values.items()}
        self.rows = len(next(iter(self.given.values())))
        self.nodes = []

    def values(self, wanted):
        return {x.value: self.given[x.value] for x in wanted}


def bound_of(op, x, y, error=None, **given):
    """The bound of `op` for input values `x` and output values `y`."""
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    graph = Graph()
    source = Tensor("x", "f64", x.shape[1])
    result = graph.add(op, source, **given)
    graph.values["x"] = source
    probe = Values(**{"x": x, result.value: y})
    if error is None:
        return bounds_of(graph.nodes, graph.values, probe)[result.value]
    off = np.broadcast_to(np.asarray(error, np.float64), (2, *x.shape)).copy()
    context = Context(graph.nodes[0], ["f64"], [Bound(off)], probe, graph.values)
    with np.errstate(all="ignore"):
        return TABLE[op].bound(context)


@pytest.mark.parametrize("op", sorted(name for name, op in TABLE.items() if not op.fresh))
def test_an_operator_that_adds_no_error_keeps_exact_values_exact(op):
    """bounds_of does not even look at such a node while its inputs are exact."""
    x = Tensor("x", "f64", 1)
    graph = Graph()
    graph.add(op, x, type=("f64", 1), columns=np.array([0]))
    found = bounds_of(graph.nodes, {**graph.values, "x": x}, Values(x=[[1.0]]))
    assert found["v0"] is EXACT


def test_linear_allows_what_other_orders_of_addition_give():
    rng = np.random.default_rng(0)
    for width in (2, 30, 300, 3000):
        # Terms of one sign are the worst case; those of very different sizes come next.
        x = np.abs(rng.normal(size=(200, width)))
        x[100:] *= 10.0 ** rng.integers(-6, 6, size=(100, width))
        weights = np.abs(rng.normal(size=(1, width)))
        in_order = np.zeros((200, 1))
        for column in range(width):
            in_order[:, 0] = in_order[:, 0] + x[:, column] * weights[0, column]
        bound = bound_of("linear", x, in_order, weights=weights).error
        assert (np.abs(x @ weights.T - in_order) <= bound[0]).all()
        pairwise = (x * weights).sum(axis=1, keepdims=True)
        assert (np.abs(pairwise - in_order) <= bound[0]).all()


def test_linear_is_bounded_by_the_sum_of_terms_and_not_by_what_was_seen():
    bound = bound_of("linear", [[3.0, -3.0]], [[0.0]], weights=np.array([[1.0, 1.0]]))
    assert bound.error[0, 0, 0] == bound.error[1, 0, 0] == 4 * np.spacing(6.0)
    many = bound_of("linear", np.ones((1, 100)), [[100.0]], weights=np.ones((1, 100)))
    assert many.error[0, 0, 0] == 20 * np.spacing(100.0)


def test_linear_hands_on_the_error_of_its_input_through_the_weights():
    bound = bound_of("linear", [[1.0, 1.0]], [[5.0]], error=1e-3, weights=np.array([[2.0, -3.0]]))
    assert bound.error[0, 0, 0] == pytest.approx(5e-3, rel=1e-9)


def test_a_sparse_row_is_bounded_by_its_stored_cells_and_not_by_its_vocabulary():
    """The probe counts them in the engine; 3 of 40 words stand in the text."""
    words = [f"word{i:02}" for i in range(40)]
    graph = Graph()
    text = Tensor("column:text", "string", 1, (0,))
    unicode = unicodedata.unidata_version
    tokens = graph.add("tokenize", text, pattern="word", unicode=unicode)
    counts = graph.add("count_tokens", tokens, vocabulary=words, binary=False)
    linear = graph.add("linear", counts, weights=np.full((1, 40), -2.0), bias=np.array([0.5]))
    inputs = [{"name": "text", "type": "string", "nullable": False, "optional": False}]
    probe = Probe(graph.nodes, inputs, ["word01 word02 word02 word39 other"])
    terms, cells = probe.magnitudes(graph.nodes[-1])
    assert (terms.tolist(), cells.tolist()) == ([[8.5]], [[3.0]])
    bound = bounds_of(graph.nodes, graph.values, probe)[linear.value]
    assert np.broadcast_to(bound.error, (2, 1, 1))[0, 0, 0] == 4 * np.spacing(8.5)


def test_a_probe_sees_the_columns_of_a_row_too():
    """A `concat` of sparse blocks asks for them, however long their names are."""
    graph = Graph()
    numbers = [
        Tensor("column:amount", "f64", 1, (0,)),
        Tensor(f"column:{'n' * 240}", "i64", 1, (1,)),
    ]
    graph.add("concat", graph.add("to_sparse", numbers[0]), graph.add("cast", numbers[1]))
    inputs = [
        {"name": x.value.partition(":")[2], "type": kind, "nullable": False, "optional": False}
        for x, kind in zip(numbers, ["number", "integer"], strict=True)
    ]
    rows = {inputs[0]["name"]: [0.5, 2.0], inputs[1]["name"]: [7, -1]}
    seen = Probe(graph.nodes, inputs, pd.DataFrame(rows)).values(numbers)
    assert [seen[x.value].tolist() for x in numbers] == [[[0.5], [2.0]], [[7.0], [-1.0]]]


def test_a_sigmoid_is_exact_here_and_four_ulp_off_elsewhere():
    y = 1 / (1 + np.exp(-2.0))
    bound = bound_of("sigmoid", [[2.0]], [[y]])
    assert bound.error[0, 0, 0] == 0.0
    assert bound.error[1, 0, 0] == pytest.approx(4 * EPS * y)


@pytest.mark.parametrize("x", [-30.0, -1.0, 0.0, 5.0])
def test_a_moved_sigmoid_stays_inside_its_bound(x):
    def sigmoid(v):
        return 1 / (1 + np.exp(-v))

    bound = bound_of("sigmoid", [[x]], [[sigmoid(x)]], error=0.01).error[0, 0, 0]
    for moved in np.linspace(x - 0.01, x + 0.01, 21):
        assert abs(sigmoid(moved) - sigmoid(x)) <= bound


def test_a_saturated_sigmoid_is_not_moved_by_a_huge_error():
    assert bound_of("sigmoid", [[1e300]], [[1.0]], error=1e285).error[0, 0, 0] <= 4 * EPS


def test_softmax_allows_other_sums_and_moves_with_its_input():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(100, 5)) * 10
    e = np.exp(x - x.max(axis=1, keepdims=True))
    forward = e / np.cumsum(e, axis=1)[:, -1:]
    backward = e / np.cumsum(e[:, ::-1], axis=1)[:, -1:]
    assert (np.abs(forward - backward) <= bound_of("softmax", x, forward).error[0]).all()
    moved = x + rng.uniform(-1e-3, 1e-3, size=x.shape)
    e = np.exp(moved - moved.max(axis=1, keepdims=True))
    bound = bound_of("softmax", x, forward, error=1e-3).error[0]
    assert (np.abs(e / e.sum(axis=1, keepdims=True) - forward) <= bound).all()


def test_the_logarithm_of_an_exact_zero_is_exactly_minus_infinity():
    bound = bound_of("log", [[0.0, 2.0]], [[-np.inf, np.log(2.0)]]).error[0, 0]
    assert bound[0] == 0.0
    assert bound[1] == pytest.approx(4 * EPS * np.log(2.0))


def test_argmax_is_a_near_tie_only_inside_the_bound():
    x = [[1.0, 1.0 + 1e-9, 0.0], [1.0, 1.1, 0.0], [1.0, 1.0, 0.0]]
    bound = bound_of("argmax", x, [[1], [1], [0]], error=1e-9)
    assert bound.ties(3).tolist() == [True, False, True]
    assert bound.margin[1] == pytest.approx(0.1)
    assert bound_of("argmax", x, [[1], [1], [0]]).ties(3).tolist() == [False, False, False]


def test_greater_is_a_near_tie_only_inside_the_bound():
    bound = bound_of("greater", [[0.5], [0.6]], [[0], [1]], error=1e-3, than=0.5)
    assert bound.ties(2).tolist() == [True, False]


def test_a_split_within_the_error_may_go_either_way():
    stump = {
        "nodes": np.array([3]),
        "feature": np.array([0, -1, -1]),
        "right": np.array([2]),
        "threshold": np.array([0.5]),
        "leaf": np.array([[1.0], [2.0]]),
        "base": np.zeros(1),
        "input": "float64",
        "sum": "float64",
        "outputs": 1,
    }
    x, y = [[0.5 + 1e-9], [0.7], [np.nan]], [[2.0], [2.0], [2.0]]
    error = bound_of("tree_ensemble", x, y, error=1e-6, **stump).error[0, :, 0]
    assert error.tolist() == [np.inf, 0.0, 0.0]
    in_float32 = bound_of("tree_ensemble", x, y, error=1e-12, **{**stump, "input": "float32"})
    assert in_float32.error[0, :, 0].tolist() == [0.0, 0.0, 0.0]


def test_scaling_scales_the_error():
    by = {"by": np.array([4.0])}
    assert bound_of("divide", [[8.0]], [[2.0]], error=1e-3, **by).error[0, 0, 0] == pytest.approx(
        2.5e-4
    )
    assert bound_of("multiply", [[8.0]], [[32.0]], error=1e-3, **by).error[0, 0, 0] == (
        pytest.approx(4e-3)
    )


def test_normalized_dense_rows_allow_numpys_own_sum_of_squares():
    x = np.random.default_rng(2).normal(size=(100, 50))
    in_order = x / np.sqrt(np.cumsum(x * x, axis=1)[:, -1:])
    numpys = x / np.sqrt(np.einsum("ij,ij->i", x, x))[:, None]
    bound = bound_of("normalize_rows", x, in_order, norm="l2").error[0]
    assert (np.abs(in_order - numpys) <= bound).all()


def test_a_donor_far_away_may_be_next_where_its_length_swamps_its_distance():
    """Python's |x|^2 + |y|^2 - 2 x.y of the last point is 0, give or take a million."""
    points = np.array([[55.0, 1.0], [55.0, 2.0], [56.0, 3.0], [58.0, 3.6e10]])

    def bound(donors):
        given = {"metric": "nan_euclidean", "k": 2, "weights": "uniform", "points": donors}
        return bound_of("impute_nearest", [[55.0, np.nan]], [[55.0, 1.5]], 0.0, **given)

    assert bound(points[:3]).error[0, 0, 1] < 1e-14
    assert bound(points).error[0, 0, 1] == np.inf


def test_a_label_looked_up_by_an_inexact_number_may_be_any():
    categories = {"categories": np.array([1.0, 2.0])}
    error = bound_of("lookup_number", [[1.0], [1.5]], [[0], [-1]], error=1e-9, **categories)
    assert error.error[0, :, 0].tolist() == [np.inf, 0.0]
