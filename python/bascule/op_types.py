"""What each operator gives: kind and width of its output, from its inputs and tensors.

The table mirrors docs/operators.md. The engine proves the same again when it loads a package; here
it lets an exporter see the width of what it built. An operator that this table does not know can
still be added: `Graph.add(..., type=("f64", 3))`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bascule.export import Tensor

Type = tuple[str, int]  # kind and width
Given = Mapping[str, Any]  # attributes and tensors, by name
Rule = Callable[[Sequence["Tensor"], Given], Type]


def _same(x: Sequence[Tensor], _: Given) -> Type:
    return x[0].kind, x[0].width


def _dense(x: Sequence[Tensor], _: Given) -> Type:
    return "f64", x[0].width


def _fixed(kind: str, width: int = 1) -> Rule:
    return lambda x, given: (kind, width)


def _concat(x: Sequence[Tensor], _: Given) -> Type:
    kind = "csr" if any(part.kind == "csr" for part in x) else "f64"
    return kind, sum(part.width for part in x)


_SAME = (
    "subtract add divide multiply clip fill_missing absolute exp log add_stored round_float32 "
    "check_finite normalize_rows sigmoid softmax mark_missing sigmoid_float32 exp_float32 "
    "softmax_float32"
).split()

_RULES: dict[str, Rule] = {
    **dict.fromkeys(_SAME, _same),
    "cast": _dense,
    "is_missing": _dense,
    "to_dense": _dense,
    "to_dense_missing": _dense,
    "concat": _concat,
    "select": lambda x, given: (x[0].kind, len(given["columns"])),
    "lookup_string": _fixed("i64"),
    "lookup_number": _fixed("i64"),
    "one_hot": lambda x, given: ("csr" if given.get("sparse") else "f64", int(given["width"])),
    "take": _fixed("f64"),
    "fill_missing_string": _fixed("string"),
    "normalize_text": _fixed("string"),
    "tokenize": _fixed("tokens"),
    "drop_tokens": _fixed("tokens"),
    "count_tokens": lambda x, given: ("csr", len(given["vocabulary"])),
    "linear": lambda x, given: ("f64", len(given["weights"])),
    "with_complement": _fixed("f64", 2),
    "argmax": _fixed("i64"),
    "greater": _fixed("i64"),
    "tree_ensemble": lambda x, given: ("f64", int(given["outputs"])),
}

# Operators whose cells come one to one from the cells of their first input.
_ROWWISE = frozenset(["normalize_rows", "softmax", "softmax_float32"])
CELLWISE = frozenset(_SAME) - _ROWWISE | {"cast", "is_missing", "to_dense", "to_dense_missing"}
# Operators whose cells all come from the one column that they read.
SPREADING = frozenset(
    "lookup_string lookup_number one_hot take fill_missing_string normalize_text tokenize "
    "drop_tokens count_tokens".split()
)


def output_type(op: str, inputs: Sequence[Tensor], given: Given) -> Type:
    """Kind and width of what `op` gives; a KeyError names an operator the table does not know."""
    return _RULES[op](inputs, given)
