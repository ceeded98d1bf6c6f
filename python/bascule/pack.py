"""pack: from a fitted model and a sample to a package, proved on the way.

In this order: read the sample's columns, lower the model to a graph, ask Python which columns may
be missing, write a package, and compare the package with Python on the whole sample and on
made-up hostile rows. Only then are golden rows chosen and the final bytes written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bascule import facts as facts_of
from bascule import golden as golden_rows
from bascule import provenance
from bascule import schema as schemas
from bascule.answers import kind_of, lower_outputs, score_of
from bascule.assemble import (
    Output,
    bare_package,
    graph_entries,
    input_entry,
    reachable,
    used_columns,
)
from bascule.columns import to_buffers
from bascule.container import write_package
from bascule.describe import input_details, quantiles
from bascule.engine import Engine
from bascule.errors import InputError, Unsupported
from bascule.export import Graph, Node
from bascule.facts import Cell, CellFacts
from bascule.hostile import Maker, Row
from bascule.methods import method_of
from bascule.oracle import Oracle, one_job
from bascule.package import Package
from bascule.parity import Outcome, RowSet, as_error, compare, limits_of, unknown_node
from bascule.probe import Probe
from bascule.schema import Column, Schema, row_count
from bascule.trace import guilty_step

# Parity runs on the whole sample in one batch up to this many rows, evenly thinned beyond.
MAX_SAMPLE = 20_000
# So many of them, and of the made-up rows, are also asked of Python one by one.
SINGLE_SAMPLE = 24
SINGLE_MADE_UP = 64
ORDINARY = 64
HOSTILE = 640
# So many rows, or cells of a matrix, are tried to learn what Python accepts.
_TRIALS = 64
_STRIDE = 8
# So many of the sample's rows may be near ties whose answer is another one than in Python.
_MOST_BY_CHANCE = 0.01


def pack(
    model: Any,
    sample: Any,
    *,
    name: str | None = None,
    positive: Any = None,
    metrics: Mapping[str, Any] | None = None,
    notes: str = "",
    golden: str = "synthesised",
    optional: Sequence[str] = (),
    outputs: Sequence[str] | None = None,
) -> Package:
    """Packs a fitted model into one file for the engine, and proves that both answer the same.

    model     a fitted scikit-learn estimator or pipeline (or another class with an exporter)
    sample    rows like those it was fitted on and in the same form: a pandas frame, a 2-D array, a
              sparse matrix, texts, lists of texts, or dicts; some hundred rows are enough. Columns,
              types and which may be missing are learned from it, so missing values of production
              should occur in it. Of dicts each key becomes an optional column, null is a key that
              is not there, and a key that no row of the sample has is an extra column
    name      the model's name on a server, "fraud/charge"; the file can then be pushed only there
    positive  which of two labels is the event; needed unless they are 0/1, -1/1 or booleans
    metrics   numbers to keep with the model, {"auc": 0.93}
    notes     a sentence for the people who will choose between versions
    golden    "synthesised": the rows that every load replays are made up; "sample": they are rows
              of the sample, which everybody who can read the package can then see
    optional  columns that a caller may leave out altogether; they are missing then
    outputs   the methods answered when a caller asks for none by name, ["predict_proba"]

    Raises Unsupported for what cannot be exported exactly, ParityError for a difference
    from Python.
    """
    if golden not in golden_rows.SOURCES:
        raise InputError(f"golden={golden!r}, expected one of {', '.join(golden_rows.SOURCES)}")
    sample = schemas.plain(sample)
    if row_count(sample) == 0:
        raise InputError("the sample has no rows; pass rows like those the model was fitted on")
    sample = _thinned(schemas.infer(sample, optional), sample)
    lowered = _lower(model, schemas.infer(sample, optional, _number_keys(model)), outputs)
    with one_job(step.estimator for step in lowered.graph.steps):
        lowered = _learn_nullable(model, lowered, sample)
        score = score_of(lowered.kind, lowered.outputs, positive)
        proof = _prove(model, lowered, sample, golden)
    manifest: dict[str, Any] = {
        "format": {"major": 1, "minor": 0},
        "kind": lowered.kind,
        "numerics": provenance.numerics(),
        "provenance": _provenance(lowered, sample, metrics, notes),
    }
    if proof.label_dtypes:
        manifest["numerics"]["labels"] = proof.label_dtypes
    if name is not None:
        manifest["model"] = name
    if score is not None:
        manifest["score"] = score
    packed = _write(manifest, lowered, sample, proof, golden)
    Engine(packed).verify(here=True)
    return Package(packed, proof.near_ties, proof.checked)


@dataclass(frozen=True)
class Lowered:
    """The model as a graph."""

    schema: Schema  # every column of the sample
    used: list[int]  # positions of the columns that the graph reads: the package's inputs
    graph: Graph
    nodes: list[Node]
    outputs: list[Output]
    kind: str

    @property
    def columns(self) -> list[Column]:
        return [self.schema.columns[i] for i in self.used]

    @property
    def inputs(self) -> list[dict[str, Any]]:
        return [input_entry(column) for column in self.columns]


@dataclass(frozen=True)
class Proof:
    """What the parity runs found, and the rows that golden rows are chosen from."""

    rows: RowSet
    outcome: Outcome
    near_ties: list[Any]
    checked: dict[str, int]
    label_dtypes: dict[str, str]
    facts: dict[Cell, CellFacts]


def _thinned(schema: Schema, sample: Any) -> Any:
    count = row_count(sample)
    if count <= MAX_SAMPLE:
        return sample
    return schema.take(sample, [int(i) for i in np.linspace(0, count - 1, MAX_SAMPLE)])


def _number_keys(model: Any) -> list[str]:
    """The keys that a DictVectorizer at the model's front surely knows as numbers."""
    while hasattr(model, "steps"):
        model = model.steps[0][1]
    separator: str = getattr(model, "separator", "")
    names = getattr(model, "feature_names_", ()) if separator else ()
    return [name for name in names if isinstance(name, str) and name and separator not in name]


