"""imbalanced-learn: its Pipeline, whose samplers only change what is fitted."""

from imblearn.pipeline import Pipeline
from sklearn.pipeline import Pipeline as SklearnPipeline

from bascule.export import Exported, Frame, Graph, Tensor, Unsupported, exporter
from bascule.exporters.pipeline import pipeline


@exporter(Pipeline)
def imblearn_pipeline(step: Pipeline, x: Tensor | Frame, graph: Graph) -> Exported:
    """As scikit-learn's Pipeline, without the steps that resample.

    Source: imblearn.pipeline.Pipeline._iter.
    """
    kept = [(name, part) for name, part in step.steps if not hasattr(part, "fit_resample")]
    if not kept or kept[-1] != step.steps[-1]:
        raise Unsupported(step, "a sampler as its last step", "Add a model after it")
    return pipeline(SklearnPipeline(kept), x, graph)
