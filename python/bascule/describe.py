"""What a package tells people about its columns: ranges, quantiles, categories, missing rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bascule.columns import Buffer
from bascule.facts import Cell, CellFacts
from bascule.schema import Column

Array: TypeAlias = NDArray[Any]
_QUANTILES = 21  # 0 %, 5 %, ..., 100 %
_MAX_CATEGORIES = 1_000  # longer lists stand in the graph's tensors only


def quantiles(columns: Sequence[Column], buffers: Sequence[Buffer]) -> dict[Cell, list[float]]:
    """21 quantiles of the finite numbers of every number cell that has any."""
    found: dict[Cell, list[float]] = {}
    for index, (column, buffer) in enumerate(zip(columns, buffers, strict=True)):
        if column.type in ("string", "tokens", "boolean"):
            continue
        cells = buffer.values.reshape(len(buffer.values), -1)
        present = np.isfinite(cells) if buffer.valid is None else buffer.valid[:, None]
        for cell in range(cells.shape[1]):
            values = cells[:, cell][present[:, cell if present.shape[1] > 1 else 0]]
            if len(values):
                at = np.linspace(0, 1, _QUANTILES)
                found[(index, cell)] = [
                    float(v) for v in np.quantile(values.astype(np.float64), at)
                ]
    return found


def input_details(
    columns: Sequence[Column], facts: Mapping[Cell, CellFacts], buffers: Sequence[Buffer]
) -> list[dict[str, Any]]:
    """Per column the manifest's keys beyond name and type."""
    seen = quantiles(columns, buffers)
    details = []
    for index, (column, buffer) in enumerate(zip(columns, buffers, strict=True)):
        entry: dict[str, Any] = {}
        if column.nullable:
            entry["missing"] = column.missing
            entry["missing_rate"] = missing_rate(column, buffer)
        if column.width == 1 and not column.type.startswith("number["):
            known = facts[(index, 0)]
            if known.categories and len(known.categories) <= _MAX_CATEGORIES:
                entry["categories"] = known.categories
            if known.refuses_unknown is not None:
                entry["unknown"] = "refused" if known.refuses_unknown else "accepted"
            if (index, 0) in seen:
                entry["quantiles"] = seen[(index, 0)]
                entry["range"] = [seen[(index, 0)][0], seen[(index, 0)][-1]]
        details.append(entry)
    return details


def missing_rate(column: Column, buffer: Buffer) -> float:
    """The share of rows, or of cells of a matrix, that are missing in the sample."""
    if buffer.valid is not None:
        return float(1 - buffer.valid.mean()) if len(buffer.valid) else 0.0
    if buffer.values.dtype.kind != "f" or not buffer.values.size:
        return 0.0
    return float(np.isnan(buffer.values).mean())
