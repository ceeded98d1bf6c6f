"""DictVectorizer: rows that are dicts, a column per key or per key and text."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.feature_extraction import DictVectorizer

from bascule.export import Frame, Graph, Tensor, Unsupported, exporter

_MAX_DENSE_COLUMNS = 65_536  # as the operator to_dense


@exporter(DictVectorizer)
def dict_vectorizer(step: DictVectorizer, x: Tensor | Frame, graph: Graph) -> Tensor:
    """A number in the column of its key, 1 in the column of "key=text". Tier T0.

    The keys are the model's columns, each optional: a key that a row has not is not stored, a zero
    is. Keys and texts that fit has not seen are ignored. Source: DictVectorizer._transform.
    """
    if np.dtype(step.dtype) != np.float64:
        raise Unsupported(step, f"dtype={np.dtype(step.dtype).name}", "Use dtype=numpy.float64")
    if not isinstance(x, Frame) or any(column.missing != "absent" for column in x):
        raise Unsupported(step, "rows that are no dicts", "Pass a list of dicts as the sample")
    parts: list[Tensor] = []
    features: list[str] = []
    numbers: list[Tensor] = []
    for column, names in _sources(step, x):
        if column.kind == "string":
            start = len(column.value.partition(":")[2]) + len(step.separator)
            codes = graph.add("lookup_string", column, categories=[n[start:] for n in names])
            positions = np.arange(len(names))
            parts.append(
                graph.add("one_hot", codes, position=positions, width=len(names), sparse=True)
            )
            features += names
        else:
            numbers.append(column if column.kind == "f64" else graph.add("cast", column))
            features[len(numbers) - 1 : len(numbers) - 1] = names
    if numbers:
        dense = numbers[0] if len(numbers) == 1 else graph.add("concat", *numbers)
        parts.insert(0, graph.add("to_sparse", dense, missing=True))
    joined = parts[0] if len(parts) == 1 else graph.add("concat", *parts)
    return _ordered(step, joined, features, graph)


def _sources(step: Any, x: Frame) -> Iterator[tuple[Tensor, list[str]]]:
    """Every key that matters, with its features; every feature stands behind one key."""
    left = dict(step.vocabulary_)
    for name in left:
        if not isinstance(name, str):
            raise Unsupported(step, f"the key {name!r} is no text", "Make every key a str")
    for key, column in zip(x.names, x, strict=True):
        start = key + step.separator
        names = [
            name
            for name in step.vocabulary_
            if (name.startswith(start) if column.kind == "string" else name == key)
        ]
        if column.refusal is not None and any(n == key or n.startswith(start) for n in left):
            raise Unsupported(
                step, f"key {key!r}: {column.refusal}", "Give the key texts or numbers in fit"
            )
        for name in names:
            if left.pop(name, None) is None:
                raise Unsupported(
                    step,
                    f"the feature {name!r} may stand for more than one key",
                    f"Use another separator than {step.separator!r}",
                )
        if names:
            yield column, names
    for name in left:
        raise Unsupported(
            step,
            f"no row of the sample has the key of the feature {name!r}",
            "Pass a sample in which every key of fit occurs",
        )


def _ordered(step: Any, x: Tensor, features: list[str], graph: Graph) -> Tensor:
    """The features in the order of the vocabulary; dense where the step makes them so."""
    by_column = sorted(step.vocabulary_, key=step.vocabulary_.__getitem__)
    if by_column != features:
        place = {name: i for i, name in enumerate(features)}
        x = graph.add("select", x, columns=np.array([place[name] for name in by_column]))
    if not step.sparse:
        if x.width > _MAX_DENSE_COLUMNS:
            raise Unsupported(step, f"sparse=False with {x.width} columns", "Use sparse=True")
        x = graph.add("to_dense", x)
    return replace(x, names=tuple(by_column))
