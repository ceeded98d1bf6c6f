"""What answers as the one estimator inside it does: searches and self-training."""

from typing import Any

from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    HalvingRandomSearchCV,
    RandomizedSearchCV,
)
from sklearn.semi_supervised import SelfTrainingClassifier

from bascule.export import Exported, Frame, Graph, Outputs, Tensor, Unsupported, exporter
from bascule.exporters.responses import numbers_only


@exporter(GridSearchCV, RandomizedSearchCV, HalvingGridSearchCV, HalvingRandomSearchCV)
def search(step: Any, x: Tensor | Frame, graph: Graph) -> Exported:
    """The answers of best_estimator_. Tier of that estimator. Source: BaseSearchCV.predict."""
    if not hasattr(step, "best_estimator_"):
        raise Unsupported(
            step, "refit=False: there is no best_estimator_", "Fit the search with refit=True"
        )
    return _delegated(step, graph.export(step.best_estimator_, x, "best_estimator_"))


@exporter(SelfTrainingClassifier)
def self_training(step: SelfTrainingClassifier, x: Tensor | Frame, graph: Graph) -> Exported:
    """The answers of estimator_, which is fitted on a matrix. Source: SelfTrainingClassifier."""
    x = numbers_only(step, x, graph)
    return _delegated(step, graph.export(step.estimator_, x, "estimator_"))


def _delegated(step: Any, result: Exported) -> Exported:
    return result.of(step) if isinstance(result, Outputs) else result
