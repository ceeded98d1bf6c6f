"""Wrote format-1.0.bascule, without scikit-learn: python tests/golden/format_1_0.py > FILE

The model: y = 0.5 * size (4 where missing) + (-2, 0.25, 1 for the three cities) - 1, all exact in
binary, so that every machine gives the same bits.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from bascule.container import Named, string_tensors, write_package

CITIES = ["Rome", "Z\u00fcrich", "Krak\u00f3w"]
OFFSETS = [-2.0, 0.25, 1.0]
SIZES = [2.0, -8.0, None, 0.5, float("inf")]
ROW_CITIES = ["Rome", "Krak\u00f3w", "Z\u00fcrich", None, "Oslo"]


def node(op: str, inputs: list[str], out: str, attrs: dict[str, Any], roles: list[str]) -> Any:
    """A node whose tensors are named after its output."""
    return {
        "op": op,
        "version": 1,
        "in": inputs,
        "out": [out],
        "attrs": attrs,
        "step": op,
        "tensors": {role: f"{out}.{role}" for role in roles},
    }


def graph() -> list[Any]:
    """Six nodes, four of them with tensors."""
    strings = ["categories.bytes", "categories.offsets"]
    lookup = {"missing": -1, "refuse_unknown": False, "refuse_missing": False, "column": 1}
    return [
        node("fill_missing", ["column:gr\u00f6\u00dfe"], "filled", {}, ["value"]),
        node("check_finite", ["filled"], "finite", {"columns": [0]}, []),
        node("lookup_string", ["column:city"], "code", lookup, strings),
        node("one_hot", ["code"], "hot", {"width": 3, "sparse": False}, ["position"]),
        node("concat", ["finite", "hot"], "x", {}, []),
        node("linear", ["x"], "y", {}, ["weights", "bias"]),
        node("greater", ["y"], "class", {"than": 0}, []),
    ]


def answer(size: float | None, city: str | None) -> float:
    """What the model gives, by hand."""
    offset = OFFSETS[CITIES.index(city)] if city in CITIES else 0.0
    return 0.5 * (4.0 if size is None else size) + offset - 1.0


def tensors() -> list[Named]:
    """Those of the nodes, then the golden rows."""
    sizes = np.array([np.nan if size is None else size for size in SIZES])
    answers = np.array([answer(*row) for row in zip(SIZES, ROW_CITIES, strict=True)])
    return [
        ("filled.value", np.array([4.0])),
        *string_tensors("code.categories", CITIES),
        ("hot.position", np.arange(3, dtype=np.uint8)),
        ("y.weights", np.array([[0.5, *OFFSETS]])),
        ("y.bias", np.array([-1.0])),
        ("golden.in.0", sizes),
        ("golden.in.0.valid", (~np.isnan(sizes)).astype(np.uint8)),
        *string_tensors("golden.in.1", ROW_CITIES),
        ("golden.refused", np.isinf(sizes).astype(np.uint8)),
        ("golden.out.0", answers.reshape(-1, 1)),
        ("golden.bound.anywhere.0", np.zeros((5, 1))),
        ("golden.out.1", (answers > 0).astype(np.int64)),
        ("golden.tie.1", np.zeros(5, np.uint8)),
    ]


def manifest() -> dict[str, Any]:
    """Every optional key of the format is there once."""
    inputs = [
        {
            "name": "gr\u00f6\u00dfe",
            "type": "number",
            "nullable": True,
            "optional": True,
            "missing": "nan",
            "range": [-8, 2],
            "quantiles": list(range(-8, 13)),
            "missing_rate": 0.25,
        },
        {
            "name": "city",
            "type": "string",
            "nullable": True,
            "optional": False,
            "missing": "none",
            "categories": CITIES,
            "unknown": "ignored",
        },
    ]
    bound = {"here": 0, "anywhere": 1e-300}
    outputs = [
        {
            "name": "decision_function",
            "from": "y",
            "type": "number",
            "width": 1,
            "default": True,
            "bound": bound,
        },
        {
            "name": "predict",
            "from": "class",
            "type": "label",
            "width": 1,
            "default": False,
            "labels": [{"int64": "-9223372036854775808"}, "\U0001f600"],
            "bound": bound,
        },
    ]
    provenance = {
        "libraries": {"numpy": "2.4.6"},
        "parameters": {"C": 1e21},
        "metrics": {"auc": 0.5},
        "notes": "by hand \u20ac\n",
        "git_commit": "0" * 40,
        "data_fingerprint": "",
    }
    return {
        "format": {"major": 1, "minor": 0},
        "model": "tests/format-1.0",
        "kind": "yes/no",
        "score": {"output": "decision_function", "column": 0, "positive": "\U0001f600"},
        "inputs": inputs,
        "outputs": outputs,
        "graph": graph(),
        "golden": {"rows": len(SIZES), "source": "synthesised"},
        "numerics": {"numpy": "2.4.6"},
        "provenance": provenance,
    }


if __name__ == "__main__":
    sys.stdout.buffer.write(write_package(manifest(), tensors()))
