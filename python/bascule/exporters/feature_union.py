"""FeatureUnion: several transformers on the same columns, results side by side."""

from sklearn.pipeline import FeatureUnion

from bascule.export import Frame, Graph, Tensor, Unsupported, exporter
from bascule.exporters.column_transformer import tensors, weighted


@exporter(FeatureUnion)
def feature_union(step: FeatureUnion, x: Tensor | Frame, graph: Graph) -> Tensor:
    """The blocks in the order of `transformer_list`, sparse when any of them is.

    'drop' leaves a transformer out, 'passthrough' gives its input.
    Source: FeatureUnion.transform and _hstack.
    """
    blocks: list[Tensor] = []
    for name, transformer in step.transformer_list:
        if isinstance(transformer, str) and transformer == "drop":
            continue
        block = x
        if not isinstance(transformer, str):
            block = graph.transform(transformer, x, name, "FeatureUnion")
        blocks += weighted(tensors(block), (step.transformer_weights or {}).get(name), graph)
    if not blocks:
        raise Unsupported(step, "every transformer is dropped", "Keep at least one")
    blocks = [graph.matrix(block) for block in blocks]
    return blocks[0] if len(blocks) == 1 else graph.add("concat", *blocks)
