"""What Python knows of the engine's operators: one file per family, as in docs/operators.md.

A new operator is src/engine/ops/<name>.cc, an entry here and a row in docs/operators.md.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bascule.ops.operator import TABLE, Given, Operator, Type

if TYPE_CHECKING:
    from bascule.export import Tensor

__all__ = ["TABLE", "Operator", "cells_of", "output_type"]

for _module in pkgutil.iter_modules(__path__, f"{__name__}."):
    importlib.import_module(_module.name)


def output_type(op: str, inputs: Sequence[Tensor], given: Given) -> Type:
    """Kind and width of what `op` gives; a KeyError names an operator the table does not know."""
    return TABLE[op].gives(inputs, given)


def cells_of(op: str) -> str:
    """Where a cell of its output comes from; of an unknown operator "mixed"."""
    return TABLE[op].cells if op in TABLE else "mixed"
