"""Hostile rows: what a sample seldom holds and production surely sends.

Each row is a made-up ordinary row with one cell changed: missing, an unseen category, an empty
text, infinities, numbers at the edges of float64, float32 and of the ranges seen, and the exact
thresholds of trees with their neighbours.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from bascule.facts import Cell, CellFacts
from bascule.schema import Column

_MAX_CATEGORIES = 8
_MAX_THRESHOLDS = 8
_MAX_INTEGER = 2**53  # Python's own conversions of wider integers differ between its libraries
_SEED = 20261124
UNSEEN = "never seen before"
_TEXTS = (
    "",
    " ",
    UNSEEN,
    "STRASSE Stra\u00dfe \u0130stanbul I\u0307 \u0131",
    "\u03a3\u03a3 \u039f\u0394\u039f\u03a3 \u039f\u03a3\u0301. A\u00ad\u03a3",
    "a\x1cb\u00a0c\u2003d\u0085e\u200bf\u180eg",
    "\U0001f600 x\u0301y caf\u00e9 \u0661\u0662\u0663 \u4f60\u597d",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 \ufb01n \ufdfa \uac01 \u01c5 \u1e9b\u0323",
    "  two\t\n\r\nspaces  and\x00 nul ",
    "don't_stop a.b-c 1,000.50 #tag @you x@y.z $5",
)


class Row(NamedTuple):
    """A row, and what is unusual about it."""

    values: list[Any]
    what: str


@dataclass(frozen=True)
class Maker:
    """Makes rows for these columns. The same columns and facts give the same rows."""

    columns: Sequence[Column]
    facts: Mapping[Cell, CellFacts]
    quantiles: Mapping[Cell, Sequence[float]]  # of each number cell of the sample; may be empty
    untouched: Sequence[Any]  # a row whose values stand in the columns that no node reads
    used: frozenset[int]

    def ordinary(self, count: int) -> list[Row]:
        """Rows drawn from the ranges, categories and vocabularies, each column by itself."""
        rng = np.random.Generator(np.random.PCG64(_SEED))
        return [
            Row([self._draw(i, rng) for i in range(len(self.columns))], f"made-up row {n}")
            for n in range(count)
        ]

    def hostile(self, base: Sequence[Row], limit: int) -> list[Row]:
        """At most `limit` rows, evenly thinned."""
        changes = [
            (index, cell, value)
            for index in sorted(self.used)
            for cell in range(self.columns[index].width)
            for value in self._unusual(index, cell)
        ]
        count = len(changes) + 1  # the first row misses everything
        kept = range(count) if count <= limit else np.linspace(0, count - 1, limit).astype(int)
        return [self._changed(base, int(at), changes) for at in kept]

    def _changed(
        self, base: Sequence[Row], at: int, changes: Sequence[tuple[int, int, Any]]
    ) -> Row:
        """The hostile row at a position, which alone decides what it is made from."""
        if at == 0:
            nothing = [
                self._nothing(i) if i in self.used else v for i, v in enumerate(base[0].values)
            ]
            return Row(nothing, "everything is missing")
        index, cell, value = changes[at - 1]
        values = list(base[at % len(base)].values)
        values[index] = self._with(values[index], index, cell, value)
        return Row(values, f"{_name(self.columns[index], cell)} is {_shown(value)}")

    def _is_matrix(self, index: int) -> bool:
        return self.columns[index].type.startswith("number[")

    def _nothing(self, index: int) -> Any:
        return [None] * self.columns[index].width if self._is_matrix(index) else None

    def _with(self, whole: Any, index: int, cell: int, value: Any) -> Any:
        if not self._is_matrix(index):
            return value
        changed = list(whole)
        changed[cell] = value
        return changed

    def _draw(self, index: int, rng: np.random.Generator) -> Any:
        if index not in self.used:
            return self.untouched[index]
        column = self.columns[index]
        if self._is_matrix(index):
            return [self._draw_number((index, cell), rng) for cell in range(column.width)]
        facts = self.facts[(index, 0)]
        if column.type == "boolean":
            return bool(rng.integers(2))
        if column.type == "string":
            return _draw_text(facts, rng)
        if column.type == "tokens":
            return _draw_tokens(facts, rng)
        number = self._draw_number((index, 0), rng)
        return round(number) if column.type == "integer" else number

    def _draw_number(self, cell: Cell, rng: np.random.Generator) -> float:
        facts = self.facts[cell]
        at = rng.random()
        if facts.categories:
            known = [v for v in facts.categories if math.isfinite(v)]
            return float(known[int(at * len(known))]) if known else 0.0
        seen = self.quantiles.get(cell, ())
        if not len(seen):
            return 0.0
        return float(np.interp(at * (len(seen) - 1), range(len(seen)), seen))

    def _unusual(self, index: int, cell: int) -> list[Any]:
        column, facts = self.columns[index], self.facts[(index, cell)]
        if column.type == "boolean":
            return [None, True, False]
        if column.type == "string":
            known = _thinned(facts.categories, _MAX_CATEGORIES)
            # XGBoost 3 takes names of categories by characters where it means bytes, and then reads
            # what is no longer theirs: nobody's answer to compare with.
            readable = [t for t in _TEXTS if t.isascii() or str(column.dtype) != "category"]
            return [
                None,
                *readable,
                *known,
                *(f" {v}" for v in known[:1]),
                *(v.upper() for v in known[:1]),
                *_thinned(facts.vocabulary, _MAX_CATEGORIES),
            ]
        if column.type == "tokens":
            known = _thinned(facts.vocabulary, _MAX_CATEGORIES)
            one = [*_TEXTS, *known, *(v.upper() for v in known[:1])]
            return [None, [], *([text] for text in one), one, known * 3, [*known, UNSEEN, *known]]
        numbers = _edges(facts, self.quantiles.get((index, cell), ()))
        if column.type == "integer":
            whole = [int(v) for v in numbers if math.isfinite(v) and abs(v) <= _MAX_INTEGER]
            return [None, *dict.fromkeys([*whole, -1, 0, 1, _MAX_INTEGER, -_MAX_INTEGER])]
        if column.type == "number32":
            numbers = [float(np.float32(v)) for v in numbers]
        return [None, *numbers]


def _edges(facts: CellFacts, seen: Sequence[float]) -> list[float]:
    """Numbers where something may change."""
    with np.errstate(over="ignore"):
        numbers = [
            math.inf,
            -math.inf,
            1e300,
            -1e300,
            1e39,
            3.4028235e38,
            5e-324,
            1e-40,
            -0.0,
            0.0,
            *_thinned(facts.categories, _MAX_CATEGORIES),
        ]
        if len(seen):
            low, high = float(seen[0]), float(seen[-1])
            numbers += [low, high, low - 1.0, high + 1.0, 2 * high, -high]
        for cut in _thinned(facts.thresholds, _MAX_THRESHOLDS):
            single = np.float32(cut)
            numbers += [
                cut,
                math.nextafter(cut, math.inf),
                math.nextafter(cut, -math.inf),
                float(single),
                float(np.nextafter(single, np.float32(np.inf))),
                float(np.nextafter(single, np.float32(-np.inf))),
            ]
    return numbers


def _draw_text(facts: CellFacts, rng: np.random.Generator) -> str:
    if facts.categories:
        return str(facts.categories[int(rng.integers(len(facts.categories)))])
    if facts.vocabulary:
        words = rng.integers(len(facts.vocabulary), size=int(rng.integers(1, 13)))
        return " ".join(facts.vocabulary[int(i)] for i in words)
    return UNSEEN


def _draw_tokens(facts: CellFacts, rng: np.random.Generator) -> list[str]:
    known = facts.vocabulary or _TEXTS
    return [known[int(i)] for i in rng.integers(len(known), size=int(rng.integers(0, 9)))]


def _thinned(values: Sequence[Any], limit: int) -> list[Any]:
    if len(values) <= limit:
        return list(values)
    return [values[i] for i in np.linspace(0, len(values) - 1, limit).astype(int)]


def _name(column: Column, cell: int) -> str:
    return f"{column.name}[{cell}]" if column.type.startswith("number[") else column.name


def _shown(value: Any) -> str:
    return "missing" if value is None else repr(value)
