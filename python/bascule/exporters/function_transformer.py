"""FunctionTransformer: numpy's functions of one argument; any other function is refused by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from scipy import special
from sklearn.preprocessing import FunctionTransformer

from bascule.export import Array, Frame, Graph, Tensor, Unsupported, exporter
from bascule.exporters.columns import integers
from bascule.ops.numbers import FUNCTIONS

Lower: TypeAlias = Callable[[FunctionTransformer, Tensor, Mapping[str, Any], Graph], Tensor]

_WAY_OUT = (
    "Use a function of numpy such as np.log1p, or make it a transformer class of your own and "
    "register an exporter with @bascule.exporter"
)
# Of whole numbers they give whole numbers, and so float64 holds what Python computes.
_KEEP_INTEGERS = frozenset("absolute ceil clip conjugate floor negative positive rint".split()) | {
    "nan_to_num",
    "sign",
    "trunc",
    "isnan",
}
_WRAP_INTEGERS = frozenset(["square", "reciprocal"])  # 2**40 squared is 0, 1 // 3 is 0
# scipy.sparse has methods of these names, which numpy calls; of the others it raises.
_OF_SPARSE = frozenset(
    "absolute arcsin arcsinh arctan arctanh ceil deg2rad expm1 floor log1p negative positive "
    "rad2deg rint sign sin sinh sqrt tan tanh trunc".split()
)
_SAME_AS = {"deg2rad": "radians", "rad2deg": "degrees", "fabs": "absolute"}
_WIDE = 4  # bytes: the logarithm of narrower integers is a float32, or a float16
_MOST_DECIMALS = 22  # 10**22 is the last power of ten that float64 holds


@exporter(FunctionTransformer)
def function_transformer(
    step: FunctionTransformer, x: Tensor | Frame, graph: Graph
) -> Tensor | Frame:
    """out = func(x), cell by cell. Tier T0; T1 for numpy's logarithms, exponentials and angles.

    A frame stays a frame, as numpy's functions leave it. With `validate` NaN and infinity are
    refused, as check_array does. Source: FunctionTransformer.transform.
    """
    func, given = _called(step)
    if func is None:
        return graph.validate(step, x, sparse=True) if step.validate else x
    name, lower = _lowering(step, func)
    for column in x if isinstance(x, Frame) else [x]:
        _check_dtype(step, name, column)
    if step.validate:
        whole = integers(x)
        x = replace(graph.validate(step, x, sparse=True), dtype=whole or "float64")
    if isinstance(x, Tensor) or name == "nan_to_num":  # which gives an array
        x = _read(graph.matrix(x), graph)
        if x.kind == "csr" and name not in _OF_SPARSE:
            raise Unsupported(step, f"func={name} on sparse input", "Make the input dense first")
        return lower(step, x, given, graph)
    columns = [replace(lower(step, _number(x, graph), given, graph), names=None) for x in x]
    return Frame(zip(_names(step, x), columns, strict=True))


def _called(step: FunctionTransformer) -> tuple[Any, dict[str, Any]]:
    """The function under any `functools.partial` with keywords, and all keywords."""
    func: Any = step.func
    given = dict(step.kw_args or {})
    while isinstance(func, partial) and not func.args:
        func, given = func.func, {**func.keywords, **given}
    return func, given


def _lowering(step: FunctionTransformer, func: Any) -> tuple[str, Lower]:
    name = getattr(func, "__name__", "")
    if func is abs:
        return "absolute", _lower_function("absolute")
    if func is special.expit:
        return "expit", _lower_function("expit")
    if func in (np.clip, np.round, np.nan_to_num):
        lower = {np.clip: _clip, np.round: _round, np.nan_to_num: _nan_to_num}[func]
        return name, lower
    own = getattr(np, name, None) is func or getattr(special, name, None) is func
    if isinstance(func, np.ufunc) and own:
        name = _SAME_AS.get(name, name)
        if name in FUNCTIONS or name in _OPERATORS or name in _SAME_AS:
            return name, _lower_function(name)
    shown = getattr(func, "__qualname__", name) or repr(func)
    raise Unsupported(step, f"func={shown}: Python functions cannot be carried across", _WAY_OUT)


# Functions that are operators of their own.
_OPERATORS = {
    "absolute": "absolute",
    "exp": "exp",
    "log": "log",
    "expit": "sigmoid",
    "isnan": "is_missing",
    "positive": "",
    "conjugate": "",
}


def _lower_function(name: str) -> Lower:
    def lower(
        step: FunctionTransformer, x: Tensor, given: Mapping[str, Any], graph: Graph
    ) -> Tensor:
        _refuse_others(step, name, given, ())
        if name not in _OPERATORS:
            return graph.add("function", x, name=name)
        return graph.add(_OPERATORS[name], x) if _OPERATORS[name] else x

    return lower


def _clip(step: FunctionTransformer, x: Tensor, given: Mapping[str, Any], graph: Graph) -> Tensor:
    """numpy.clip: at least the one, then at most the other."""
    _refuse_others(step, "clip", given, ("a_min", "a_max", "min", "max"))
    low = _limit(step, x, given, ("a_min", "min"), -np.inf)
    high = _limit(step, x, given, ("a_max", "max"), np.inf)
    return graph.add("clip", x, low=low, high=high)


def _limit(
    step: FunctionTransformer,
    x: Tensor,
    given: Mapping[str, Any],
    names: tuple[str, ...],
    otherwise: float,
) -> Array:
    value = next((given[name] for name in names if given.get(name) is not None), otherwise)
    limit = np.asarray(value)
    if limit.dtype.kind not in "iuf" or limit.size not in (1, x.width) or np.isnan(limit).any():
        raise Unsupported(step, f"{names[0]}={value!r}", "Pass one number")
    return np.broadcast_to(limit.astype(np.float64).reshape(-1), x.width).copy()


def _round(step: FunctionTransformer, x: Tensor, given: Mapping[str, Any], graph: Graph) -> Tensor:
    """numpy.round: times a power of ten, to the nearest even, divided by it; less than no decimals
    the other way round."""
    _refuse_others(step, "round", given, ("decimals",))
    decimals = int(given.get("decimals", 0))
    if abs(decimals) > _MOST_DECIMALS:
        raise Unsupported(step, f"decimals={decimals}", f"At most {_MOST_DECIMALS} are exact")
    if x.dtype.startswith(("int", "uint")) and decimals < 0:
        raise Unsupported(step, f"decimals={decimals} of whole numbers", "Use X.astype('float64')")
    power = np.full(x.width, 10.0 ** abs(decimals))
    before, after = ("multiply", "divide") if decimals >= 0 else ("divide", "multiply")
    if decimals == 0:
        return graph.add("function", x, name="rint")
    return graph.add(
        after, graph.add("function", graph.add(before, x, by=power), name="rint"), by=power
    )


def _nan_to_num(
    step: FunctionTransformer, x: Tensor, given: Mapping[str, Any], graph: Graph
) -> Tensor:
    """numpy.nan_to_num: NaN and both infinities become numbers."""
    _refuse_others(step, "nan_to_num", given, ("copy", "nan", "posinf", "neginf"))
    largest = np.finfo(np.float64).max
    infinite = ((np.inf, given.get("posinf"), largest), (-np.inf, given.get("neginf"), -largest))
    for infinity, value, otherwise in infinite:
        number = np.full(x.width, float(otherwise if value is None else value))
        found = graph.add("compare", x, how="equal", by=np.full(x.width, infinity))
        x = graph.add("choose", found, graph.add("clip", x, low=number, high=number), x)
    return graph.add("fill_missing", x, value=np.full(x.width, float(given.get("nan", 0.0))))


def _refuse_others(
    step: FunctionTransformer, name: str, given: Mapping[str, Any], known: tuple[str, ...]
) -> None:
    for key, value in given.items():
        if key not in known:
            raise Unsupported(step, f"kw_args={{{key!r}: {value!r}}} of func={name}", _WAY_OUT)


def _number(x: Tensor, graph: Graph) -> Tensor:
    if x.kind == "f64":
        return _read(x, graph)
    return replace(graph.add("cast", x), dtype=x.dtype)


def _read(x: Tensor, graph: Graph) -> Tensor:
    """`x` as a node gives it: how far an operator's answer is off is told from its input's value,
    which is only known of nodes."""
    if not x.value.startswith("column:"):
        return x
    return replace(graph.add("select", x, columns=np.arange(x.width)), dtype=x.dtype)


def _check_dtype(step: FunctionTransformer, name: str, x: Tensor) -> None:
    """numpy computes in the type of the column: some types give other numbers than float64."""
    if x.kind == "csr":
        return
    if not x.is_number:
        raise Unsupported(step, f"func={name} on text", "Select the columns of numbers")
    dtype = np.dtype(x.dtype)
    wraps = name in _WRAP_INTEGERS or (name == "negative" and dtype.kind == "u")
    if dtype.kind in "iu" and dtype.itemsize >= _WIDE and not wraps:
        return
    if dtype == np.float64 or (dtype == np.float32 and name in _KEEP_INTEGERS):
        return
    raise Unsupported(
        step,
        f"func={name} on a column of {x.dtype}, whose numbers numpy computes in a type of its own",
        "Use X.astype('float64')",
    )


def _names(step: FunctionTransformer, x: Frame) -> list[str]:
    if callable(step.feature_names_out):
        return [str(name) for name in step.get_feature_names_out(x.names)]
    return x.names
