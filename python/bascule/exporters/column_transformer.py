"""ColumnTransformer: each transformer on its columns, results side by side."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.utils._set_output import _get_output_config

from bascule.export import Frame, Graph, Tensor, Unsupported, exporter

_MAX_DENSE_COLUMNS = 65_536  # as the operator to_dense


@exporter(ColumnTransformer)
def column_transformer(step: ColumnTransformer, x: Tensor | Frame, graph: Graph) -> Tensor | Frame:
    """The blocks in the order of `transformers_`, remainder last.

    Columns are the ones that fit resolved, so names, positions, slices, masks and callables are
    one case. Blocks of numbers become one matrix, sparse when fit decided so (`sparse_output_`);
    with texts among them the result is a frame, as numpy's object array is to what follows.
    Source: ColumnTransformer.transform and _hstack.
    """
    blocks: list[Tensor] = []
    for name, transformer, columns in step.transformers_:
        picked = step._transformer_to_input_indices[name]
        if len(picked) == 0 or _is(transformer, "drop"):
            continue
        block = _selection(step, x, picked, np.isscalar(columns), graph)
        if not _is(transformer, "passthrough"):
            block = graph.transform(transformer, block, name, "ColumnTransformer")
        blocks += weighted(tensors(block), (step.transformer_weights or {}).get(name), graph)
    if not blocks:
        raise Unsupported(step, "every column is dropped", "Keep at least one column")
    return _side_by_side(step, blocks, graph)


def _is(transformer: object, word: str) -> bool:
    return isinstance(transformer, str) and transformer == word


def _selection(
    step: ColumnTransformer, x: Tensor | Frame, picked: list[int], scalar: bool, graph: Graph
) -> Tensor | Frame:
    """The columns at `picked` positions of the fit's input; one that was named alone is a Tensor.

    A frame is read by name, so it may have more columns and another order than in fit.
    """
    if isinstance(x, Tensor):
        graph.check_columns(step, x)
        if x.width == 1 and not x.is_number:
            return x
        return graph.add("select", graph.matrix(x), columns=np.array(picked))
    fitted = getattr(step, "feature_names_in_", None)
    if fitted is None:
        graph.check_columns(step, x)
        selected = x.select(picked)
    else:
        selected = x.select([str(fitted[i]) for i in picked])
    return selected[0] if scalar else selected


def tensors(block: Tensor | Frame) -> list[Tensor]:
    return [block] if isinstance(block, Tensor) else block.tensors


def weighted(blocks: list[Tensor], weight: float | None, graph: Graph) -> list[Tensor]:
    """`transformer_weights`: every cell of the block times its weight."""
    if weight is None:
        return blocks
    return [
        graph.add("multiply", graph.matrix(block), by=np.full(block.width, float(weight)))
        for block in blocks
    ]


def _side_by_side(step: ColumnTransformer, blocks: list[Tensor], graph: Graph) -> Tensor | Frame:
    if not all(block.is_number or block.kind == "csr" for block in blocks):
        return _frame(step, blocks, graph)
    if np.result_type(*(np.dtype(block.dtype) for block in blocks)) == np.float32:
        return _frame(step, blocks, graph)  # for steps that are exact on float32; others refuse
    parts = [_number_block(step, block, graph) for block in blocks]
    return parts[0] if len(parts) == 1 else graph.add("concat", *parts)


def _number_block(step: ColumnTransformer, block: Tensor, graph: Graph) -> Tensor:
    if block.kind == "csr":
        return block if step.sparse_output_ else _densified(step, block, graph)
    return block if block.kind == "f64" else graph.add("cast", block)


def _densified(step: ColumnTransformer, block: Tensor, graph: Graph) -> Tensor:
    if block.width > _MAX_DENSE_COLUMNS:
        raise Unsupported(
            step,
            f"a sparse block of {block.width} columns that Python makes dense",
            "Pass sparse_threshold=1.0, or limit the vocabulary with max_features",
        )
    return graph.add("to_dense", block)


def _frame(step: ColumnTransformer, blocks: list[Tensor], graph: Graph) -> Frame:
    """One column per feature. numpy mixes texts and numbers as objects, pandas does not."""
    columns = list(_single_columns(blocks, graph))
    in_numpy = _get_output_config("transform", step)["dense"] == "default"
    if in_numpy and not all(column.is_number for column in columns):
        columns = [replace(column, dtype="object") for column in columns]
    return Frame(zip(_feature_names(step, len(columns)), columns, strict=True))


def _single_columns(blocks: list[Tensor], graph: Graph) -> Iterable[Tensor]:
    for block in blocks:
        if block.width == 1 and block.kind != "csr":
            yield block
        else:
            dense = graph.dense(block)
            for i in range(dense.width):
                yield graph.add("select", dense, columns=np.array([i]))


def _feature_names(step: ColumnTransformer, count: int) -> list[str]:
    """The names that a later step sees with set_output, else positions."""
    try:
        names: list[Any] = list(step.get_feature_names_out())
    except (AttributeError, ValueError):
        names = []
    return [str(name) for name in names] if len(names) == count else [str(i) for i in range(count)]
