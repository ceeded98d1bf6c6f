"""The data that cases are fitted on: small, seeded, and awkward on purpose.

A `Sample` is what a user would hold (a frame, an array, a list of texts) with targets to fit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

ROWS = 240


@dataclass(frozen=True, eq=False)
class Sample:
    """Rows, and the targets that a case may name."""

    name: str
    X: Any
    targets: dict[str, NDArray[Any]] = field(default_factory=dict)

    def __getitem__(self, columns: list[str]) -> Sample:
        """Some columns of a frame, with the same targets."""
        return Sample(f"{self.name}{columns}", self.X[columns], self.targets)


def _targets(score: NDArray[np.float64]) -> dict[str, NDArray[Any]]:
    """Every kind of target, from one number per row."""
    third = np.digitize(score, np.quantile(score, [0.4, 0.75]))
    return {
        "two": (score > np.quantile(score, 0.6)).astype(int),
        "yes_no": np.where(score > np.quantile(score, 0.6), "yes", "no"),
        "three": third,
        "words": np.array(["high", "low", "mid"])[third],
        "number": score,
        "positive": np.exp(score / 4),
        "two_numbers": np.column_stack([score, np.cos(score)]),
    }


def _numbers(seed: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(ROWS, 5)) * [1, 10, 0.1, 1000, 1]
    x[:, 4] = np.round(x[:, 4])  # ties, and thresholds half-way between integers
    return x


def _score(x: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    noise = np.random.default_rng(seed).normal(size=len(x))
    return x[:, 0] + x[:, 1] / 10 * np.sign(x[:, 4]) + 0.3 * noise


def _with_holes(x: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    holes = np.random.default_rng(seed).random(x.shape) < 0.12
    holes[:, 2] = False  # one column that fit never sees missing
    return np.where(holes, np.nan, x)


def _words(rng: np.random.Generator, count: int) -> str:
    vocabulary = (
        "card payment refund urgent the and gift stra\u00dfe na\u00efve \u0130stanbul FRAUD 2nd "
        "a1 b under_score don't \u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2 \u4e2d\u6587 "
        "caf\u0065\u0301"
    ).split()
    return " ".join(rng.choice(vocabulary, count))


def _charges(seed: int) -> pd.DataFrame:
    """A fraud-like frame: numbers with holes, integers, booleans, categories, a text."""
    rng = np.random.default_rng(seed)
    device = rng.choice(["ios", "android", "web"], ROWS).astype(object)
    device[rng.random(ROWS) < 0.1] = np.nan
    shares = [0.5, 0.3, 0.1, 0.05, 0.05]
    return pd.DataFrame(
        {
            "amount": np.where(rng.random(ROWS) < 0.1, np.nan, rng.gamma(2, 50, ROWS)),
            "age": rng.integers(18, 90, ROWS),
            "country": rng.choice(["DE", "FR", "US", "TR", ""], ROWS, p=shares),
            "device": pd.Series(device, dtype="str"),
            "vip": rng.random(ROWS) < 0.3,
            "rating": rng.choice([1.0, 2.0, 3.0, np.nan], ROWS),
            "description": [_words(rng, n) for n in rng.integers(0, 9, ROWS)],
        }
    )


def _with_categories(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns of pandas' dtype category: of texts, of floats with holes, of integers."""
    columns = frame[["amount", "vip", "country", "device", "rating"]]
    decade = (frame["age"] // 10).rename("decade").astype("category")
    categories = dict.fromkeys(("country", "device", "rating"), "category")
    return pd.concat([columns.astype(categories), decade], axis=1)


def _charge_score(frame: pd.DataFrame, seed: int) -> NDArray[np.float64]:
    noise = np.random.default_rng(seed).normal(size=len(frame))
    risky = frame["description"].str.contains("FRAUD|urgent").to_numpy(float)
    return (
        frame["amount"].fillna(0).to_numpy() / 60
        + 2 * (frame["country"] == "TR").to_numpy(float)
        + risky
        + frame["device"].isna().to_numpy(float)
        + 0.5 * noise
    )


_x = _numbers(1)
_y = _targets(_score(_x, 2))
_frame = _charges(3)
_frame_y = _targets(_charge_score(_frame, 4))
_names = ["v1", "v2", "v3", "v4", "v5"]

numeric = Sample("numeric", _x, _y)
numeric_missing = Sample("numeric_missing", _with_holes(_x, 5), _y)
numeric_frame = Sample("numeric_frame", pd.DataFrame(_with_holes(_x, 5), columns=_names), _y)
whole_frame = Sample("whole_frame", pd.DataFrame(_x, columns=_names), _y)
float32_frame = Sample(
    "float32_frame", pd.DataFrame(_with_holes(_x, 5).astype(np.float32), columns=_names), _y
)
marked_missing = Sample("marked_missing", np.nan_to_num(_with_holes(_x, 5), nan=-1.0), _y)
empty_column = Sample(
    "empty_column", np.column_stack([_with_holes(_x, 5)[:, :3], np.full(ROWS, np.nan)]), _y
)
integers = Sample("integers", pd.DataFrame({"a": _x[:, 1].astype(int), "b": _x[:, 3].astype(int)}))
charges = Sample("charges", _frame, _frame_y)
categories = charges[["country", "device", "vip", "rating", "age"]]
categorical = Sample("categorical", _with_categories(_frame), _frame_y)
texts_and_nulls = charges[["country", "device"]]
nones = Sample(
    "nones",
    pd.DataFrame({"device": _frame["device"].astype(object).where(_frame["device"].notna(), None)}),
    _frame_y,
)
texts = Sample("texts", list(_frame["description"]), _frame_y)
text_series = Sample("text_series", _frame["description"], _frame_y)


def _dicts(seed: int) -> list[dict[str, Any]]:
    """Rows that are dicts, each with some of the keys: numbers with zeros, texts, booleans."""
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(ROWS):
        row = {
            "country": str(rng.choice(["DE", "FR", "", "a=b", "\u00e9"])),
            "amount": float(rng.choice([0.0, 1.5, -2.0, 1e5])),
            "count": int(rng.integers(0, 4)),
            "vip": bool(rng.random() < 0.5),
            "country.code": str(rng.choice(["x", "y"])),
        }
        rows.append({key: value for key, value in row.items() if rng.random() < 0.7})
    return rows


dicts = Sample("dicts", _dicts(6), _targets(_numbers(7)[:, 0]))
dicts_with_nulls = Sample("dicts_with_nulls", [{**row, "age": None} for row in dicts.X])
dicts_of_lists = Sample("dicts_of_lists", [{**row, "tags": ["a", "b"]} for row in dicts.X])
