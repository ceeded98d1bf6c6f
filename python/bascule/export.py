"""The exporters' API: how a fitted estimator becomes nodes of a graph.

An exporter is one function per class. It takes the fitted estimator, its input as it stands in the
graph, and the graph; it adds nodes and gives back the estimator's output:

    @exporter(StandardScaler)
    def standard_scaler(step: StandardScaler, x: Tensor | Frame, graph: Graph) -> Tensor:
        x = graph.validate(step, x, missing=True)
        if step.with_mean:
            x = graph.add("subtract", x, by=step.mean_)
        if step.with_std:
            x = graph.add("divide", x, by=step.scale_)
        return x

A transformer returns a Tensor or a Frame; a predictor returns `Outputs`, one Tensor per method.
What cannot be exported exactly is refused by name: `raise Unsupported(step, "metric='haversine'")`.
`bascule.pack` finds exporters in `bascule.exporters` and in the entry points of the group
"bascule.exporters", and proves each result on the sample. The operators are in docs/operators.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from bascule import methods, ops
from bascule.errors import Unsupported
from bascule.registry import exporter, find_exporter

__all__ = ["Frame", "Graph", "Node", "Outputs", "Tensor", "Unsupported", "exporter"]

Array: TypeAlias = NDArray[Any]
KINDS = ("f64", "f32", "i64", "bool", "string", "tokens", "csr")
# Roles whose list is a list of strings even when it is empty.
_STRING_ROLES = frozenset(["categories", "vocabulary", "words"])
# Where a cell comes from is written for messages only; a wider list would cost more than it helps.
_MAX_NAMED_COLUMNS = 4096
_MAX_DENSE = 65_536  # columns of a value that is not sparse; the engine holds no wider one


def _is_fitted(step: Any) -> bool:
    """Asked only where something that fit sets is not there: some steps have nothing to fit."""
    try:
        check_is_fitted(step)
    except NotFittedError:
        return False
    except TypeError:  # no estimator as scikit-learn knows them
        return True
    return True


@dataclass(frozen=True, eq=False)
class Tensor:
    """A value of the graph: rows of one type.

    value    its name in the package: "column:<name>" for an input, else a node's output
    kind     "f64", "f32", "i64", "bool" (dense; missing is NaN or null), "string", "tokens", "csr"
    width    columns; 1 for strings and tokens
    columns  per column the position of the model's input that it comes from, -1 for several
    names    per column the feature's name, where known
    dtype    the numpy dtype that Python holds here ("float32", "int8", "object" ...)
    missing  what a null of an input is in Python: "nan", "none", "na"; None when never null
    categorical  an input of pandas' dtype category
    labels   of an output: the classes that its positions (i64) or columns (f64) stand for
    refusal  of an input: why no exporter can use it; it may still be dropped
    """

    value: str
    kind: str
    width: int = 1
    columns: tuple[int, ...] = ()
    names: tuple[str, ...] | None = None
    dtype: str = "float64"
    missing: str | None = None
    labels: tuple[Any, ...] | None = None
    refusal: str | None = None
    categorical: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind is {self.kind!r}, expected one of {', '.join(KINDS)}")
        if len(self.columns) != self.width:
            object.__setattr__(self, "columns", (-1,) * self.width)

    @property
    def column(self) -> int:
        """The one input position behind this value; -1 when there are several."""
        return self.columns[0] if len(set(self.columns)) == 1 else -1

    @property
    def is_number(self) -> bool:
        """True for what can be a column of a float64 matrix."""
        return self.kind in ("f64", "f32", "i64", "bool")


class Frame:
    """Named columns, each a Tensor of width 1: a pandas frame, or a selection from one."""

    def __init__(self, columns: Iterable[tuple[str, Tensor]]) -> None:
        self._columns = list(columns)
        for name, column in self._columns:
            if column.width != 1:
                raise ValueError(f"column {name!r} has width {column.width}, expected 1")

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self._columns]

    @property
    def tensors(self) -> list[Tensor]:
        return [column for _, column in self._columns]

    @property
    def width(self) -> int:
        return len(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def __iter__(self) -> Iterator[Tensor]:
        return iter(self.tensors)

    def __getitem__(self, key: str | int) -> Tensor:
        """One column by name or position."""
        return self._columns[self.positions(key)[0]][1]

    def positions(self, key: Any) -> list[int]:
        """Positions for a name, a position, a slice of either, a list of either, or a mask.

        As in pandas a slice of names includes its end.
        """
        if isinstance(key, slice):
            return list(range(self.width))[self._slice(key)]
        if isinstance(key, (str, int, np.integer)) and not isinstance(key, bool):
            key = [key]
        items = list(key)
        if items and all(isinstance(item, (bool, np.bool_)) for item in items):
            if len(items) != self.width:
                raise ValueError(f"a mask of {len(items)} for {self.width} columns")
            return [i for i, wanted in enumerate(items) if wanted]
        return [self._position(item) for item in items]

    def select(self, key: Any) -> Frame:
        """The columns of `key`, in its order; see `positions`."""
        return Frame(self._columns[i] for i in self.positions(key))

    def _slice(self, key: slice) -> slice:
        start, stop = key.start, key.stop
        if isinstance(stop, str):
            stop = self._position(stop) + 1
        if isinstance(start, str):
            start = self._position(start)
        return slice(start, stop, key.step)

    def _position(self, item: Any) -> int:
        if isinstance(item, str):
            if item not in self.names:
                raise KeyError(f"no column {item!r}; there are {', '.join(map(repr, self.names))}")
            return self.names.index(item)
        position = int(item)
        if not -self.width <= position < self.width:
            raise IndexError(f"column {position} of {self.width}")
        return position % self.width


class Outputs(dict[str, Tensor]):
    """What a predictor answers: method name -> Tensor ("predict", "predict_proba", "transform").

    With `classes`, `predict` holds positions (i64) in them, and every output that is as wide as
    there are classes names its columns by them. `kind` is the package's kind where it cannot be
    told from the outputs: "ranking", "anomaly".
    """

    def __init__(
        self,
        methods: dict[str, Tensor],
        classes: Iterable[Any] | None = None,
        kind: str | None = None,
    ) -> None:
        super().__init__(methods)
        self.kind = kind
        self.classes = None if classes is None else python_labels(classes)
        if self.classes is None:
            return
        for method, x in methods.items():
            if x.kind == "i64" or x.width == len(self.classes):
                self[method] = replace(x, labels=self.classes)

    def of(self, model: Any) -> Outputs:
        """Those that `model`, which answers through what gave these, has as methods too."""
        kept = Outputs({name: x for name, x in self.items() if methods.has(model, name)})
        kept.classes, kept.kind = self.classes, self.kind
        return kept


Value: TypeAlias = Tensor | Frame
Exported: TypeAlias = Tensor | Frame | Outputs


def python_labels(classes: Iterable[Any]) -> tuple[Any, ...]:
    """Class labels as plain Python values: str, int, bool or float."""
    values = [label.item() if isinstance(label, np.generic) else label for label in classes]
    for label in values:
        if not isinstance(label, (str, int, float)):
            raise Unsupported(
                "classes",
                f"a label of type {type(label).__name__}",
                "Use strings, integers, booleans or numbers as labels",
            )
        if isinstance(label, int) and not -(2**63) <= label < 2**63:
            raise Unsupported(
                "classes", f"the label {label}, which is no int64", "Use smaller labels or texts"
            )
    return tuple(values)


@dataclass(frozen=True)
class Node:
    """One node of the graph, as it will stand in the package."""

    op: str
    inputs: tuple[str, ...]
    output: str
    attrs: dict[str, Any]
    tensors: dict[str, Array | list[str]]  # role -> array, or a list of strings
    step: str
    version: int = 1


@dataclass(frozen=True)
class Step:
    """An estimator that was exported: where it stands and what its output is in the graph."""

    path: str
    estimator: Any
    result: Exported


@dataclass
class Graph:
    """The nodes of a model, in the order they run."""

    nodes: list[Node] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    values: dict[str, Tensor] = field(default_factory=dict)  # inputs and what nodes give, by name
    alone: bool = False  # Python's answer for a row depends on its batch: each row is asked alone
    _root: str = ""  # the class of the model: the path of what stands in no named step
    _names: list[str] = field(default_factory=list)  # "prep", "num": as written in the package
    _spoken: list[str] = field(default_factory=list)  # "pipeline step 'prep'": as in messages

    def add(
        self,
        op: str,
        *inputs: Tensor,
        type: tuple[str, int] | None = None,  # noqa: A002
        names: Sequence[str] | None = None,
        version: int = 1,
        **given: Any,
    ) -> Tensor:
        """Adds a node and gives its output.

        Keywords become attributes or tensors: a numpy array is a tensor (integers and booleans in
        the narrowest type that holds them, floats as they are), a list of strings is a strings
        tensor, a scalar or a list of integers is an attribute, and None is left out. A number that
        is not finite must be given as an array of one element. `type` is (kind, width) of the
        output, for operators that bascule.ops does not know.
        """
        for x in inputs:
            if x.refusal is not None:
                name = x.value.partition(":")[2]
                raise Unsupported(self._here(), f"column {name!r}: {x.refusal}")
        given = {name: value for name, value in given.items() if value is not None}
        attrs: dict[str, Any] = {}
        tensors: dict[str, Array | list[str]] = {}
        for name, value in given.items():
            kept = _as_tensor(name, value)
            if kept is not None:
                tensors[name] = kept
            else:
                attrs[name] = _as_attribute(op, name, value)
        kind, width = type if type is not None else ops.output_type(op, inputs, given)
        if kind != "csr" and width > _MAX_DENSE:
            raise Unsupported(
                self._here(), f"{width} dense columns", f"Use at most {_MAX_DENSE} here"
            )
        output = f"v{len(self.nodes)}"
        self.nodes.append(
            Node(
                op, tuple(x.value for x in inputs), output, attrs, tensors, self.step_name, version
            )
        )
        kept_names = tuple(names) if names is not None else _names_after(op, inputs, given)
        dtype = {"i64": "int64", "string": "object"}.get(kind, "float64")
        result = Tensor(
            output,
            kind,
            width,
            _columns_after(op, inputs, given, width),
            kept_names,
            dtype,
            _missing_after(op, inputs),
        )
        self.values.update({x.value: x for x in inputs if x.value.startswith("column:")})
        self.values[output] = result
        return result

    def export(self, step: Any, x: Value, name: str | None = None, label: str = "") -> Exported:
        """Exports a nested estimator by the exporter of its class.

        name   how the parent calls it, for paths and messages ("scale")
        label  what the parent calls such a thing ("pipeline step"), for messages
        """
        if name is not None:
            with self.at(name, label):
                return self.export(step, x)
        where = " -> ".join([*self._spoken, step.__class__.__name__])
        run = find_exporter(step, where)
        self._root = self._root or step.__class__.__name__
        path = self.step_name
        try:
            result = run(step, x, self)
        except Unsupported as error:
            raise error.under(" -> ".join(self._spoken)) from None
        except AttributeError as error:
            if _is_fitted(step):
                raise
            refusal = Unsupported(step, "it is not fitted", "Call fit before pack")
            raise refusal.under(" -> ".join(self._spoken)) from error
        self.steps.append(Step(path, step, result))
        return result

    def transform(self, step: Any, x: Value, name: str | None = None, label: str = "") -> Value:
        """Exports a nested transformer; of a predictor its "transform" output."""
        result = self.export(step, x, name, label)
        if not isinstance(result, Outputs):
            return result
        if "transform" not in result:
            raise Unsupported(step, "its exporter gives no 'transform'")
        return result["transform"]

    @contextmanager
    def at(self, name: str, label: str = "") -> Iterator[None]:
        """Everything added inside belongs to the step `name`."""
        self._names.append(name)
        self._spoken.append(f"{label} '{name}'" if label else f"'{name}'")
        try:
            yield
        finally:
            self._names.pop()
            self._spoken.pop()

    @property
    def step_name(self) -> str:
        """The path of the step being exported: "prep -> num -> scale"."""
        return " -> ".join(self._names) or self._root

    def labels(self, index: Tensor, classes: Iterable[Any]) -> Tensor:
        """`index` (positions, i64) or a matrix with a column per class, with its class labels."""
        return replace(index, labels=python_labels(classes))

    def dense(self, x: Value) -> Tensor:
        """`x` as one dense float64 tensor, as numpy would build it from these columns.

        Refuses strings, and columns whose numpy matrix would be float32: scikit-learn would then
        compute in float32, which the engine does not.
        """
        if isinstance(x, Frame):
            return self._dense_frame(x)
        if x.kind == "f64":
            self._refuse_float32([x])
            return x
        if x.kind == "csr":
            return self.add("to_dense", x)
        if not x.is_number:
            raise Unsupported(
                self._here(),
                f"{_describe(x)} where numbers are expected",
                "Encode it first, for example with OneHotEncoder",
            )
        self._refuse_float32([x])
        return self.add("cast", x)

    def matrix(self, x: Value) -> Tensor:
        """As `dense`, but a sparse tensor stays sparse."""
        return x if isinstance(x, Tensor) and x.kind == "csr" else self.dense(x)

    def validate(
        self,
        step: Any,
        x: Value,
        *,
        missing: bool = False,
        float32: bool = False,
        sparse: bool = False,
    ) -> Tensor:
        """The input of `step` as scikit-learn's `check_array` lets it pass.

        Checks the number of columns and their names against what `step` was fitted on, makes one
        float64 tensor (sparse only with `sparse`), and adds the operator that refuses a row with
        an infinity, with NaN unless `missing`, and with what overflows float32 if `float32`.
        """
        self.check_columns(step, x)
        x = self.matrix(x) if sparse else self.dense(x)
        known = [c for c in set(x.columns) if c >= 0]
        columns = list(x.columns) if known and x.width <= _MAX_NAMED_COLUMNS else None
        return self.add("check_finite", x, missing=missing, float32=float32, columns=columns)

    def check_columns(self, step: Any, x: Value) -> None:
        """Refuses an `x` whose columns are not the ones that `step` was fitted on."""
        expected = getattr(step, "n_features_in_", None)
        if expected is not None and expected != x.width:
            raise Unsupported(step, f"fitted on {expected} columns, but it gets {x.width}")
        fitted = getattr(step, "feature_names_in_", None)
        if fitted is None or not isinstance(x, Frame):
            return
        for position, (want, have) in enumerate(zip(fitted, x.names, strict=True)):
            if want != have:
                raise Unsupported(
                    step,
                    f"its column {position} was {want!r} at fit and is now {have!r}",
                    "Pass the sample's columns in fit's order",
                )

    def _dense_frame(self, x: Frame) -> Tensor:
        for name, column in zip(x.names, x, strict=True):
            if not column.is_number:
                raise Unsupported(
                    self._here(),
                    f"column {name!r} is {_describe(column)}, but numbers are expected",
                    "Encode it first, for example with OneHotEncoder",
                )
        self._refuse_float32(x.tensors)
        parts = [part if part.kind == "f64" else self.add("cast", part) for part in x]
        if not parts:
            raise Unsupported(self._here(), "no columns")
        joined = parts[0] if len(parts) == 1 else self.add("concat", *parts)
        return replace(joined, names=tuple(x.names))

    def _refuse_float32(self, columns: Sequence[Tensor]) -> None:
        numeric = [np.dtype(c.dtype) for c in columns if c.dtype != "object"]
        if numeric and np.result_type(*numeric) == np.float32:
            raise Unsupported(
                self._here(),
                "columns of float32, with which Python computes in float32",
                "Fit on float64: X.astype('float64')",
            )

    def _here(self) -> str:
        return " -> ".join(self._spoken) or self.step_name or "the model"


def _describe(x: Tensor) -> str:
    return {"string": "text", "tokens": "a list of tokens"}.get(x.kind, x.kind)


def narrow(values: Array) -> Array:
    """Integers in the narrowest type that holds them; booleans as 0 and 1 in U8."""
    if values.dtype == np.bool_:
        return values.astype(np.uint8)
    if values.dtype.kind not in "iu" or values.size == 0:
        return values.astype(np.uint8) if values.size == 0 and values.dtype.kind in "iu" else values
    low, high = int(values.min()), int(values.max())
    order = ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8")
    for name in order:
        info = np.iinfo(name)
        if info.min <= low and high <= info.max:
            return values.astype(np.dtype(name).newbyteorder("<"))
    raise ValueError(f"integers from {low} to {high} fit no 64-bit type")


def _as_tensor(name: str, value: Any) -> Array | list[str] | None:
    """The tensor that `value` becomes; None when it is an attribute."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "OU":
        value = list(value)
    if isinstance(value, (list, tuple)):
        if all(isinstance(item, str) for item in value) and (value or name in _STRING_ROLES):
            return [str(item) for item in value]
        return None
    if not isinstance(value, np.ndarray) or value.ndim == 0:
        return None
    if value.dtype.kind in "biu":
        return np.ascontiguousarray(narrow(value))
    if value.dtype in (np.dtype(np.float32), np.dtype(np.float64)):
        return np.ascontiguousarray(value)
    raise ValueError(
        f"tensor {name!r} has dtype {value.dtype}, expected integers, booleans, "
        "float32, float64 or strings"
    )


