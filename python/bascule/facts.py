"""What a graph knows of each input cell: categories, vocabulary, thresholds.

Hostile rows and golden rows are made from these, and the manifest lists the known categories.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from bascule.export import Node, Tensor
from bascule.schema import Column

Cell: TypeAlias = tuple[int, int]  # position of an input column, position inside it
_LOOKUPS = frozenset(["lookup_string", "lookup_number", "search_string"])
_MAX_CATEGORY = 64  # of a set: that many numbers from 0 are tried
_TEXT = frozenset(
    "fill_missing_string mark_missing_string normalize_text strip_accents tokenize find_all "
    "drop_tokens word_ngrams char_ngrams".split()
)
_NUMBER = frozenset(
    "check_finite check_range cast fill_missing round_float32 mark_missing to_sparse "
    "to_dense".split()
)
# Operators that change their mind at numbers they hold: their tensors, [width] or [width, n].
_CUTS = {
    "bucket": ("edges",),
    "check_range": ("low", "high"),
    "compare": ("by",),
    "interpolate": ("x",),
}


@dataclass
class CellFacts:
    """Of one cell of a row: one column, or one number of a `number[k]`."""

    categories: list[Any] = field(default_factory=list)  # in the order of the first encoder
    vocabulary: list[str] = field(default_factory=list)
    thresholds: list[float] = field(default_factory=list)
    refuses_unknown: bool | None = None  # None: no encoder reads the cell

    def add_thresholds(self, cuts: Iterable[float]) -> None:
        """Those that are finite and not known yet."""
        known = set(self.thresholds)
        self.thresholds += [float(cut) for cut in cuts if np.isfinite(cut) and cut not in known]


def gather(
    nodes: Sequence[Node], columns: Sequence[Column], known: Mapping[str, Tensor] | None = None
) -> dict[Cell, CellFacts]:
    """The facts of every cell of `columns`; `known` are the values of the graph, by name."""
    cells: dict[str, list[Cell | None]] = {}
    facts: dict[Cell, CellFacts] = {}
    for index, column in enumerate(columns):
        cells[f"column:{column.name}"] = [(index, i) for i in range(column.width)]
        facts.update({(index, i): CellFacts() for i in range(column.width)})
    for node in nodes:
        source = [cell for name in node.inputs for cell in cells.get(name, [None])]
        cells[node.output] = _followed(node, source)
        value = (known or {}).get(node.output)
        if value is not None and len(cells[node.output]) != value.width:
            cells[node.output] = [None] * value.width
        if node.op in _LOOKUPS and source[0] is not None:
            _note_categories(node, facts[source[0]])
        elif node.op == "count_tokens" and source[0] is not None:
            facts[source[0]].vocabulary += list(node.tensors["vocabulary"])
        elif node.op == "mark_missing_string" and source[0] is not None:
            marked = [*facts[source[0]].categories, node.attrs["value"]]
            facts[source[0]].categories = list(dict.fromkeys(marked))
        elif node.op in ("tree_ensemble", "tree_path"):
            _note_thresholds(node, source, facts)
        elif node.op in _CUTS:
            _note_cuts(node, source, facts)
    return facts


def _followed(node: Node, source: list[Cell | None]) -> list[Cell | None]:
    """Which input cell each column of the node's output still is."""
    if node.op in _TEXT or node.op in _NUMBER or node.op == "concat":
        return source
    if node.op == "select":
        picked = [int(i) for i in node.tensors["columns"]]
        return [source[i] if i < len(source) else None for i in picked]
    if node.op == "choose":  # of three values, each as wide as the others
        return source[-(len(source) // 3) :]
    return [None]


def _note_categories(node: Node, facts: CellFacts) -> None:
    refuses = bool(node.attrs.get("refuse_unknown", False))
    facts.refuses_unknown = refuses or bool(facts.refuses_unknown)
    values = node.tensors["categories"]
    known = values if isinstance(values, list) else [float(v) for v in values]
    facts.categories += [v for v in known if v not in facts.categories]


def _note_thresholds(node: Node, source: list[Cell | None], facts: dict[Cell, CellFacts]) -> None:
    """Where a split may change its mind: its threshold, and each number of a set of categories."""
    feature = np.asarray(node.tensors["feature"], np.int64)
    threshold = np.asarray(node.tensors["threshold"], np.float64)
    split_feature = feature[feature >= 0]
    chosen = np.asarray(node.tensors.get("set", np.full(len(split_feature), -1)), np.int64)
    for position, cell in enumerate(source):
        if cell is not None:
            here = split_feature == position
            cuts = np.unique(threshold[here & (chosen < 0)])
            facts[cell].add_thresholds(cuts)
            sets = np.unique(chosen[here & (chosen >= 0)])
            if len(sets):
                end = 32 * int(np.asarray(node.tensors["set_words"], np.int64)[sets].max())
                categories = [-1, *range(min(end, _MAX_CATEGORY)), end]
                facts[cell].add_thresholds(categories)


def _note_cuts(node: Node, source: list[Cell | None], facts: dict[Cell, CellFacts]) -> None:
    for role in _CUTS[node.op]:
        if role not in node.tensors:
            continue
        cuts = np.asarray(node.tensors[role], np.float64).reshape(len(source), -1)
        for cell, own in zip(source, cuts, strict=True):
            if cell is not None:
                facts[cell].add_thresholds(np.unique(own))
