"""Which estimators are exported, and docs/estimators.md, which says so.

Every class that scikit-learn's discovery finds is exported, or stands in one of the two tables
below: the small print of this file is what a new release of scikit-learn makes fail first.
Write the page again with `cd tests && python -m parity.coverage`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from bascule.errors import Unsupported
from bascule.export import Frame, Graph, Outputs
from bascule.methods import method_of
from bascule.ops import TABLE
from bascule.registry import exported_classes
from bascule.schema import infer
from sklearn.base import BaseEstimator
from sklearn.utils.discovery import all_estimators

from parity.cases import CASES, REFUSED, Case

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "estimators.md"

# They answer for the rows of fit alone, so there is nothing to export.
CANNOT_SCORE = {
    "fit_predict only": "AgglomerativeClustering DBSCAN HDBSCAN OPTICS SpectralClustering",
    "embeds the rows of fit only": "ClassicalMDS MDS SpectralEmbedding TSNE",
    "biclusters of the fit's matrix": "SpectralBiclustering SpectralCoclustering",
    "estimates a covariance only": "EmpiricalCovariance GraphicalLasso GraphicalLassoCV LedoitWolf "
    "MinCovDet OAS ShrunkCovariance",
    "cuts images into patches": "PatchExtractor",
}

# Not yet: refused by name.
NOT_YET: list[str] = []

OPERATORS = ROOT / "src" / "engine" / "ops"


def discovered() -> set[str]:
    """Names of all estimators of scikit-learn, the experimental one included."""
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401

    return {name for name, _ in all_estimators()}


def cannot_score() -> dict[str, str]:
    return {name: why for why, names in CANNOT_SCORE.items() for name in names.split()}


def exported() -> dict[str, type]:
    """The classes that Bascule itself exports: other tests register exporters of their own."""
    return {
        name_of(cls): cls
        for cls, run in exported_classes().items()
        if run.__module__.startswith("bascule.exporters.")
    }


def name_of(cls: type) -> str:
    """`Ridge` of scikit-learn, `lightgbm.Booster` of another library."""
    library = cls.__module__.partition(".")[0]
    return cls.__name__ if library == "sklearn" else f"{library}.{cls.__name__}"


@cache
def exported_case(case: Case) -> tuple[Graph, Any]:
    """The graph of a case and what its exporter gave; no engine is needed."""
    graph = Graph()
    return graph, graph.export(case.fitted, infer(case.sample.X).enter(graph))


def estimators_in(model: Any) -> Iterable[Any]:
    """A fitted model and every estimator inside it."""
    yield model
    for value in model.get_params(deep=True).values():
        if isinstance(value, BaseEstimator):
            yield value


def reached_operators() -> set[str]:
    return {node.op for case in CASES for node in exported_case(case)[0].nodes}


def operators() -> set[str]:
    """Every operator of the engine: one file each."""
    return {path.stem for path in OPERATORS.glob("*.cc") if not path.stem.endswith("_test")}


def tested_classes() -> set[str]:
    given = {name_of(type(part)) for case in CASES for part in estimators_in(case.estimator)}
    return given | {name_of(type(case.fitted)) for case in CASES}


def page() -> str:
    """docs/estimators.md."""
    names = sorted(exported(), key=str.lower)
    own = [name for name in names if "." not in name]
    scoring = len(discovered() - set(cannot_score()))
    lines = [
        "# Estimators",
        "",
        "Generated from the parity suite (`cd tests && python -m parity.coverage`): every class "
        "below has cases",
        "that are packed, run by the engine and compared with Python, in one batch and row by row, "
        "on the sample and on",
        "hostile rows; each limit is a test that sees it refused by name. T0: the same bits, on "
        "the machine that packs.",
        "T1: a few units in the last place of the sum of |terms|. T2: at most 1e-9. A pipeline's "
        "tier is that of its",
        "weakest step.",
        "",
        "One row and a batch have the same bits in Bascule, always. In scikit-learn itself 104 of "
        "186 classes answer a",
        "row and a batch with different last bits.",
        "",
        f"Of scikit-learn's {scoring} classes that can score new rows {len(own)} are exported, "
        f"and {len(names) - len(own)} of other libraries.",
        "",
        "| class | methods and their tier | inputs in the tests | refused by name |",
        "|---|---|---|---|",
    ]
    lines += [f"| `{name}` | {_methods(name)} | {_inputs(name)} | {_limits(name)} |"
              for name in names]  # fmt: skip
    lines += ["", "## Cannot score new rows", "", "| why | classes |", "|---|---|"]
    lines += [f"| {why} | {_listed(names.split())} |" for why, names in CANNOT_SCORE.items()]
    if NOT_YET:
        lines += ["", "## Not yet", "", "Refused by name; `@bascule.exporter` adds one without a "
                  "new server.", "", _listed(NOT_YET)]  # fmt: skip
    return "\n".join([*lines, ""])


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def _methods(name: str) -> str:
    """Methods with the weakest tier that a case of this class itself, or a step, shows."""
    tiers: dict[str, str] = {}
    for case in CASES:
        graph, _ = exported_case(case)
        for step in graph.steps:
            alone = name_of(type(case.fitted)) == name or name not in _alone()
            if name_of(type(step.estimator)) != name or not alone:
                continue
            result = step.result
            outputs = result if isinstance(result, Outputs) else {"transform": result}
            for output, value in outputs.items():
                tier = _tier(graph, value.tensors if isinstance(value, Frame) else [value])
                method = method_of(output)
                tiers[method] = max(tiers.get(method, tier), tier)
    return ", ".join(f"{method} {tier}" for method, tier in tiers.items())


def _inputs(name: str) -> str:
    """The forms of the samples that its cases are fitted on."""
    forms: dict[str, None] = {}
    for case in CASES:
        if any(name_of(type(step.estimator)) == name for step in exported_case(case)[0].steps):
            X = case.sample.X
            forms[infer(X).form] = None
            if infer(X).form in ("array", "frame") and pd.isna(np.asarray(X)).any():
                forms["missing values"] = None
    return ", ".join(sorted(forms))


@cache
def _alone() -> frozenset[str]:
    """Classes with a case of their own, whose tier no earlier step weakens."""
    return frozenset(name_of(type(case.fitted)) for case in CASES)


def _tier(graph: Graph, values: list[Any]) -> str:
    needed, tiers = {x.value for x in values}, {"T0"}
    labels = all(x.kind == "i64" for x in values)
    for node in reversed(graph.nodes):
        if node.output in needed:
            needed.update(node.inputs)
            tiers.add(TABLE[node.op].tier_of(node.attrs) if node.op in TABLE else "T0")
    return "T0" if labels else max(tiers)


def _limits(name: str) -> str:
    """What the class refuses, in the words of its refusals."""
    last = name.rpartition(".")[2]
    reasons = {error.reason: None for cls, error in _refusals() if cls == last}
    return "; ".join(reasons)


@cache
def _refusals() -> list[tuple[str, Unsupported]]:
    """Of every refused case: the class that refuses, and its sentence."""
    found = []
    for case in REFUSED:
        try:
            exported_case(case)
        except Unsupported as error:
            found.append((error.where.rpartition(" -> ")[2], error))
    return found


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
