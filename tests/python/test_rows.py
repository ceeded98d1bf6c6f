"""Made-up rows: the same each time, drawn from what the graph knows, with every edge in them."""

import math

import bascule
import numpy as np
import pytest
from bascule import facts
from bascule.assemble import reachable, used_columns
from bascule.columns import to_buffers
from bascule.describe import quantiles
from bascule.export import Graph, Tensor
from bascule.facts import CellFacts
from bascule.golden import MAX_ROWS, choose
from bascule.hostile import Maker
from bascule.ops.rules import Bound
from bascule.oracle import Answers
from bascule.parity import Limits
from bascule.schema import infer
from models import fraud
from sklearn.tree import DecisionTreeClassifier


def graph_facts(model, sample):
    """What the lowered model knows of each cell, by (name, cell)."""
    schema = infer(sample)
    graph = Graph()
    result = graph.export(model, schema.graph_input())
    nodes = reachable(graph.nodes, [x.value for x in result.values()])
    columns = [schema.columns[i] for i in used_columns(nodes, schema.columns)]
    found = facts.gather(nodes, columns)
    return {(columns[index].name, cell): fact for (index, cell), fact in found.items()}


def test_categories_and_vocabulary_are_found_through_the_graph():
    model, data = fraud()
    known = graph_facts(model, data)
    assert known[("country", 0)].categories == ["DE", "FR", "IT"]
    assert known[("country", 0)].refuses_unknown is False
    assert "cash" in known[("note", 0)].vocabulary
    assert known[("amount", 0)] == CellFacts()


def test_the_thresholds_of_a_tree_belong_to_the_cells_they_split():
    X = np.array([[0.0, 5.0], [1.0, 5.0], [2.0, 7.0], [3.0, 9.0]])
    model = DecisionTreeClassifier(random_state=0).fit(X, [0, 1, 1, 1])
    known = graph_facts(model, X)
    cuts = {cell: known[("x", cell)].thresholds for cell in (0, 1)}
    fitted = model.tree_.threshold[model.tree_.feature >= 0]
    assert sorted(cuts[0] + cuts[1]) == pytest.approx(sorted(fitted))


def maker(sample, **known):
    schema = infer(sample)
    _, buffers = to_buffers(sample, [{"name": c.name, "type": c.type} for c in schema.columns])
    cells = {(i, c): CellFacts() for i, col in enumerate(schema.columns) for c in range(col.width)}
    cells.update({(0, 0): CellFacts(**known)})
    used = frozenset(range(len(schema.columns)))
    untouched = schema.rows(sample, [0])[0]
    return Maker(schema.columns, cells, quantiles(schema.columns, buffers), untouched, used)


def test_rows_are_the_same_each_time():
    _, data = fraud()
    first, second = (maker(data[["amount", "age", "country"]]) for _ in range(2))
    assert repr(first.ordinary(20)) == repr(second.ordinary(20))
    assert repr(first.hostile(first.ordinary(5), 500)) == repr(
        second.hostile(second.ordinary(5), 500)
    )


def test_ordinary_numbers_stay_inside_the_range_that_was_seen():
    _, data = fraud()
    drawn = [row.values[0] for row in maker(data[["amount"]]).ordinary(100)]
    assert data["amount"].min() <= min(drawn)
    assert max(drawn) <= data["amount"].max()
    assert len(set(drawn)) > 50


def test_a_number_meets_every_edge_of_its_type():
    made = maker(np.array([[0.25], [0.5]]), thresholds=[0.3])
    values = [row.values[0][0] for row in made.hostile(made.ordinary(1), 500)]
    for edge in (None, math.inf, -math.inf, 1e300, 1e39, 5e-324, 0.3, 0.25, 0.5):
        assert edge in values
    assert any(v == 0 and math.copysign(1, v) < 0 for v in values if v is not None)
    assert math.nextafter(0.3, 1) in values
    assert float(np.float32(0.3)) in values


def test_a_text_meets_missing_empty_and_unseen():
    made = maker(["a", "b"], categories=["known"])
    values = [row.values[0] for row in made.hostile(made.ordinary(1), 500)]
    assert {None, "", "never seen before", "known", " known", "KNOWN"} <= set(values)


def test_too_many_hostile_rows_are_thinned_evenly():
    made = maker(np.zeros((2, 200)))
    rows = made.hostile(made.ordinary(1), 100)
    assert len(rows) == 100
    assert rows[0].what == "everything is missing"
    assert rows[-1].what.startswith("x[199] is")


def limits(here):
    return Limits({"p": here}, {"p": here}, {}, {"y": Bound(np.zeros((2, 1, 1)))})


def test_golden_rows_leave_out_what_overflows_and_keep_what_is_refused():
    bound = np.array([[0.0], [np.inf], [np.inf], [0.0]])
    values = {"p": np.array([[1.0], [np.nan], [2.0], [np.nan]])}
    refused = np.array([False, False, False, True])
    chosen = choose(Answers(values, refused, {3: "ValueError"}), limits(bound))
    assert chosen.tolist() == [0, 3]


def test_golden_rows_are_thinned_to_their_limit():
    zeros = np.zeros((1000, 1))
    chosen = choose(Answers({"p": zeros}, zeros[:, 0] > 0, {}), limits(zeros))
    assert len(chosen) == MAX_ROWS
    assert (chosen[0], chosen[-1]) == (0, 999)


def test_a_column_that_nothing_reads_is_left_as_it_was():
    model, data = fraud()
    schema = infer(data)
    made = maker(data.assign(seen_at=1.0, unused=True)[["amount", "age"]])
    assert all(row.values[1] is not None for row in made.ordinary(5))
    package = bascule.pack(model, data, positive="fraud")
    assert "seen_at" not in [entry["name"] for entry in package.inspect()["inputs"]]
    assert schema.columns[-1].refusal is not None


def test_a_tensor_of_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="kind is 'f16'"):
        Tensor("v", "f16")
