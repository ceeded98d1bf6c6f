"""Canonical JSON, RFC 8785: one text for one value, on every machine.

Keys are sorted by UTF-16 code units, nothing is spaced, strings escape only what they must, and
numbers are printed as ECMAScript prints them. A number that a double does not hold is an error.
"""

from __future__ import annotations

import json
import math
from typing import Any

from bascule.errors import PackageError

_MAX_SAFE = 2**53


def canonical_json(value: Any) -> str:
    """The canonical text of `value`: None, bool, int, float, str, list, tuple or dict."""
    parts: list[str] = []
    _write(value, parts)
    return "".join(parts)


def number_text(value: float) -> str:
    """A finite double as ECMAScript's Number.prototype.toString gives it."""
    if not math.isfinite(value):
        raise PackageError(f"{value} has no JSON form; it belongs in a tensor")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    # The value is 0.<digits> times 10 to the power of `point`.
    point = int(exponent or 0) + (
        len(whole) if whole != "0" else len(fraction.lstrip("0")) - len(fraction)
    )
    return sign + _place_point(digits.rstrip("0"), point)


def _place_point(digits: str, point: int) -> str:
    """ECMA-262, Number::toString, with k = len(digits) and n = point."""
    count = len(digits)
    if count <= point <= 21:
        return digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"0.{'0' * -point}{digits}"
    exponent = f"e{'+' if point > 0 else '-'}{abs(point - 1)}"
    return f"{digits[0]}.{digits[1:]}{exponent}" if count > 1 else digits + exponent


def _write(value: Any, parts: list[str]) -> None:
    if value is None or isinstance(value, bool):
        parts.append({None: "null", True: "true", False: "false"}[value])
    elif isinstance(value, int):
        if abs(value) > _MAX_SAFE:
            raise PackageError(f"the integer {value} is beyond 2^53 and no double holds it")
        parts.append(str(value))
    elif isinstance(value, float):
        parts.append(number_text(value))
    elif isinstance(value, str):
        parts.append(_string(value))
    elif isinstance(value, (list, tuple)):
        _write_list(value, parts)
    elif isinstance(value, dict):
        _write_object(value, parts)
    else:
        raise PackageError(f"a {type(value).__name__} has no JSON form")


def _write_list(value: list[Any] | tuple[Any, ...], parts: list[str]) -> None:
    parts.append("[")
    for position, item in enumerate(value):
        if position:
            parts.append(",")
        _write(item, parts)
    parts.append("]")


def _write_object(value: dict[str, Any], parts: list[str]) -> None:
    parts.append("{")
    for position, key in enumerate(sorted(value, key=_utf16)):
        if position:
            parts.append(",")
        parts += [_string(key), ":"]
        _write(value[key], parts)
    parts.append("}")


def _utf16(key: str) -> bytes:
    if not isinstance(key, str):
        raise PackageError(f"the key {key!r} is a {type(key).__name__}, expected a string")
    return key.encode("utf-16-be", "surrogatepass")


def _string(value: str) -> str:
    # json.dumps escapes exactly what RFC 8785 asks for, except DEL, which it leaves as it should.
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise PackageError(f"{value!r} is not Unicode text: {error.reason}") from None
    return text
