"""CatBoost's categories: their hashes, and the statistics of the target that stand for them.

A category is the low half of CityHash64 of its text. A feature with few of them is split on one;
of the others, alone or combined, fit kept counts per hash ("CTRs"), which become numbers by a
formula in float32. The tables are finite, so the numbers are computed here, once per hash.
Source: catboost/libs/model/static_ctr_provider.cpp, online_ctr.h and ctr_provider.h.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bascule.export import Array, Frame, Graph, Tensor, Unsupported

_EMPTY = 2**64 - 1  # marks a free place of a hash table


@dataclass
class Categories:
    """The categorical columns of a model's input, and what is computed from them.

    columns   by index of the categorical feature
    floats    the model's float features as one matrix, and by index where each stands in it and
              whether its NaN is beyond every border
    """

    step: Any
    graph: Graph
    columns: dict[int, Tensor]
    floats: Tensor | None
    places: dict[int, int]
    nan_is_greatest: dict[int, bool]
    _hashes: dict[int, Tensor] = field(default_factory=dict)
    _mixed: dict[str, Tensor] = field(default_factory=dict)

    def one_hot(self, feature: int, values: list[int]) -> Tensor:
        """A column per value: 1 where the category's hash is that value."""
        code = self.graph.add("lookup_integer", self._hash(feature), categories=np.array(values))
        positions = np.arange(len(values))
        return self.graph.add("one_hot", code, width=len(values), position=positions)

    def statistics(self, ctrs: list[dict[str, Any]], table: dict[str, Any]) -> Tensor:
        """A column per CTR; all of them read the same table."""
        stride = int(table["hash_stride"])
        flat = table["hash_map"]
        hashes = np.array([int(h) for h in flat[::stride]], dtype=np.uint64)
        used = hashes != np.uint64(_EMPTY)
        rows = np.array([flat[i::stride] for i in range(1, stride)], dtype=np.float32).T[used]
        columns = [_formula(ctr, rows, table) for ctr in ctrs]
        values = np.column_stack([known for known, _ in columns]).astype(np.float64)
        code = self.graph.add(
            "lookup_integer",
            self._mixed_hash(ctrs[0]["elements"]),
            categories=hashes[used].view(np.int64),
        )
        return self.graph.add(
            "take",
            code,
            values=values if len(ctrs) > 1 else values[:, 0],
            otherwise=np.array([unknown for _, unknown in columns], dtype=np.float64),
        )

    def _hash(self, feature: int) -> Tensor:
        if feature not in self._hashes:
            column = self.columns[feature]
            if column.kind not in ("string", "i64", "bool"):
                raise Unsupported(
                    self.step,
                    f"a categorical column of {column.kind}",
                    "Pass categories as texts or integers",
                )
            self._hashes[feature] = self.graph.add("city_hash", column, column=column.column)
        return self._hashes[feature]

    def _mixed_hash(self, elements: list[dict[str, Any]]) -> Tensor:
        """The hash of a combination: categories, then splits on numbers, then on one category."""
        key = json.dumps(elements, sort_keys=True)
        if key not in self._mixed:
            parts = [self._part(element) for element in elements]
            self._mixed[key] = self.graph.add("mix_hashes", *parts)
        return self._mixed[key]

    def _part(self, element: dict[str, Any]) -> Tensor:
        kind = element["combination_element"]
        if kind == "cat_feature_value":
            return self._hash(element["cat_feature_index"])
        if kind == "cat_feature_exact_value":
            value = np.array([element["value"]])
            code = self.graph.add(
                "lookup_integer", self._hash(element["cat_feature_index"]), categories=value
            )
            return self.graph.add("map_codes", code, map=np.array([1]), otherwise=0)
        if kind != "float_feature" or self.floats is None:
            raise Unsupported(self.step, f"a combination with {kind}", "Use fewer feature types")
        feature = element["float_feature_index"]
        x = self.graph.add("select", self.floats, columns=np.array([self.places[feature]]))
        if self.nan_is_greatest[feature]:
            x = self.graph.add("fill_missing", x, value=np.array([np.inf]))
        single = self.graph.add("round_float32", x)
        return self.graph.add("greater", single, than=float(np.float32(element["border"])))


def _formula(
    ctr: dict[str, Any], rows: Array, table: dict[str, Any]
) -> tuple[Array, np.floating[Any]]:
    """A CTR of every row of its table, and of a hash that is not in it. All in float32."""
    number = np.float32
    prior, weight = number(ctr["prior_numerator"]), number(ctr["prior_denomerator"])
    shift, scale = number(ctr["shift"]), number(ctr["scale"])

    def of(good: Any, total: Any) -> Any:
        with np.errstate(all="ignore"):
            return ((number(good) + prior) / (number(total) + weight) + shift) * scale

    kind, border = ctr["ctr_type"], int(ctr["target_border_idx"])
    if kind in ("BinarizedTargetMeanValue", "FloatTargetMeanValue"):
        return of(rows[:, 0], rows[:, 1]), of(0, 0)
    if kind in ("Counter", "FeatureFreq"):
        total = int(table["counter_denominator"])
        return of(rows[:, 0], total), of(0, total)
    counts = rows.astype(np.int64)
    good = counts[:, border] if kind == "Buckets" else counts[:, border + 1 :].sum(axis=1)
    return of(good.astype(number), counts.sum(axis=1).astype(number)), of(0, 0)


def categorical_columns(step: Any, x: Tensor | Frame, flat: dict[int, int]) -> dict[int, Tensor]:
    """The columns by index of the categorical feature; `flat` says where each stands."""
    if not flat:
        return {}
    if isinstance(x, Tensor):
        raise Unsupported(
            step, "categorical features in an array", "Fit on a frame with texts or integers"
        )
    return {index: x.tensors[position] for index, position in flat.items()}
