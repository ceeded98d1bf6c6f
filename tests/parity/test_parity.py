"""Every case: packed, run by the engine, and compared with Python."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from bascule.errors import Unsupported
from bascule.export import Graph
from bascule.schema import infer, row_count

from parity.cases import CASES, REFUSED, Case

_SOME = 9  # rows that are scored alone

every_case = pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=str(case), marks=[pytest.mark.slow] * case.slow) for case in CASES],
)


@every_case
def test_the_package_answers_as_python_does(case: Case) -> None:
    """`pack` raises ParityError otherwise: whole sample, hostile rows, row by row, refusals."""
    checked = case.package.checked
    assert checked["sample_rows"] == row_count(case.sample.X)
    assert checked["hostile_rows_one_by_one"] > 0
    assert checked["not_compared"] < 0.1 * (checked["sample_rows"] + checked["hostile_rows"])


@every_case
def test_one_row_and_a_batch_have_the_same_bits(case: Case) -> None:
    batch, _ = case.scorer.run(case.sample.X, errors="return")
    schema = infer(case.sample.X)
    for row in np.linspace(0, row_count(case.sample.X) - 1, _SOME).astype(int):
        alone, _ = case.scorer.run(schema.take(case.sample.X, [row]), errors="return")
        for name, answer in alone.items():
            assert answer.tobytes() == batch[name][row : row + 1].tobytes(), (name, row)


@every_case
def test_no_rows_give_no_answers(case: Case) -> None:
    whole, _ = case.scorer.run(case.sample.X, errors="return")
    for name, answer in case.scorer.run(infer(case.sample.X).take(case.sample.X, [])).items():
        assert answer.shape == (0, *whole[name].shape[1:])


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_what_is_not_exact_is_refused_by_name(case: Case) -> None:
    graph = Graph()
    with pytest.raises(Unsupported) as raised:
        graph.export(case.fitted, infer(case.sample.X).enter(graph))
    error: Any = raised.value
    assert case.words in str(error)
    assert error.way_out, "a refusal says what to do instead"
