"""Pipeline: its steps, one after the other."""

from sklearn.pipeline import Pipeline

from bascule.export import Exported, Frame, Graph, Outputs, Tensor, exporter


@exporter(Pipeline)
def pipeline(step: Pipeline, x: Tensor | Frame, graph: Graph) -> Exported:
    """Each step transforms what the one before gave; the last one answers what a
    pipeline passes on.

    'passthrough' and None give their input back, `memory` only saves work in fit.
    Source: Pipeline.predict and Pipeline.transform.
    """
    *transformers, (last_name, last) = step.steps
    for name, estimator in transformers:
        if not _is_passthrough(estimator):
            x = graph.transform(estimator, x, name, "pipeline step")
    if _is_passthrough(last):
        return x
    result = graph.export(last, x, last_name, "pipeline step")
    return result.of(step) if isinstance(result, Outputs) else result


def _is_passthrough(estimator: object) -> bool:
    return estimator is None or (isinstance(estimator, str) and estimator == "passthrough")