def _as_attribute(op: str, name: str, value: Any) -> Any:
    if isinstance(value, (np.generic, np.ndarray)):
        value = value.item()
    if isinstance(value, (list, tuple)) and all(isinstance(v, (int, np.integer)) for v in value):
        return [int(v) for v in value]
    if isinstance(value, float) and not np.isfinite(value):
        raise ValueError(f"{op}: attribute {name!r} is {value}; give it as an array of one element")
    if isinstance(value, (bool, int, float, str)):
        return value
    raise ValueError(
        f"{op}: {name!r} is a {value.__class__.__name__}, expected an array, a list "
        "of strings, a list of integers or a scalar"
    )


def _columns_after(
    op: str, inputs: Sequence[Tensor], given: dict[str, Any], width: int
) -> tuple[int, ...]:
    if ops.cells_of(op) == "own":
        return inputs[0].columns
    if ops.cells_of(op) == "spread":
        return (inputs[0].column,) * width
    if op == "select":
        return tuple(inputs[0].columns[int(i)] for i in given["columns"])
    if op == "concat":
        return tuple(c for x in inputs for c in x.columns)
    if inputs and inputs[0].column >= 0 and len(inputs) == 1:
        return (inputs[0].column,) * width
    return (-1,) * width


def _names_after(
    op: str, inputs: Sequence[Tensor], given: dict[str, Any]
) -> tuple[str, ...] | None:
    if ops.cells_of(op) == "own":
        return inputs[0].names
    if op == "select" and inputs[0].names is not None:
        return tuple(inputs[0].names[int(i)] for i in given["columns"])
    if op == "concat" and all(x.names is not None for x in inputs):
        return tuple(name for x in inputs for name in x.names or ())
    return None


def _missing_after(op: str, inputs: Sequence[Tensor]) -> str | None:
    """Texts keep their input's rule for nulls; a float that may be missing is NaN."""
    keeps = op in ("normalize_text", "strip_accents")
    return inputs[0].missing if inputs and keeps else None
