"""FunctionTransformer: the identity; any function is refused by name."""

from sklearn.preprocessing import FunctionTransformer

from bascule.export import Frame, Graph, Tensor, Unsupported, exporter


@exporter(FunctionTransformer)
def function_transformer(
    step: FunctionTransformer, x: Tensor | Frame, graph: Graph
) -> Tensor | Frame:
    """out = x. Tier T0. With `validate` NaN and infinity are refused, as check_array does.

    Source: FunctionTransformer.transform.
    """
    if step.func is not None:
        name = getattr(step.func, "__qualname__", repr(step.func))
        raise Unsupported(
            step,
            f"func={name}: Python functions cannot be carried across",
            "Apply it before the model, or put an estimator that has an exporter in its place",
        )
    if not step.validate:
        return x
    return graph.validate(step, x, sparse=True)
