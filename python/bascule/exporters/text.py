"""Texts and lists of tokens, as numbers: CountVectorizer, TfidfVectorizer, hashers and tf-idf."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from types import FunctionType
from typing import Any

import numpy as np
from sklearn.feature_extraction import FeatureHasher
from sklearn.feature_extraction.text import (
    CountVectorizer,
    HashingVectorizer,
    TfidfTransformer,
    TfidfVectorizer,
    strip_accents_ascii,
    strip_accents_unicode,
)

from bascule.export import Frame, Graph, Tensor, Unsupported, exporter
from bascule.exporters.columns import is_unicode
from bascule.exporters.fitted import float64
from bascule.patterns import PatternError, compile_pattern, word_length

_MAX_NGRAM = 1_024
_MAX_FEATURES = 16_777_216  # columns of a sparse value
_NO_SPACE = r"\S+"  # finds what str.split() gives
# Python functions whose name says exactly what they do: (lowercase, strip_accents).
_PREPROCESSORS = {
    str.lower: (True, None),
    strip_accents_ascii: (False, "ascii"),
    strip_accents_unicode: (False, "unicode"),
}


@exporter(CountVectorizer)
def count_vectorizer(step: CountVectorizer, x: Tensor | Frame, graph: Graph) -> Tensor:
    """Terms of the text (see `_terms`), counted. Tier T0.

    Source: CountVectorizer.transform and _count_vocab.
    """
    return replace(_counts(step, x, graph), dtype=np.dtype(step.dtype).name)


@exporter(TfidfVectorizer)
def tfidf_vectorizer(step: TfidfVectorizer, x: Tensor | Frame, graph: Graph) -> Tensor:
    """CountVectorizer, then TfidfTransformer. Source: TfidfVectorizer.transform."""
    return _weighed(step._tfidf, _counts(step, x, graph), graph)


@exporter(HashingVectorizer)
def hashing_vectorizer(step: HashingVectorizer, x: Tensor | Frame, graph: Graph) -> Tensor:
    """Terms of the text, counted in the column that their hash chooses. Tier T0.

    Counts are whole numbers, so that the order in which scipy adds equal columns does not matter.
    Source: HashingVectorizer.transform and FeatureHasher.transform.
    """
    x = _hashed(step, _terms(step, x, graph), bool(step.binary), graph)
    return x if step.norm is None else graph.add("normalize_rows", x, norm=step.norm)


@exporter(FeatureHasher)
def feature_hasher(step: FeatureHasher, x: Tensor | Frame, graph: Graph) -> Tensor:
    """Tokens, counted in the column that their hash chooses. Tier T0.

    Source: FeatureHasher.transform, _hashing_fast.pyx.
    """
    if step.input_type != "string":
        raise Unsupported(
            step,
            f"input_type={step.input_type!r}: Python hashes keys of which no sample tells",
            "Use input_type='string' with tokens such as 'key=text', or DictVectorizer",
        )
    if isinstance(x, Frame) or x.kind != "tokens":
        raise Unsupported(
            step,
            "rows that are no lists of texts",
            "Pass lists of tokens; select a frame's column of them by its name alone",
        )
    if not _counts_exactly(step):
        raise Unsupported(step, f"dtype={np.dtype(step.dtype).name}", "Use dtype=numpy.float64")
    return replace(_hashed(step, x, False, graph), dtype=np.dtype(step.dtype).name)


def _hashed(step: Any, tokens: Tensor, binary: bool, graph: Graph) -> Tensor:
    if step.n_features > _MAX_FEATURES:
        raise Unsupported(
            step, f"n_features={step.n_features}", f"Use at most {_MAX_FEATURES} features"
        )
    return graph.add(
        "hash_tokens",
        tokens,
        width=int(step.n_features),
        signs=bool(step.alternate_sign),
        binary=binary,
    )


@exporter(TfidfTransformer)
def tfidf_transformer(step: TfidfTransformer, x: Tensor | Frame, graph: Graph) -> Tensor:
    """Term counts to tf-idf. Tier T0 (T1 with sublinear_tf: numpy's log).

    A dense matrix loses its zeros, as scipy's conversion does. Source: TfidfTransformer.transform.
    """
    x = graph.validate(step, x, sparse=True)
    if x.kind != "csr":
        if step.sublinear_tf:
            raise Unsupported(
                step, "sublinear_tf=True on a dense matrix", "Feed it from CountVectorizer"
            )
        x = graph.add("to_sparse", x)
    return _weighed(step, x, graph)


def _weighed(step: TfidfTransformer, x: Tensor, graph: Graph) -> Tensor:
    """log(tf) + 1, times idf, divided by the norm; zero rows stay. Squares in column order.

    Source: TfidfTransformer.transform and _inplace_csr_row_normalize_l2.
    """
    if step.sublinear_tf:
        x = graph.add("add_stored", graph.add("log", x), by=1.0)
    if hasattr(step, "idf_"):
        x = graph.add("multiply", x, by=float64(step, "idf_"))
    if step.norm is not None:
        x = graph.add("normalize_rows", x, norm=step.norm)
    return x


def _counts(step: Any, x: Tensor | Frame, graph: Graph) -> Tensor:
    tokens = _terms(step, x, graph)
    if not hasattr(step, "vocabulary_"):
        step._check_vocabulary()  # a given vocabulary needs no fit
    return graph.add("count_tokens", tokens, vocabulary=_vocabulary(step), binary=bool(step.binary))


def _vocabulary(step: Any) -> list[str]:
    """The terms by column."""
    terms = sorted(step.vocabulary_, key=step.vocabulary_.__getitem__)
    for term in terms:
        if not isinstance(term, str):
            raise Unsupported(
                step, f"the vocabulary holds {term!r}, which is no text", "Make every term a str"
            )
        if not is_unicode(term):
            raise Unsupported(
                step,
                f"the vocabulary holds {term!r}, half of a surrogate pair",
                "Leave it out of the vocabulary",
            )
    return [str(term) for term in terms]


def _terms(step: Any, x: Tensor | Frame, graph: Graph) -> Tensor:
    """The terms of each text, or of each list of tokens.

    Lower case, without accents, cut into tokens, without stop words, then n-grams; or n-grams of
    characters. Source: _VectorizerMixin.build_analyzer.
    """
    _refuse_others(step)
    if isinstance(x, Tensor) and x.kind == "tokens":
        return _terms_of_tokens(step, x, graph)
    if callable(step.analyzer):
        raise Unsupported(
            step,
            f"analyzer={_name(step.analyzer)}: Python functions cannot be carried across",
            "Use analyzer='word', 'char' or 'char_wb'",
        )
    if isinstance(x, Frame) or x.kind != "string":
        raise Unsupported(
            step,
            "a frame or numbers where one column of texts is expected",
            "Select the column by its name alone: 'text', not ['text']",
        )
    unicode = unicodedata.unidata_version
    lowercase, accents = _preprocessing(step)
    if lowercase:
        x = graph.add("normalize_text", x, lowercase=True, unicode=unicode)
    if accents is not None:
        x = graph.add("strip_accents", x, how=accents, unicode=unicode)
    low, high = _ngram_range(step)
    if step.analyzer != "word":
        return graph.add(
            "char_ngrams",
            x,
            low=low,
            high=high,
            within_words=step.analyzer == "char_wb",
            unicode=unicode,
            column=x.column,
        )
    return _word_terms(step, _tokens(step, x, graph), graph)


def _terms_of_tokens(step: Any, x: Tensor, graph: Graph) -> Tensor:
    """The terms of rows that are lists of tokens already: functions that change nothing pass them.

    Source: _VectorizerMixin.build_analyzer, _analyze and _preprocess.
    """
    if callable(step.analyzer):
        if _passes(step.analyzer):
            return x
        raise Unsupported(
            step,
            f"analyzer={_name(step.analyzer)}: Python functions cannot be carried across",
            "Use analyzer=list",
        )
    plain = step.preprocessor is None and not step.lowercase and not step.strip_accents
    if step.analyzer != "word" or not (plain or _passes(step.preprocessor)):
        raise Unsupported(step, "lists of tokens where texts are expected", "Use analyzer=list")
    if not _passes(step.tokenizer):
        raise Unsupported(
            step,
            f"tokenizer={_name(step.tokenizer)} on lists of tokens",
            "Use tokenizer=list, or analyzer=list",
        )
    return _word_terms(step, x, graph)


def _passes(function: Any) -> bool:
    """True for a function that gives back the tokens it gets: `list`, `tuple`, `lambda x: x`.

    A Python function with the code of `_identity` does nothing else, whatever it is called.
    """
    if function is list or function is tuple:
        return True
    if not isinstance(function, FunctionType):
        return False
    code, own = function.__code__, _identity.__code__
    return code.co_code == own.co_code and code.co_argcount == own.co_argcount


def _identity(x: Any) -> Any:
    return x


def _word_terms(step: Any, tokens: Tensor, graph: Graph) -> Tensor:
    """Without stop words, then n-grams. Source: _VectorizerMixin._word_ngrams."""
    low, high = _ngram_range(step)
    stop_words = [str(w) for w in step.get_stop_words() or () if isinstance(w, str)]
    if stop_words:
        words = sorted(filter(is_unicode, set(stop_words)))
        tokens = graph.add("drop_tokens", tokens, words=words)
    return tokens if high == 1 else graph.add("word_ngrams", tokens, low=low, high=high)


def _tokens(step: Any, x: Tensor, graph: Graph) -> Tensor:
    pattern, flags = _token_pattern(step)
    try:
        fewest = word_length(pattern, flags)
        if fewest is not None:
            return graph.add(
                "tokenize",
                x,
                pattern="word",
                fewest=None if fewest == 2 else fewest,
                unicode=unicodedata.unidata_version,
                column=x.column,
            )
        program = compile_pattern(pattern, flags)
    except PatternError as error:
        raise Unsupported(step, f"token_pattern={pattern!r}: {error.what}", error.way_out) from None
    return graph.add("find_all", x, column=x.column, **program.given())


def _token_pattern(step: Any) -> tuple[str, int]:
    """The pattern whose `findall` cuts a text into tokens, and its flags."""
    tokenizer = step.tokenizer
    if tokenizer is None:
        return step.token_pattern, 0
    if tokenizer is str.split:
        return _NO_SPACE, 0
    owner = getattr(tokenizer, "__self__", None)
    if (
        isinstance(owner, re.Pattern)
        and tokenizer.__name__ == "findall"
        and isinstance(owner.pattern, str)
    ):
        return owner.pattern, owner.flags & ~re.UNICODE & ~re.DEBUG
    raise Unsupported(
        step,
        f"tokenizer={_name(tokenizer)}: Python functions cannot be carried across",
        "Use token_pattern, tokenizer=str.split or tokenizer=re.compile(...).findall",
    )


def _preprocessing(step: Any) -> tuple[bool, str | None]:
    """Whether texts become lower case, and how they lose their accents."""
    if step.preprocessor is not None:
        for known, does in _PREPROCESSORS.items():
            if step.preprocessor == known:
                return does
        raise Unsupported(
            step,
            f"preprocessor={_name(step.preprocessor)}: Python functions cannot be carried across",
            "Use lowercase and strip_accents, or preprocess before the model",
        )
    accents = step.strip_accents or None
    if callable(accents):
        lowercase, known_accents = next(
            (does for known, does in _PREPROCESSORS.items() if accents == known), (True, None)
        )
        if lowercase or known_accents is None:
            raise Unsupported(
                step,
                f"strip_accents={_name(accents)}: Python functions cannot be carried across",
                "Use strip_accents='unicode' or 'ascii'",
            )
        accents = known_accents
    return bool(step.lowercase), accents


def _ngram_range(step: Any) -> tuple[int, int]:
    low, high = (int(n) for n in step.ngram_range)
    if step.analyzer == "word" and high == 1:
        return 1, 1  # whatever `low` is
    if low < 1 or high > _MAX_NGRAM:
        raise Unsupported(
            step, f"ngram_range={step.ngram_range}", f"Use lengths from 1 to {_MAX_NGRAM}"
        )
    return low, high


def _name(function: Any) -> str:
    return getattr(function, "__qualname__", None) or repr(function)


def _counts_exactly(step: Any) -> bool:
    dtype = np.dtype(step.dtype)
    whole = dtype.kind in "iu" and dtype.itemsize >= 4  # smaller ones wrap around
    return whole or dtype == np.float64


def _refuse_others(step: Any) -> None:
    """What cannot be exact, each by its parameter."""
    found: Iterable[tuple[bool, str, str]] = [
        (step.input != "content", f"input={step.input!r}", "Pass the texts themselves"),
        (
            not _counts_exactly(step),
            f"dtype={np.dtype(step.dtype).name}",
            "Use dtype=numpy.float64",
        ),
    ]
    for refused, what, way_out in found:
        if refused:
            raise Unsupported(step, what, way_out)