def _lower(model: Any, schema: Schema, wanted: Sequence[str] | None) -> Lowered:
    """Exports twice: the second time the inputs are only the columns that the graph reads."""
    used: list[int] | None = None
    for _ in range(2):
        graph = Graph()
        result = graph.export(model, schema.enter(graph, used))
        outputs = lower_outputs(result, graph, wanted)
        nodes = reachable(graph.nodes, [output.value for output in outputs])
        used = used_columns(nodes, schema.columns)
    assert used is not None
    if not used:
        raise Unsupported(model, "its answer depends on no column")
    return Lowered(schema, used, graph, nodes, outputs, kind_of(result))


def _learn_nullable(model: Any, lowered: Lowered, sample: Any) -> Lowered:
    """Asks Python to score a good row with each column missing in turn."""
    schema = lowered.schema
    oracle = Oracle(model, schema, lowered.outputs)
    row = schema.rows(sample, [_good_row(oracle, sample)])[0]
    columns = list(schema.columns)
    for index in lowered.used:
        column = columns[index]
        tried = oracle.single(
            schema.build(_without(row, index, column)), range(len(_without(row, index, column)))
        )
        nullable = not tried.refused.all()
        if column.optional and not nullable:
            raise Unsupported(
                "optional",
                f"column {column.name!r} cannot be missing, since Python "
                f"refuses it: {tried.first_reason()}",
            )
        columns[index] = replace(column, nullable=nullable)
    return replace(lowered, schema=schema.with_columns(columns))


def _good_row(oracle: Oracle, sample: Any) -> int:
    """The first row of the sample that Python scores."""
    trials = min(_TRIALS, row_count(sample))
    for row in range(trials):
        answers = oracle.single(sample, [row])
        if not answers.refused[0]:
            return row
    raise InputError(
        f"Python refuses the sample's first {trials} rows itself: {answers.first_reason()}"
    )


def _without(row: list[Any], index: int, column: Column) -> list[list[Any]]:
    """`row` with the column missing; of a matrix, with one of its numbers missing."""
    if not column.type.startswith("number["):
        return [[*row[:index], None, *row[index + 1 :]]]
    cells = np.unique(np.linspace(0, column.width - 1, min(_TRIALS, column.width)).astype(int))
    return [[[None if i == cell else v for i, v in enumerate(row[0])]] for cell in cells]


def _prove(model: Any, lowered: Lowered, sample: Any, golden: str) -> Proof:
    """Compares sample and made-up rows; the rows of the last set may become golden."""
    engine = Engine(bare_package(lowered.nodes, lowered.inputs, lowered.outputs))
    oracle = Oracle(model, lowered.schema, lowered.outputs, lowered.graph.alone)
    facts = facts_of.gather(lowered.nodes, lowered.columns, lowered.graph.values)
    made_up = _made_up_rows(lowered, sample, facts)
    count = row_count(sample)
    sets = {
        "sample": RowSet(
            sample, [f"sample row {i}" for i in range(count)], _spread(count, SINGLE_SAMPLE)
        ),
        "synthesised": RowSet(
            lowered.schema.build([row.values for row in made_up]),
            [f"hostile row {i} ({row.what})" for i, row in enumerate(made_up)],
            _spread(len(made_up), SINGLE_MADE_UP),
        ),
    }
    outcomes = {
        which: _compared(model, lowered, rows, engine, oracle) for which, rows in sets.items()
    }
    _refuse_chance(lowered, sample, outcomes["sample"].unlike)
    checked = {
        "sample_rows": count,
        "sample_rows_one_by_one": outcomes["sample"].one_by_one,
        "hostile_rows": len(made_up),
        "hostile_rows_one_by_one": outcomes["synthesised"].one_by_one,
        "not_compared": sum(outcome.not_compared for outcome in outcomes.values()),
    }
    ties = [tie for outcome in outcomes.values() for tie in outcome.near_ties]
    return Proof(sets[golden], outcomes[golden], ties, checked, oracle.label_dtypes, facts)


