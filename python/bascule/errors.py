"""Errors of bascule: each says what, where, what was expected and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class BasculeError(Exception):
    """The base of every error that bascule raises."""


class PackageError(BasculeError):
    """A package cannot be written, or a file is not a valid package."""


class InputError(BasculeError, ValueError):
    """What was passed cannot be rows of this model: a column is missing or has another type."""


class Unsupported(BasculeError):  # noqa: N818 (the word of the messages)
    """Something that cannot be exported exactly, and is therefore not exported at all.

    where    the path of the step, or an estimator, whose class is named
    reason   what cannot be exported
    way_out  what the user can do instead
    """

    def __init__(self, where: object, reason: str, way_out: str = "") -> None:
        self.where = where if isinstance(where, str) else type(where).__name__
        self.reason = reason
        self.way_out = way_out
        text = f"{self.where}: {reason}"
        super().__init__(f"{text}. {way_out}" if way_out else text)

    def under(self, path: str) -> Unsupported:
        """The same refusal, found while exporting the step at `path`."""
        if self.where.startswith(path):
            return self
        return Unsupported(
            f"{path} -> {self.where}" if path else self.where, self.reason, self.way_out
        )


class ParityError(BasculeError):
    """The packed model and the Python model answered differently for a row.

    step     the path of the first step whose value differs, or the output's name
    row      a description of the row: "sample row 17", "hostile row 3 (column 'age' is missing)"
    column   the column of the value that differs
    python, engine   both answers; "refused: ..." where one of them refuses the row
    """

    def __init__(
        self, step: str, row: str, column: str, python: object, engine: object, detail: str = ""
    ) -> None:
        self.step = step
        self.row = row
        self.column = column
        self.python = python
        self.engine = engine
        text = f"{step}: {row}, {column}: Python says {python!r}, the package says {engine!r}"
        super().__init__(f"{text}; {detail}" if detail else text)


class RowError(NamedTuple):
    """One refused row."""

    row: int  # its position in what was passed
    column: str | None  # the input column at fault; None when it is not one column
    message: str  # one sentence


class RowErrors(BasculeError):  # noqa: N818 (it is a list of errors)
    """Some rows were refused, as Python would refuse them; `errors` lists them in order.

    With errors="return" it is given back and not raised, also when no row was refused.
    """

    _SHOWN = 5

    def __init__(self, errors: Sequence[RowError], rows: int) -> None:
        self.errors = list(errors)
        self.rows = rows
        lines = [f"row {error.row}: {error.message}" for error in self.errors[: self._SHOWN]]
        more = len(self.errors) - len(lines)
        if more > 0:
            lines.append(f"and {more} more")
        head = f'{len(self.errors)} of {rows} rows are refused (errors="return" gives a mask): '
        super().__init__(head + "; ".join(lines))

    @property
    def mask(self) -> NDArray[np.bool_]:
        """[rows], True where a row is refused."""
        mask = np.zeros(self.rows, np.bool_)
        mask[[error.row for error in self.errors]] = True
        return mask


class ServerError(BasculeError):
    """The server answered with an error: its sentence, its code and the HTTP status."""

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status = status
        self.code = code
        super().__init__(message)
