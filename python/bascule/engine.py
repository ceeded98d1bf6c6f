"""The C++ engine, as the rest of the Python package sees it: a plan and its runs."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bascule import _engine
from bascule.columns import Buffer
from bascule.errors import InputError, PackageError, RowError

_FORMATS = {
    "number": "g",
    "number32": "f",
    "integer": "l",
    "boolean": "b",
    "string": "U",
    "tokens": "+L",  # of "U"
}


class Engine:
    """A loaded package. Immutable; any number of threads may run it.

    `threads` of them share a batch of more than 256 rows, the calling one included.
    """

    def __init__(self, source: bytes | str | os.PathLike[str], threads: int = 1) -> None:
        try:
            self._threads = _engine.Threads(threads) if threads > 1 else None
            if isinstance(source, bytes):
                self._plan = _engine.Plan.load(source)
            else:
                self._plan = _engine.Plan.load_file(os.fspath(source))
        except _engine.EngineError as error:
            raise PackageError(error.args[1]) from None
        self.description: dict[str, Any] = json.loads(self._plan.describe())
        self.manifest: dict[str, Any] = self.description["manifest"]
        self.inputs: list[dict[str, Any]] = self.manifest["inputs"]

    def verify(self, here: bool) -> None:
        """Replays the golden rows; PackageError names the first that differs."""
        try:
            self._plan.verify(here)
        except _engine.EngineError as error:
            raise PackageError(error.args[1]) from None

    def run(
        self, rows: int, buffers: Sequence[Buffer], outputs: Sequence[str] | None
    ) -> tuple[dict[str, NDArray[Any]], list[RowError]]:
        """Scores `rows` rows, one buffer per input of the manifest.

        Gives float64 or int64 arrays [rows] or [rows, width] by output (`outputs`, or the default
        ones), and the refused rows in order. A refused row holds NaN, or 0 where integers stand.
        """
        columns = [
            _arrow(column, buffer, rows)
            for column, buffer in zip(self.inputs, buffers, strict=True)
        ]
        try:
            answers, refused = self._plan.run(
                rows, columns, None if outputs is None else list(outputs), self._threads
            )
        except _engine.EngineError as error:
            raise InputError(error.args[1]) from None
        at = [row for row, _, _, _ in refused]
        if at:
            for values in answers.values():
                values[at] = np.nan if values.dtype.kind == "f" else 0
        errors = [
            RowError(row, self.inputs[column]["name"] if column >= 0 else None, message)
            for row, column, _, message in refused
        ]
        return answers, errors


def _arrow(column: Mapping[str, Any], buffer: Buffer, rows: int) -> Any:
    """The column as `_engine.Plan.run` takes it: in the layout of Arrow."""
    kind = column["type"]
    fixed_list = kind.startswith("number[")
    format_ = f"+w:{buffer.values.shape[1]}" if fixed_list else _FORMATS[kind]
    values = np.packbits(buffer.values, bitorder="little") if format_ == "b" else buffer.values
    valid = None if buffer.valid is None else np.packbits(buffer.valid, bitorder="little")
    return column["name"], format_, rows, valid, buffer.starts, buffer.offsets, values
