"""Canonical JSON is one text for one value: the number table of RFC 8785, appendix B, and more."""

import math
import struct

import pytest
from bascule.canonical_json import canonical_json, number_text
from bascule.errors import PackageError
from hypothesis import given
from hypothesis import strategies as st

RFC_8785 = [
    ("0000000000000000", "0"),
    ("8000000000000000", "0"),
    ("0000000000000001", "5e-324"),
    ("8000000000000001", "-5e-324"),
    ("7fefffffffffffff", "1.7976931348623157e+308"),
    ("ffefffffffffffff", "-1.7976931348623157e+308"),
    ("4340000000000000", "9007199254740992"),
    ("c340000000000000", "-9007199254740992"),
    ("4430000000000000", "295147905179352830000"),
    ("44b52d02c7e14af5", "9.999999999999997e+22"),
    ("44b52d02c7e14af6", "1e+23"),
    ("44b52d02c7e14af7", "1.0000000000000001e+23"),
    ("444b1ae4d6e2ef4e", "999999999999999700000"),
    ("444b1ae4d6e2ef4f", "999999999999999900000"),
    ("444b1ae4d6e2ef50", "1e+21"),
    ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
    ("3eb0c6f7a0b5ed8d", "0.000001"),
    ("41b3de4355555553", "333333333.3333332"),
    ("41b3de4355555554", "333333333.33333325"),
    ("41b3de4355555555", "333333333.3333333"),
    ("41b3de4355555556", "333333333.3333334"),
    ("41b3de4355555557", "333333333.33333343"),
    ("becbf647612f3696", "-0.0000033333333333333333"),
    ("43143ff3c1cb0959", "1424953923781206.2"),
]


@pytest.mark.parametrize(("bits", "text"), RFC_8785)
def test_numbers_are_printed_as_the_rfc_prints_them(bits, text):
    assert number_text(struct.unpack(">d", bytes.fromhex(bits))[0]) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_reads_back_to_the_same_double(value):
    assert float(number_text(value)) == value


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 2**53 + 1, b"bytes", {1: 2}])
def test_what_has_no_json_form_is_refused(value):
    with pytest.raises(PackageError):
        canonical_json(value)


def test_half_a_surrogate_pair_is_refused():
    with pytest.raises(PackageError, match="not Unicode"):
        canonical_json("\ud800")


def test_keys_are_sorted_by_utf16_code_units():
    # U+1F600 is D83D DE00 in UTF-16 and so comes before U+FB33, unlike by code point.
    assert canonical_json({"\ufb33": 1, "\U0001f600": 2, "b": 3, "a": 4}) == (
        '{"a":4,"b":3,"\U0001f600":2,"\ufb33":1}'
    )


def test_strings_escape_only_what_they_must():
    assert (
        canonical_json('\u20ac$\x0f\nA"\\/\x7f\u2028') == '"\u20ac$\\u000f\\nA\\"\\\\/\x7f\u2028"'
    )


def test_true_is_not_one():
    assert canonical_json([True, 1, 1.0, None]) == "[true,1,1,null]"
