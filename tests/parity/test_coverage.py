"""Nothing is forgotten: every class is classified, every exporter and operator is reached."""

from __future__ import annotations

from parity import coverage


def test_every_class_of_scikit_learn_is_classified_once() -> None:
    own = {name for name in coverage.exported() if "." not in name}
    tables = [own, set(coverage.NOT_YET), set(coverage.cannot_score())]
    assert coverage.discovered() - set().union(*tables) == set(), "classify what is new"
    for i, table in enumerate(tables):
        for other in tables[i + 1 :]:
            assert table & other == set(), "classified twice"
    assert set().union(*tables[1:]) - coverage.discovered() == set(), "no longer in scikit-learn"


def test_every_exported_class_has_a_case() -> None:
    assert set(coverage.exported()) - coverage.tested_classes() == set()


def test_every_operator_is_reached_by_a_case() -> None:
    assert coverage.operators() - coverage.reached_operators() == set()


def test_the_page_is_the_generated_one() -> None:
    assert coverage.PAGE.read_text(encoding="utf-8") == coverage.page(), (
        "write it again: cd tests && python -m parity.coverage"
    )
