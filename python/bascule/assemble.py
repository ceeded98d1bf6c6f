"""From a graph to the manifest and the tensors of a package."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bascule.columns import Buffer
from bascule.container import Named, string_tensors, write_package
from bascule.export import Node, Tensor
from bascule.schema import Column

_COLUMN = "column:"
_MAX_SAFE = 2**53


@dataclass(frozen=True)
class Output:
    """One output of the package: a Python method, lowered."""

    name: str
    value: str
    type: str  # "number", "label", "integer"
    width: int
    labels: tuple[Any, ...] | None = None
    default: bool = False
    bound: tuple[float, float] = (0.0, 0.0)  # here, anywhere

    @staticmethod
    def of(name: str, x: Tensor) -> Output:
        """The output `name` that gives the dense or i64 value `x`."""
        if x.kind != "i64":
            return Output(name, x.value, "number", x.width, x.labels)
        kind = "integer" if x.labels is None else "label"
        return Output(name, x.value, kind, x.width, x.labels)

    def entry(self) -> dict[str, Any]:
        """The output as the manifest writes it."""
        entry: dict[str, Any] = {
            "name": self.name,
            "from": self.value,
            "type": self.type,
            "width": self.width,
            "default": self.default,
            "bound": {"here": self.bound[0], "anywhere": self.bound[1]},
        }
        if self.labels is not None:
            entry["labels"] = [label_entry(label) for label in self.labels]
        return entry


def label_entry(label: Any) -> Any:
    """A label as the manifest writes it; an integer no double holds is tagged."""
    if isinstance(label, int) and not isinstance(label, bool) and abs(label) > _MAX_SAFE:
        return {"int64": str(label)}
    return label


def label_value(entry: Any) -> Any:
    """A label as Python had it; the inverse of `label_entry`."""
    return int(entry["int64"]) if isinstance(entry, dict) else entry


def reachable(nodes: Sequence[Node], values: Iterable[str]) -> list[Node]:
    """The nodes that `values` need, in order."""
    needed = set(values)
    kept = []
    for node in reversed(nodes):
        if node.output in needed:
            needed.update(node.inputs)
            kept.append(node)
    return kept[::-1]


def used_columns(nodes: Sequence[Node], columns: Sequence[Column]) -> list[int]:
    """Positions of the columns that the nodes read."""
    read = {value for node in nodes for value in node.inputs}
    return [i for i, column in enumerate(columns) if _COLUMN + column.name in read]


def graph_entries(nodes: Sequence[Node]) -> tuple[list[dict[str, Any]], list[Named]]:
    """The manifest's `graph`, and the tensors that its nodes name; equal ones are stored once."""
    entries: list[dict[str, Any]] = []
    tensors: list[Named] = []
    stored: dict[tuple[str, tuple[int, ...], bytes], str] = {}
    for position, node in enumerate(nodes):
        roles: dict[str, str] = {}
        for role, value in node.tensors.items():
            name = f"n{position}.{role}"
            named = string_tensors(name, value) if isinstance(value, list) else [(name, value)]
            for tensor_name, array in named:
                digest = hashlib.sha256(array.tobytes()).digest()
                known = stored.setdefault((array.dtype.str, array.shape, digest), tensor_name)
                roles[role + tensor_name[len(name) :]] = known
                if known == tensor_name:
                    tensors.append((tensor_name, array))
        entries.append(
            {
                "op": node.op,
                "version": node.version,
                "in": list(node.inputs),
                "out": [node.output],
                "attrs": node.attrs,
                "tensors": roles,
                "step": node.step,
            }
        )
    return entries, tensors


def input_entry(column: Column) -> dict[str, Any]:
    """What of a column decides how rows are read; `pack` adds what is for people."""
    return {
        "name": column.name,
        "type": column.type,
        "nullable": column.nullable,
        "optional": column.optional,
    }


def bare_package(
    nodes: Sequence[Node], inputs: Sequence[Mapping[str, Any]], outputs: Sequence[Output]
) -> bytes:
    """A package of just these outputs, without golden rows: for looking into a graph."""
    entries, tensors = graph_entries(reachable(nodes, [output.value for output in outputs]))
    manifest = {
        "format": {"major": 1, "minor": 0},
        "kind": "transformation",
        "inputs": list(inputs),
        "outputs": [output.entry() for output in outputs],
        "graph": entries,
        "golden": {"rows": 0, "source": "synthesised"},
        "numerics": {},
        "provenance": {
            "libraries": {},
            "parameters": {},
            "metrics": {},
            "notes": "",
            "data_fingerprint": "",
        },
    }
    return write_package(manifest, tensors)


def column_tensors(name: str, column: Buffer) -> list[Named]:
    """A column of golden rows, from the buffer the engine was given."""
    if column.offsets is None:
        tensors = [(name, np.asarray(column.values))]
    else:
        offsets = column.offsets.astype(np.uint32)
        tensors = [(f"{name}.bytes", column.values), (f"{name}.offsets", offsets)]
    if column.starts is not None:
        tensors.append((f"{name}.starts", column.starts.astype(np.uint32)))
    if column.valid is not None:
        tensors.append((f"{name}.valid", column.valid.astype(np.uint8)))
    return tensors
