"""CountVectorizer, TfidfVectorizer and TfidfTransformer: words, counted and weighed."""

import unicodedata
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer

from bascule.export import Frame, Graph, Tensor, Unsupported, exporter

_WORD_PATTERNS = (r"(?u)\b\w\w+\b", r"\b\w\w+\b")


@exporter(CountVectorizer)
def count_vectorizer(step: CountVectorizer, x: Tensor | Frame, graph: Graph) -> Tensor:
    """Lower case, words of two letters or more, without stop words, counted. Tier T0.

    Source: CountVectorizer.transform, build_analyzer and _count_vocab.
    """
    return replace(_counts(step, x, graph), dtype=np.dtype(step.dtype).name)


@exporter(TfidfVectorizer)
def tfidf_vectorizer(step: TfidfVectorizer, x: Tensor | Frame, graph: Graph) -> Tensor:
    """CountVectorizer, then TfidfTransformer. Source: TfidfVectorizer.transform."""
    return _weighed(step._tfidf, _counts(step, x, graph), graph)


@exporter(TfidfTransformer)
def tfidf_transformer(step: TfidfTransformer, x: Tensor | Frame, graph: Graph) -> Tensor:
    """Term counts to tf-idf. Tier T0 (T1 with sublinear_tf: numpy's log)."""
    x = graph.validate(step, x, sparse=True)
    if x.kind != "csr":
        raise Unsupported(step, "dense input", "Feed it from CountVectorizer")
    return _weighed(step, x, graph)


def _weighed(step: TfidfTransformer, x: Tensor, graph: Graph) -> Tensor:
    """log(tf) + 1, times idf, divided by the norm; zero rows stay. Squares in column order.

    Source: TfidfTransformer.transform and _inplace_csr_row_normalize_l2.
    """
    if step.sublinear_tf:
        x = graph.add("add_stored", graph.add("log", x), by=1.0)
    if step.use_idf:
        x = graph.add("multiply", x, by=_float64(step, "idf_"))
    if step.norm is not None:
        x = graph.add("normalize_rows", x, norm=step.norm)
    return x


def _counts(step: Any, x: Tensor | Frame, graph: Graph) -> Tensor:
    _refuse_other_analyzers(step)
    if isinstance(x, Frame) or x.kind != "string":
        raise Unsupported(
            step,
            "a frame or numbers where one column of texts is expected",
            "Select the column by its name alone: 'text', not ['text']",
        )
    unicode = unicodedata.unidata_version
    if step.lowercase:
        x = graph.add("normalize_text", x, lowercase=True, unicode=unicode)
    tokens = graph.add("tokenize", x, pattern="word", unicode=unicode, column=x.column)
    stop_words = step.get_stop_words()
    if stop_words:
        tokens = graph.add("drop_tokens", tokens, words=sorted(stop_words))
    vocabulary = sorted(step.vocabulary_, key=step.vocabulary_.__getitem__)
    return graph.add(
        "count_tokens", tokens, vocabulary=[str(term) for term in vocabulary], binary=step.binary
    )


def _float64(step: Any, attribute: str) -> np.ndarray:
    values = np.asarray(getattr(step, attribute))
    if values.dtype != np.float64:
        raise Unsupported(step, f"{attribute} is {values.dtype}", "Fit with dtype=numpy.float64")
    return values


def _refuse_other_analyzers(step: Any) -> None:
    """What no operator does yet, each by its parameter."""
    found = [
        (step.analyzer != "word", f"analyzer={step.analyzer!r}", "Use analyzer='word'"),
        (tuple(step.ngram_range) != (1, 1), f"ngram_range={step.ngram_range}", "Use (1, 1)"),
        (
            step.strip_accents is not None,
            f"strip_accents={step.strip_accents!r}",
            "Strip accents before the model",
        ),
        (step.preprocessor is not None, "preprocessor", "Preprocess before the model"),
        (step.tokenizer is not None, "tokenizer", "Use the default token_pattern"),
        (
            step.token_pattern not in _WORD_PATTERNS,
            f"token_pattern={step.token_pattern!r}",
            f"Use the default, {_WORD_PATTERNS[0]!r}",
        ),
        (step.input != "content", f"input={step.input!r}", "Pass the texts themselves"),
        (
            np.dtype(step.dtype).kind not in "iu" and np.dtype(step.dtype) != np.float64,
            f"dtype={np.dtype(step.dtype).name}",
            "Use dtype=numpy.float64",
        ),
    ]
    for refused, what, way_out in found:
        if refused:
            raise Unsupported(step, what, way_out)
