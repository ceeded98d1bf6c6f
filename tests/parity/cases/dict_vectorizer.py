"""Rows that are dicts."""

import numpy as np
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from parity import frames
from parity.case import case, refused

case(
    DictVectorizer(),
    DictVectorizer(sparse=False, separator="::"),
    DictVectorizer(sort=False),
    on=frames.dicts,
)
case(
    make_pipeline(DictVectorizer(), TfidfTransformer(use_idf=False), LogisticRegression()),
    on=frames.dicts,
    y="words",
)
refused(DictVectorizer(dtype=np.float32), on=frames.dicts, words="dtype=float32")
refused(DictVectorizer(), on=frames.dicts_with_nulls, words="key 'age': holds None or NaN")
refused(DictVectorizer(), on=frames.dicts_of_lists, words="key 'tags': holds list")
