"""OrdinalEncoder: the position of a category as a number."""

import numpy as np
from sklearn.preprocessing import OrdinalEncoder

from bascule.export import Frame, Graph, Tensor, exporter
from bascule.exporters.categories import check_dtype, codes, infrequent_mapping
from bascule.exporters.columns import is_nan, single_columns


@exporter(OrdinalEncoder)
def ordinal_encoder(step: OrdinalEncoder, x: Tensor | Frame, graph: Graph) -> Tensor:
    """Per column: position among the categories, then its number. Tier T0.

    A missing category gets `encoded_missing_value`, an unknown one `unknown_value`.
    Source: OrdinalEncoder.transform.
    """
    check_dtype(step)
    parts = []
    for position, column in enumerate(single_columns(step, x, graph)):
        code = codes(step, x, column, position, step.handle_unknown == "error", graph)
        parts.append(_numbers(step, code, position, graph))
    return parts[0] if len(parts) == 1 else graph.add("concat", *parts)


def _numbers(step: OrdinalEncoder, code: Tensor, position: int, graph: Graph) -> Tensor:
    categories = step.categories_[position]
    mapping = infrequent_mapping(step, position)
    values = np.arange(len(categories), dtype=np.float64)
    values[: len(mapping)] = mapping
    if is_nan(categories[-1]):
        values[-1] = step.encoded_missing_value
    unknown = np.nan if step.unknown_value is None else step.unknown_value
    return graph.add("take", code, values=values, otherwise=np.array([unknown], dtype=np.float64))
