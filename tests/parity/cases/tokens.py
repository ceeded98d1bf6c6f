"""Rows that are lists of texts: a sample of lists, and a frame's column of them."""

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction import FeatureHasher
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MultiLabelBinarizer, StandardScaler

from parity import frames
from parity.case import case, refused
from parity.frames import Sample

_lists = [text.split() for text in frames.texts.X]
tokens = Sample("tokens", _lists, frames.texts.targets)
sets = Sample("sets", [set(row) for row in _lists])
tagged = Sample(
    "tagged",
    pd.DataFrame({"tags": pd.Series(_lists, dtype=object), "age": frames.charges.X["age"]}),
    frames.texts.targets,
)


def same(tokens: list[str]) -> list[str]:
    """The tokens."""
    return tokens


def reversed_order(tokens: list[str]) -> list[str]:
    return tokens[::-1]


case(
    FeatureHasher(16, input_type="string"),
    FeatureHasher(7, input_type="string", alternate_sign=False, dtype=np.int32),
    MultiLabelBinarizer(),
    MultiLabelBinarizer(classes=["FRAUD", "absent", "card"], sparse_output=True),
    CountVectorizer(analyzer=list, binary=True),
    HashingVectorizer(n_features=32, analyzer=tuple),
    TfidfVectorizer(analyzer=lambda x: x),
    TfidfVectorizer(
        tokenizer=same,
        preprocessor=same,
        token_pattern=None,
        ngram_range=(1, 2),
        stop_words=["the"],
    ),
    CountVectorizer(tokenizer=same, lowercase=False, token_pattern=None),
    on=tokens,
)
case(MultiLabelBinarizer(), on=sets)
case(MultiLabelBinarizer(), on=Sample("series", tagged.X["tags"]))
case(
    make_pipeline(
        make_column_transformer(
            (FeatureHasher(32, input_type="string"), "tags"),
            (TfidfVectorizer(analyzer=list), "tags"),
            (StandardScaler(), ["age"]),
        ),
        LogisticRegression(),
    ),
    on=tagged,
    y="words",
)

refused(FeatureHasher(), on=frames.dicts, words="input_type='dict'")
refused(FeatureHasher(input_type="string"), on=tagged, words="rows that are no lists of texts")
refused(FeatureHasher(input_type="string", dtype=np.float32), on=tokens, words="dtype=float32")
refused(FeatureHasher(2**25, input_type="string"), on=tokens, words="n_features=33554432")
refused(CountVectorizer(analyzer=reversed_order), on=tokens, words="analyzer=reversed_order")
refused(
    CountVectorizer(tokenizer=reversed_order, lowercase=False, token_pattern=None),
    on=tokens,
    words="tokenizer=reversed_order",
)
refused(CountVectorizer(preprocessor=" ".join), on=tokens, words="lists of tokens where texts are")
refused(MultiLabelBinarizer(classes=[1, 2]), on=tokens, words="classes that are no texts")
