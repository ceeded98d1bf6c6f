"""The table of operators, as Python knows them: what each gives, and how far it may be off."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from bascule.ops.rules import Rule

if TYPE_CHECKING:
    from bascule.export import Tensor

Type: TypeAlias = tuple[str, int]  # kind and width
Given: TypeAlias = Mapping[str, Any]  # attributes and tensors, by name
Gives: TypeAlias = Callable[[Sequence["Tensor"], Given], Type]
Cells: TypeAlias = Literal["own", "spread", "mixed"]
Tier: TypeAlias = str | Callable[[Mapping[str, Any]], str]  # from a node's attributes


@dataclass(frozen=True)
class Operator:
    """One operator of src/engine/ops.

    gives   kind and width of the output, from the inputs and what the node holds; the engine proves
            the same again when it loads a package
    bound   how far the output may be off
    cells   where a cell of the output comes from: its "own" cell of the first input, all from the
            one column that the operator reads ("spread"), or several ("mixed")
    tier    "T0": Python's bits on the machine that packs, given the same input; "T1": a few ULP;
            "T2": at most 1e-9 (docs/estimators.md)
    fresh   adds an error of its own, here or on another machine
    """

    name: str
    gives: Gives
    bound: Rule
    cells: Cells = "mixed"
    tier: Tier = "T0"
    fresh: bool = False

    def tier_of(self, attrs: Mapping[str, Any]) -> str:
        """The tier of a node with these attributes."""
        return self.tier if isinstance(self.tier, str) else self.tier(attrs)


TABLE: dict[str, Operator] = {}


def operator(
    *names: str,
    gives: Gives,
    cells: Cells = "mixed",
    tier: Tier = "T0",
    fresh: bool | None = None,
) -> Callable[[Rule], Rule]:
    """Enters operators into the table; what it decorates is their bound.

    A tier other than T0 adds an error of its own, unless `fresh` says otherwise.
    """

    def enter(bound: Rule) -> Rule:
        for name in names:
            if name in TABLE:
                raise ValueError(f"operator {name!r} is in the table already")
            adds = tier != "T0" if fresh is None else fresh
            TABLE[name] = Operator(name, gives, bound, cells, tier, adds)
        return bound

    return enter


def same(x: Sequence[Tensor], _: Given) -> Type:
    """The kind and width of the first input."""
    return x[0].kind, x[0].width


def dense(x: Sequence[Tensor], _: Given) -> Type:
    """A dense value as wide as the first input."""
    return "f64", x[0].width


def fixed(kind: str, width: int = 1) -> Gives:
    """Always this kind and width."""
    return lambda x, given: (kind, width)
