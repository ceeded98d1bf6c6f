"""FrozenEstimator, which scikit-learn has since 1.6."""

from sklearn.frozen import FrozenEstimator

from bascule.export import Exported, Frame, Graph, Tensor, exporter


@exporter(FrozenEstimator)
def frozen(step: FrozenEstimator, x: Tensor | Frame, graph: Graph) -> Exported:
    """The answers of the estimator that is frozen. Source: FrozenEstimator.__getattr__."""
    return graph.export(step.estimator, x, "estimator")
