"""A case of the parity suite: an estimator, the rows it is fitted on, and what is expected.

`case` takes fresh estimators; the suite fits each one, packs it and compares. `refused` takes
estimators that fit but cannot be exported exactly, and the words that the refusal must contain.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bascule.pack import pack
from bascule.package import Package
from bascule.scorer import Scorer

from parity.frames import Sample


@dataclass(frozen=True, eq=False)
class Case:
    """A fresh estimator, the rows it is fitted on, and which target."""

    estimator: Any
    sample: Sample
    target: str | None
    words: str | None = None  # of the refusal; None: it is exported
    slow: bool = False
    fit: Callable[[Any, Any, Any], Any] | None = None  # of estimator, X and y: the fitted model

    @cached_property
    def fitted(self) -> Any:
        """The estimator, fitted with every seed 0."""
        seeds = {name: 0 for name in self.estimator.get_params() if name.endswith("random_state")}
        y = () if self.target is None else (self.sample.targets[self.target],)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of convergence and the like: any fitted model will do
            seeded = self.estimator.set_params(**seeds)
            if self.fit is not None:
                return self.fit(seeded, self.sample.X, y[0] if y else None)
            return seeded.fit(self.sample.X, *y)

    @cached_property
    def package(self) -> Package:
        """The case, packed: `pack` compares with Python on the sample and on hostile rows."""
        decides = hasattr(self.fitted, "predict")  # a TargetEncoder has classes too
        labels = list(getattr(self.fitted, "classes_", [])) if decides else []
        positive = labels[1] if len(labels) == 2 and isinstance(labels[1], str) else None
        return pack(self.fitted, self.sample.X, positive=positive)

    @cached_property
    def scorer(self) -> Scorer:
        return Scorer(self.package.bytes)

    def __str__(self) -> str:
        if type(self.estimator).__module__.startswith(("catboost", "xgboost")):
            given = self.estimator.get_params().items()
            shown = {name: value for name, value in given if value is not None and value == value}
            text = f"{type(self.estimator).__name__}({shown})"
        else:
            text = re.sub(r" at 0x[0-9a-f]+", "", " ".join(repr(self.estimator).split()))
        return f"{text[:120]} on {self.sample.name}" + (f", {self.target}" if self.target else "")


CASES: list[Case] = []
REFUSED: list[Case] = []


def case(
    *estimators: Any,
    on: Sample,
    y: str | None = None,
    slow: bool = False,
    fit: Callable[[Any, Any, Any], Any] | None = None,
) -> None:
    """`fit` is given where fit(X, y) is not enough; what it gives back is packed."""
    CASES.extend(Case(estimator, on, y, slow=slow, fit=fit) for estimator in estimators)


def refused(
    *estimators: Any,
    on: Sample,
    y: str | None = None,
    words: str,
    fit: Callable[[Any, Any, Any], Any] | None = None,
) -> None:
    REFUSED.extend(Case(estimator, on, y, words, fit=fit) for estimator in estimators)
