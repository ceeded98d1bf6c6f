"""What exporters see: tensors, frames, the graph, and who exports what."""

import numpy as np
import pytest
from bascule import registry
from bascule.errors import Unsupported
from bascule.export import Frame, Graph, Outputs, Tensor, exporter
from sklearn.preprocessing import StandardScaler


def column(name, kind="f64", at=0, **more):
    return Tensor(f"column:{name}", kind, 1, (at,), **more)


def frame(*names):
    return Frame([(name, column(name, at=i)) for i, name in enumerate(names)])


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("b", ["b"]),
        (["c", "a"], ["c", "a"]),
        ([2, 0], ["c", "a"]),
        (-1, ["c"]),
        (slice("a", "b"), ["a", "b"]),
        (slice(1, None), ["b", "c"]),
        (np.array([True, False, True]), ["a", "c"]),
        ([], []),
    ],
)
def test_a_frame_selects_as_pandas_does(key, expected):
    assert frame("a", "b", "c").select(key).names == expected


def test_an_unknown_column_is_named():
    with pytest.raises(KeyError, match="no column 'z'"):
        frame("a").select("z")


def test_numbers_in_arrays_become_tensors_and_scalars_become_attributes():
    graph = Graph()
    x = graph.add("clip", column("a"), low=np.array([0.0]), high=np.array([1.0]))
    graph.add("greater", x, than=np.float64(0.5))
    graph.add("one_hot", Tensor("v", "i64"), width=3, sparse=False, position=np.arange(3))
    clip, greater, one_hot = graph.nodes
    assert clip.attrs == {}
    assert set(clip.tensors) == {"low", "high"}
    assert greater.attrs == {"than": 0.5}
    assert one_hot.attrs == {"width": 3, "sparse": False}
    assert one_hot.tensors["position"].dtype == np.uint8


def test_a_list_of_strings_becomes_a_strings_tensor_even_when_empty():
    graph = Graph()
    graph.add("drop_tokens", Tensor("v", "tokens"), words=[])
    graph.add("lookup_string", column("s", "string"), categories=np.array(["x", "y"], object))
    assert graph.nodes[0].tensors["words"] == []
    assert graph.nodes[1].tensors["categories"] == ["x", "y"]


def test_a_number_that_is_not_finite_is_no_attribute():
    with pytest.raises(ValueError, match="array of one element"):
        Graph().add("greater", column("a"), than=np.inf)


def test_cells_remember_the_input_they_come_from():
    graph = Graph()
    joined = graph.dense(frame("a", "b", "c"))
    picked = graph.add("select", joined, columns=np.array([2, 0]))
    assert graph.add("fill_missing", picked, value=np.zeros(2)).columns == (2, 0)
    weights = np.ones((1, 3))
    assert graph.add("linear", joined, weights=weights).columns == (-1,)


def test_integers_and_booleans_are_cast_before_they_are_joined():
    graph = Graph()
    mixed = Frame(
        [("i", column("i", "i64", dtype="int64")), ("b", column("b", "bool", dtype="bool"))]
    )
    graph.dense(mixed)
    assert [node.op for node in graph.nodes] == ["cast", "cast", "concat"]


def test_columns_that_numpy_would_join_to_float32_are_refused():
    half = Frame([(n, column(n, "f32", dtype="float32")) for n in "ab"])
    with pytest.raises(Unsupported, match="float32"):
        Graph().dense(half)
    Graph().dense(Frame([("a", column("a", "f32", dtype="float32")), ("b", column("b"))]))


def test_text_where_numbers_are_expected_names_the_column():
    with pytest.raises(Unsupported, match="column 's' is text"):
        Graph().dense(Frame([("s", column("s", "string"))]))


def test_validate_refuses_columns_that_were_not_fitted():
    import pandas as pd

    scaler = StandardScaler().fit(pd.DataFrame({"a": [1.0, 2], "b": [3.0, 4]}))
    with pytest.raises(Unsupported, match="column 0 was 'a' at fit and is now 'b'"):
        Graph().validate(scaler, frame("b", "a"))
    with pytest.raises(Unsupported, match="fitted on 2 columns, but it gets 3"):
        Graph().validate(scaler, frame("a", "b", "c"))


def test_validate_says_what_check_array_lets_pass():
    scaler = StandardScaler().fit(np.eye(2))
    graph = Graph()
    graph.validate(scaler, frame("a", "b"), missing=True)
    node = graph.nodes[-1]
    assert node.op == "check_finite"
    assert node.attrs == {"missing": True, "float32": False, "columns": [0, 1]}


def test_outputs_name_positions_and_matching_columns_by_class():
    outputs = Outputs(
        {
            "predict": Tensor("v1", "i64"),
            "predict_proba": Tensor("v2", "f64", 2),
            "decision_function": Tensor("v3", "f64", 1),
        },
        classes=np.array(["no", "yes"]),
    )
    assert outputs["predict"].labels == ("no", "yes")
    assert outputs["predict_proba"].labels == ("no", "yes")
    assert outputs["decision_function"].labels is None
    assert all(type(label) is str for label in outputs.classes)


class Doubler:
    """A transformer of this test."""


class Quieter(Doubler):
    """A subclass, which may compute anything."""


@exporter(Doubler)
def doubler(step, x, graph):
    return graph.add("multiply", graph.dense(x), by=np.array([2.0]))


def test_a_subclass_is_not_silently_exported():
    graph = Graph()
    graph.export(Doubler(), column("a"))
    with pytest.raises(Unsupported) as refused:
        graph.export(Quieter(), column("a"), "quiet", "pipeline step")
    assert str(refused.value) == (
        "pipeline step 'quiet' -> Quieter: no exporter; that of Doubler is not used, since a "
        "subclass may compute something else. Register one with @bascule.exporter(Quieter)"
    )


def test_a_class_has_one_exporter():
    def another(step, x, graph):
        return x

    with pytest.raises(ValueError, match="Doubler has an exporter already"):
        exporter(Doubler)(another)


def test_the_path_of_a_refusal_is_told_once():
    class Outer:
        pass

    class Inner:
        pass

    @exporter(Inner)
    def inner(step, x, graph):
        raise Unsupported(step, "metric='haversine'")

    @exporter(Outer)
    def outer(step, x, graph):
        return graph.export(Inner(), x, "in", "part")

    with pytest.raises(Unsupported) as refused:
        Graph().export(Outer(), column("a"), "out", "pipeline step")
    assert str(refused.value) == "pipeline step 'out' -> part 'in' -> Inner: metric='haversine'"


def test_steps_remember_their_path_and_nodes_their_step():
    graph = Graph()
    with graph.at("prep"):
        graph.export(Doubler(), column("a"), "double")
    assert [step.path for step in graph.steps] == ["prep -> double"]
    assert graph.nodes[0].step == "prep -> double"


def test_a_column_that_cannot_be_used_is_refused_only_when_used():
    when = column("when", "i64", refusal="dtype datetime64 is not exported")
    with pytest.raises(Unsupported, match="column 'when': dtype datetime64"):
        Graph().add("cast", when)


def test_an_exporter_whose_library_is_absent_is_skipped(tmp_path, monkeypatch):
    (tmp_path / "exports_absent.py").write_text("import no_such_library_at_all\n")
    monkeypatch.syspath_prepend(tmp_path)
    registry._load("exports_absent")
    assert registry.absent_libraries()["exports_absent"] == "no_such_library_at_all"


def test_an_exporter_that_is_broken_is_not_skipped(tmp_path, monkeypatch):
    (tmp_path / "exports_broken.py").write_text("import bascule.no_such_module\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError):
        registry._load("exports_broken")
