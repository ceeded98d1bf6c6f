"""Categories of OneHotEncoder and OrdinalEncoder: from a column to positions among them."""

from typing import Any

import numpy as np

from bascule.export import Frame, Graph, Tensor, Unsupported
from bascule.exporters.columns import column_name, exact_floats, is_nan, is_unicode


def codes(
    step: Any, x: Tensor | Frame, column: Tensor, position: int, refuse_unknown: bool, graph: Graph
) -> Tensor:
    """The position of each cell among `step.categories_[position]`, -1 for an unknown one.

    None and NaN are categories of their own when fit saw them; otherwise they are unknown. Numbers
    compare as float64. A number column refuses infinity, except where Python holds objects.
    Source: _BaseEncoder._transform, sklearn.utils._encode._check_unknown and _encode.
    """
    known, missing = _known(step, position)
    texts = all(isinstance(category, str) for category in known)
    if (column.kind == "string") != texts and known:
        raise Unsupported(
            step,
            f"column {column_name(x, position)} is {column.kind}, "
            f"but its categories are {'texts' if texts else 'numbers'}",
            "Fit on the same type of column that is scored",
        )
    if column.kind == "string":
        for category in known:
            if not is_unicode(category):
                raise Unsupported(
                    step, f"category {category!r}, half of a surrogate pair", "Leave it out of fit"
                )
        code = missing.get(column.missing or "nan")
        return _lookup("lookup_string", column, known, code, refuse_unknown, graph)
    numbers = column if column.kind == "f64" else graph.add("cast", column)
    if column.dtype != "object":
        numbers = graph.add("check_finite", numbers, missing=True, columns=list(column.columns))
    values = exact_floats(step, known, "category")
    return _lookup("lookup_number", numbers, values, missing.get("nan"), refuse_unknown, graph)


def _known(step: Any, position: int) -> tuple[list[Any], dict[str, int]]:
    """The categories that are values, and the codes of those that are missing ones."""
    known: list[Any] = []
    missing: dict[str, int] = {}
    for code, category in enumerate(step.categories_[position]):
        if category is None or is_nan(category):
            missing["none" if category is None else "nan"] = code
        elif missing:
            raise Unsupported(step, f"a missing category that is not last, in column {position}")
        else:
            known.append(category)
    return known, missing


def _lookup(
    op: str, column: Tensor, known: Any, missing: int | None, refuse_unknown: bool, graph: Graph
) -> Tensor:
    return graph.add(
        op,
        column,
        categories=known,
        missing=-1 if missing is None else missing,
        refuse_unknown=refuse_unknown,
        refuse_missing=refuse_unknown and missing is None,
        column=column.column,
    )


def infrequent_mapping(step: Any, position: int) -> np.ndarray:
    """Code -> code after rare categories share one; missing categories are not in it."""
    mapping = None
    if getattr(step, "_infrequent_enabled", False):
        mapping = step._default_to_infrequent_mappings[position]
    count = len(step.categories_[position])
    return np.arange(count) if mapping is None else np.asarray(mapping)


def has_infrequent(step: Any, position: int) -> bool:
    return (
        getattr(step, "_infrequent_enabled", False)
        and step._infrequent_indices[position] is not None
    )


def check_dtype(step: Any) -> None:
    """Codes in float32 would make the next step compute in float32."""
    dtype = np.dtype(step.dtype)
    if dtype != np.float64 and dtype.kind not in "iub":
        raise Unsupported(step, f"dtype={dtype.name}", "Pass dtype='float64'")
