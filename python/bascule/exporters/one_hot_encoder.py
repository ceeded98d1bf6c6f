"""OneHotEncoder: a column of zeros and ones for each category."""

import numpy as np
from sklearn.preprocessing import OneHotEncoder

from bascule.export import Frame, Graph, Tensor, Unsupported, exporter
from bascule.exporters.categories import check_dtype, codes, has_infrequent, infrequent_mapping
from bascule.exporters.columns import column_name, single_columns


@exporter(OneHotEncoder)
def one_hot_encoder(step: OneHotEncoder, x: Tensor | Frame, graph: Graph) -> Tensor:
    """Per input column: position among the categories, then one 1. Tier T0.

    Rare categories share the last column, then the dropped column is left out, in this order.
    Source: OneHotEncoder.transform and _map_infrequent_categories.
    """
    check_dtype(step)
    blocks = []
    for position, column in enumerate(single_columns(step, x, graph)):
        width = int(step._n_features_outs[position])
        if width == 0:
            _check_nothing_to_refuse(step, x, position)
            continue
        refuse = step.handle_unknown == "error"
        code = codes(step, x, column, position, refuse, graph)
        blocks.append(_hot(step, code, position, width, graph))
    if not blocks:
        raise Unsupported(step, "drop leaves no column", "Remove this encoder")
    return blocks[0] if len(blocks) == 1 else graph.add("concat", *blocks)


def _hot(step: OneHotEncoder, code: Tensor, position: int, width: int, graph: Graph) -> Tensor:
    positions = _positions(step, position)
    if has_infrequent(step, position) and step.handle_unknown in ("infrequent_if_exist", "warn"):
        # An unknown category is a rare one: give it the rare one's column before it is hot.
        rare = _position(step, position, int(infrequent_mapping(step, position).max()))
        column = graph.add(
            "take",
            code,
            values=positions.astype(np.float64),
            otherwise=np.array([rare], dtype=np.float64),
        )
        code = graph.add(
            "lookup_number",
            column,
            categories=np.arange(width, dtype=np.float64),
            missing=-1,
            column=column.column,
        )
        positions = np.arange(width)
    return graph.add(
        "one_hot", code, width=width, sparse=bool(step.sparse_output), position=positions
    )


def _positions(step: OneHotEncoder, position: int) -> np.ndarray:
    mapping = infrequent_mapping(step, position)
    return np.array([_position(step, position, int(code)) for code in mapping], dtype=np.int64)


def _position(step: OneHotEncoder, position: int, code: int) -> int:
    """The column of a (grouped) code; -1 when it is the dropped one."""
    drops = step._drop_idx_after_grouping
    dropped = None if drops is None else drops[position]
    if dropped is None or code < dropped:
        return code
    return -1 if code == dropped else code - 1


def _check_nothing_to_refuse(step: OneHotEncoder, x: Tensor | Frame, position: int) -> None:
    """A column with no output could only refuse rows, which no operator is left to do."""
    if step.handle_unknown == "error":
        raise Unsupported(
            step,
            f"drop leaves nothing of column {column_name(x, position)}",
            "Drop the column before the encoder, or pass drop='if_binary'",
        )
