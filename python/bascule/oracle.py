"""Python's own answers, in the form the engine gives them: what a package is compared with.

Two oracles, since scikit-learn itself differs between them in the last bits: all rows at once, and
row by row. Where Python raises for a batch, the rows it refuses are found by halving.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bascule import methods
from bascule.assemble import Output
from bascule.schema import Schema, row_count

_FEWEST = 8  # rows that are asked one by one, however long it takes


@dataclass(frozen=True)
class Answers:
    """Of some rows: per output float64 [rows, width] (labels: positions), and who is refused."""

    values: dict[str, NDArray[np.float64]]  # NaN in refused rows
    refused: NDArray[np.bool_]  # [rows]
    reasons: dict[int, str]  # row -> what Python said

    def first_reason(self) -> str:
        return self.reasons[min(self.reasons)] if self.reasons else ""


class Oracle:
    """The fitted Python model, asked for the outputs of a package.

    alone   its answer for a row depends on the rows beside it, so that each is asked by itself
    """

    def __init__(
        self, model: Any, schema: Schema, outputs: Sequence[Output], alone: bool = False
    ) -> None:
        self.model = model
        self.schema = schema
        self.outputs = list(outputs)
        self.alone = alone
        self.label_dtypes: dict[str, str] = {}  # of the labels that Python gave, by output
        self._threads = _openmp()

    def batch(self, data: Any, suspects: Iterable[int] = ()) -> Answers:
        """All rows in one call per method.

        suspects   rows that are probably refused; they are asked one by one first, so that the
                   others need no search. The answers do not depend on them.
        """
        count = row_count(data)
        if self.alone:
            return self.single(data, range(count))
        reasons: dict[int, str] = {}
        for row in suspects:
            self._halve(data, [row], self.outputs[:1], reasons)
        kept = [row for row in range(count) if row not in reasons]
        try:
            found = [(kept, self._ask(self.schema.take(data, kept), self.outputs))] if kept else []
        except Exception:  # whatever it raises, the rows that raise it are looked for
            # What one method refuses the others refuse too; where not, all of them are asked.
            for outputs in (self.outputs[:1], self.outputs):
                self._halve(data, [row for row in kept if row not in reasons], outputs, reasons)
            kept = [row for row in kept if row not in reasons]
            found = [(kept, self._ask(self.schema.take(data, kept), self.outputs))] if kept else []
        return self._spread(count, reasons, found)

    def single(self, data: Any, rows: Sequence[int], seconds: float = math.inf) -> Answers:
        """Each of `rows` in a call of its own; the answers are in their order.

        seconds   when they are over no further row is asked: the answers are of the first rows
        """
        reasons: dict[int, str] = {}
        found = []
        end = time.monotonic() + seconds
        for position, row in enumerate(rows):
            if position >= _FEWEST and time.monotonic() > end:
                rows = rows[:position]
                break
            try:
                found.append(([position], self._ask(self.schema.take(data, [row]), self.outputs)))
            except Exception as error:  # whatever it raises, this row gets no answer
                reasons[position] = _sentence(error)
        return self._spread(len(rows), reasons, found)

    def _halve(
        self, data: Any, rows: list[int], outputs: Sequence[Output], reasons: dict[int, str]
    ) -> None:
        """Finds the rows that Python refuses among `rows` when asked for `outputs`."""
        if not rows:
            return
        try:
            self._ask(self.schema.take(data, rows), outputs)
        except Exception as error:  # whatever it raises, it gave no answer
            if len(rows) == 1:
                reasons[rows[0]] = _sentence(error)
                return
            middle = len(rows) // 2
            self._halve(data, rows[:middle], outputs, reasons)
            self._halve(data, rows[middle:], outputs, reasons)

    def _ask(self, data: Any, outputs: Sequence[Output]) -> dict[str, NDArray[np.float64]]:
        count = row_count(data)
        answers: dict[str, Any] = {}
        found: dict[str, NDArray[np.float64]] = {}
        with warnings.catch_warnings(), np.errstate(all="ignore"), self._threads():
            warnings.simplefilter("ignore")
            for output in outputs:
                method = methods.method_of(output.name)
                if method not in answers:
                    answers[method] = methods.call(self.model, method, data)
                answer = methods.part(answers[method], output.name)
                if output.type == "label":
                    self.label_dtypes[output.name] = np.asarray(answer).dtype.str
                found[output.name] = as_matrix(answer, count, output)
        return found

    def _spread(
        self,
        count: int,
        reasons: dict[int, str],
        found: Sequence[tuple[list[int], Mapping[str, NDArray[np.float64]]]],
    ) -> Answers:
        refused = np.zeros(count, np.bool_)
        refused[list(reasons)] = True
        values = {o.name: np.full((count, o.width), np.nan) for o in self.outputs}
        for rows, answers in found:
            for name, answer in answers.items():
                values[name][rows] = answer
        return Answers(values, refused, reasons)


def _openmp() -> Callable[[], AbstractContextManager[Any]]:
    """A context with one OpenMP thread, where threadpoolctl (of scikit-learn) can set that.

    Packing asks for single rows hundreds of times; on a busy machine a team of threads costs more
    than the row. BLAS keeps its threads, since the last bits of its sums depend on them.
    """
    try:
        from threadpoolctl import ThreadpoolController
    except ModuleNotFoundError:
        return nullcontext
    return partial(ThreadpoolController().limit, limits=1, user_api="openmp")


@contextmanager
def one_job(estimators: Iterable[Any]) -> Iterator[None]:
    """`n_jobs` of scikit-learn's estimators set aside for a while.

    Forests and bagging add their members' answers in the order in which threads finish, so that
    with several Python's last bits are its own only by chance.
    """
    several = [e for e in estimators if getattr(e, "n_jobs", None) not in (None, 1)]
    several = [e for e in several if type(e).__module__.startswith("sklearn.")]
    before = [e.n_jobs for e in several]
    try:
        for estimator in several:
            estimator.n_jobs = None
        yield
    finally:
        for estimator, n_jobs in zip(several, before, strict=True):
            estimator.n_jobs = n_jobs


def as_matrix(answer: Any, rows: int, output: Output) -> NDArray[np.float64]:
    """What a method gave, as float64 [rows, width]; labels as their positions."""
    if hasattr(answer, "toarray"):
        answer = answer.toarray()
    if hasattr(answer, "to_numpy"):
        plain = output.type == "label"
        answer = answer.to_numpy() if plain else answer.to_numpy(np.float64, na_value=np.nan)
    array = np.asarray(answer)
    if output.type == "label":
        position = {label: i for i, label in enumerate(output.labels or ())}
        found = [position[label] for label in array.reshape(-1).tolist()]
        return np.array(found, np.float64).reshape(rows, -1)
    matrix = array.astype(np.float64).reshape(rows, -1)
    if matrix.shape[1] != output.width:
        raise ValueError(f"{output.name} gives {matrix.shape[1]} columns, expected {output.width}")
    return matrix


def _sentence(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:200]}"
