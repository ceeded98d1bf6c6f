"""A user's own table for the demo: read it, find the label, say aloud what was decided."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd


class TableError(Exception):
    """The table cannot be used; the message says why and what to do."""


def read_table(options: argparse.Namespace) -> tuple[pd.DataFrame, str, list[str]]:
    """The table with its label as 0 or 1, the label's name, and what was decided on the way.

    Spaces after commas are stripped. `options.na` is one more text that means missing.
    """
    path = Path(options.data)
    if not path.is_file():
        raise TableError(f"DATA={path}: there is no such file")
    header = None if str(options.header).lower() in ("no", "false", "0") else 0
    frame = pd.read_csv(
        path,
        header=header,
        skipinitialspace=True,
        na_values=[options.na] if options.na else None,
        comment="|" if header is None else None,
    )
    frame.columns = [
        f"c{name}" if isinstance(name, int) else str(name).strip() for name in frame.columns
    ]
    label = _label_column(frame, options.label)
    frame = frame[frame[label].notna()].reset_index(drop=True)
    said: list[str] = [f"{len(frame)} rows, {frame.shape[1]} columns, label '{label}'"]
    frame[label] = _positive(frame[label], options.positive, said)
    return _tidy(frame, label, said), label, said


def _label_column(frame: pd.DataFrame, wanted: str | None) -> str:
    if wanted is None:
        raise TableError(f"LABEL= is missing; the columns are {', '.join(frame.columns)}")
    if wanted in frame.columns:
        return wanted
    try:
        return str(frame.columns[int(wanted)])
    except (ValueError, IndexError):
        raise TableError(
            f"LABEL={wanted} is neither a column nor a position; the columns are "
            f"{', '.join(frame.columns)}"
        ) from None


def _positive(values: pd.Series, wanted: str | None, said: list[str]) -> pd.Series:
    counts = values.astype(str).str.strip().value_counts()
    if len(counts) != 2:
        raise TableError(
            f"the label has {len(counts)} different values; a yes/no question has two: "
            f"{', '.join(counts.index[:8])}"
        )
    if wanted is None:
        wanted = str(counts.index[-1])
        said.append(
            f"POSITIVE= was not given: the rarer class, '{wanted}' ({counts.iloc[-1]} rows), is "
            "taken as the positive one"
        )
    elif wanted not in counts.index:
        raise TableError(
            f"POSITIVE={wanted} is not among the label's values: {', '.join(counts.index)}"
        )
    return (values.astype(str).str.strip() == wanted).astype(np.int64)


def _tidy(frame: pd.DataFrame, label: str, said: list[str]) -> pd.DataFrame:
    """Drops columns that say nothing: constants, and numbers that only count the rows."""
    for name in [column for column in frame.columns if column != label]:
        values = frame[name]
        counts_rows = pd.api.types.is_integer_dtype(values) and bool(
            (values.diff().dropna() == 1).all()
        )
        if values.nunique(dropna=False) < 2 or counts_rows:
            said.append(
                f"column '{name}' is left out: it "
                f"{'counts the rows' if counts_rows else 'never changes'}"
            )
            frame = frame.drop(columns=name)
    return frame


def most_telling(frame: pd.DataFrame, label: str, names: list[str]) -> str:
    """The column whose ranks alone separate the label best: the one production will lack."""
    positive = frame[label].to_numpy() == 1

    def separation(name: str) -> float:
        values = frame[name]
        if not pd.api.types.is_numeric_dtype(values):
            values = values.map(frame.groupby(name)[label].mean())
        ranks = values.fillna(values.median()).rank().to_numpy()
        wins = ranks[positive].sum() - positive.sum() * (positive.sum() + 1) / 2
        return abs(wins / (positive.sum() * (~positive).sum()) - 0.5)

    return max(names, key=separation)
