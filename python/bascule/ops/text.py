"""Texts and their tokens: nothing here is a number until tokens are counted."""

from __future__ import annotations

from bascule.ops.operator import fixed, operator
from bascule.ops.rules import exact

operator(
    "fill_missing_string", "normalize_text", "strip_accents", gives=fixed("string"), cells="spread"
)(exact)
operator(
    "tokenize",
    "find_all",
    "drop_tokens",
    "word_ngrams",
    "char_ngrams",
    gives=fixed("tokens"),
    cells="spread",
)(exact)
operator("count_tokens", gives=lambda x, given: ("csr", len(given["vocabulary"])), cells="spread")(
    exact
)
operator("hash_tokens", gives=lambda x, given: ("csr", int(given["width"])), cells="spread")(exact)