def _refuse_chance(lowered: Lowered, sample: Any, unlike: NDArray[np.intp]) -> None:
    """Refuses a model whose answers for the sample are, in Python itself, a matter of last bits."""
    count = row_count(sample)
    if len(unlike) <= _MOST_BY_CHANCE * count:
        return
    probe = Probe(lowered.nodes, lowered.inputs, sample)
    node = unknown_node(lowered.nodes, lowered.graph.values, probe, unlike)
    if node.op == "unless_all_missing":  # such a row's answer is that of the row by itself
        return
    raise Unsupported(
        node.step,
        f"for {len(unlike)} of the sample's {count} rows Python's answer hangs on the last bits of "
        "sums (of rows that are equally near, or of numbers that all but cancel)",
        "Scale the columns first, and drop duplicate rows before fit",
    )


def _compared(
    model: Any, lowered: Lowered, rows: RowSet, engine: Engine, oracle: Oracle
) -> Outcome:
    probe = Probe(lowered.nodes, lowered.inputs, rows.data)
    limits = limits_of(lowered.nodes, lowered.graph.values, lowered.outputs, probe)
    outcome, mismatch = compare(rows, engine, oracle, limits)
    if mismatch is None:
        return outcome
    row = lowered.schema.take(rows.data, [mismatch.row])
    method = method_of(mismatch.output or lowered.outputs[0].name)
    step = guilty_step(lowered.graph, model, row, Probe(lowered.nodes, lowered.inputs, row), method)
    raise as_error(mismatch, rows, step)


def _made_up_rows(lowered: Lowered, sample: Any, facts: dict[Cell, CellFacts]) -> list[Row]:
    """Ordinary and hostile rows over all columns of the sample; unused ones stay as they are."""
    whole = {(lowered.used[column], cell): found for (column, cell), found in facts.items()}
    _, buffers = to_buffers(sample, lowered.inputs)
    seen = {
        (lowered.used[i], cell): values
        for (i, cell), values in quantiles(lowered.columns, buffers).items()
    }
    untouched = lowered.schema.rows(sample, [0])[0]
    maker = Maker(lowered.schema.columns, whole, seen, untouched, frozenset(lowered.used))
    ordinary = maker.ordinary(ORDINARY)
    return [*ordinary, *maker.hostile(ordinary, HOSTILE)]


def _provenance(
    lowered: Lowered, sample: Any, metrics: Mapping[str, Any] | None, notes: str
) -> dict[str, Any]:
    _, buffers = to_buffers(sample, lowered.inputs)
    steps = [(step.path, step.estimator) for step in lowered.graph.steps]
    found: dict[str, Any] = {
        "libraries": provenance.libraries(type(step) for _, step in steps),
        "parameters": provenance.parameters(steps),
        "metrics": provenance.metrics(metrics),
        "notes": notes or "",
        "data_fingerprint": provenance.data_fingerprint([c.name for c in lowered.columns], buffers),
    }
    commit = provenance.git_commit()
    if commit is not None:
        found["git_commit"] = commit
    return found


def _write(
    manifest: dict[str, Any], lowered: Lowered, sample: Any, proof: Proof, golden: str
) -> bytes:
    """The final bytes, golden rows included."""
    entries, tensors = graph_entries(lowered.nodes)
    _, buffers = to_buffers(sample, lowered.inputs)
    limits, answers = proof.outcome.limits, proof.outcome.answers
    rows = golden_rows.choose(answers, limits)
    _, golden_buffers = to_buffers(proof.rows.data, lowered.inputs)
    outputs = [
        replace(output, bound=golden_rows.largest_bounds(output, answers, limits, rows))
        for output in lowered.outputs
    ]
    whole = {
        **manifest,
        "graph": entries,
        "inputs": [
            {**input_entry(column), **details}
            for column, details in zip(
                lowered.columns, input_details(lowered.columns, proof.facts, buffers), strict=True
            )
        ],
        "outputs": [output.entry() for output in outputs],
        "golden": {"rows": len(rows), "source": golden},
    }
    tensors += golden_rows.golden_tensors(
        golden_rows.take_buffers(golden_buffers, rows), outputs, answers, limits, rows
    )
    return write_package(whole, tensors)


def _spread(count: int, limit: int) -> list[int]:
    """Positions from all over, also when only the first of them are taken."""
    found = sorted({int(i) for i in np.linspace(0, count - 1, min(count, limit))})
    return [i for start in range(_STRIDE) for i in found[start::_STRIDE]]
