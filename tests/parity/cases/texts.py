"""Texts."""

import re

import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import (
    CountVectorizer,
    HashingVectorizer,
    TfidfTransformer,
    TfidfVectorizer,
    strip_accents_unicode,
)
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from parity import frames
from parity.case import case, refused

# Words, and what they are made into before they are counted.
case(
    CountVectorizer(),
    CountVectorizer(lowercase=False, binary=True, stop_words="english"),
    CountVectorizer(max_features=4, stop_words=["the", "card"]),
    CountVectorizer(vocabulary=["fraud", "card", "absent"]),
    CountVectorizer(vocabulary={"card fraud": 1, "card": 0}, ngram_range=(1, 2), dtype=np.int32),
    CountVectorizer(strip_accents="unicode", ngram_range=(2, 3), stop_words=["and"]),
    CountVectorizer(strip_accents="ascii", lowercase=False, token_pattern=r"\w+"),
    CountVectorizer(preprocessor=strip_accents_unicode, tokenizer=str.split, token_pattern=None),
    on=frames.texts,
)
case(
    CountVectorizer(analyzer="char", ngram_range=(1, 3), strip_accents="unicode"),
    CountVectorizer(analyzer="char_wb", ngram_range=(2, 4)),
    on=frames.texts,
)

# Patterns.
case(
    CountVectorizer(token_pattern=r"(?u)\b[a-z]{2,}\b|\d+(?=nd)|[^\x00-\x7f]+?"),
    CountVectorizer(token_pattern=r"(?:[a-z]+_)*([a-z]+)(?!\w)", lowercase=False),
    CountVectorizer(token_pattern=r"(?m)^\S{1,3}|(?<=\s)\w\B.??"),
    CountVectorizer(
        tokenizer=re.compile(r"\w+ | '", re.VERBOSE).findall, token_pattern=None, binary=True
    ),
    on=frames.texts,
)

case(
    TfidfVectorizer(),
    TfidfVectorizer(sublinear_tf=True, norm="l1", stop_words="english"),
    TfidfVectorizer(use_idf=False),
    TfidfVectorizer(smooth_idf=False, norm=None, binary=True),
    TfidfVectorizer(ngram_range=(1, 2), analyzer="char_wb", dtype=np.int64),
    on=frames.texts,
)
case(TfidfVectorizer(), on=frames.text_series)
case(
    make_pipeline(CountVectorizer(), TfidfTransformer(), LogisticRegression()),
    make_pipeline(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LogisticRegression()),
    on=frames.texts,
    y="two",
)
case(
    make_pipeline(
        make_column_transformer(
            (TfidfVectorizer(sublinear_tf=True, strip_accents="unicode"), "description"),
            (StandardScaler(), ["age"]),
            (HashingVectorizer(n_features=512, analyzer="char_wb"), "country"),
        ),
        LogisticRegression(),
    ),
    on=frames.charges,
    y="words",
)
case(TfidfTransformer(), TfidfTransformer(norm="l1", use_idf=False), on=frames.numeric)

case(
    HashingVectorizer(n_features=64),
    HashingVectorizer(n_features=500, binary=True, norm="l1", ngram_range=(1, 2)),
    HashingVectorizer(n_features=7, norm=None, analyzer="char", alternate_sign=False),
    on=frames.texts,
)
case(
    make_pipeline(HashingVectorizer(stop_words="english"), LogisticRegression()),
    on=frames.texts,
    y="words",
)

refused(
    CountVectorizer(tokenizer=lambda text: text.split(","), token_pattern=None),
    on=frames.texts,
    words="tokenizer=<lambda>",
)
refused(CountVectorizer(preprocessor=str.upper), on=frames.texts, words="preprocessor=str.upper")
refused(CountVectorizer(strip_accents=str.title), on=frames.texts, words="strip_accents=str.title")
refused(CountVectorizer(analyzer=str.split), on=frames.texts, words="analyzer=str.split")
refused(
    CountVectorizer(analyzer="char", ngram_range=(0, 2)),
    on=frames.texts,
    words="ngram_range=(0, 2)",
)
refused(TfidfVectorizer(dtype=np.float32), on=frames.texts, words="dtype=float32")
refused(CountVectorizer(dtype=np.int8), on=frames.texts, words="dtype=int8")
refused(HashingVectorizer(n_features=2**25), on=frames.texts, words="n_features=33554432")
refused(
    make_pipeline(HashingVectorizer(), RandomForestClassifier(n_estimators=2)),
    on=frames.texts,
    y="two",
    words="1048576 dense columns",
)
refused(
    TfidfTransformer(sublinear_tf=True), on=frames.numeric, words="sublinear_tf=True on a dense"
)
for pattern, words in {
    r"(?i)[a-z]+": "the flag (?i)",
    r"(\w)\1": "a backreference",
    r"(?>a+)b": "an atomic group",
    r"a++": "a possessive repeat",
    r"(?:a*)+": "a repeat of what may be empty",
    r"(?:(\w)-)+": "a capturing group inside of a repeat",
    r"(?=(\w))": "a capturing group inside of a lookahead",
    r"(a)?(?(1)b|c)": "a condition on a group",
    r"(?:(?:ab){100}){1000}": "more than 20000",
}.items():
    refused(CountVectorizer(token_pattern=pattern, vocabulary=["a"]), on=frames.texts, words=words)
