"""Texts."""

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from parity import frames
from parity.case import case, refused

case(
    CountVectorizer(),
    CountVectorizer(lowercase=False, binary=True, stop_words="english"),
    CountVectorizer(max_features=4, stop_words=["the", "card"]),
    CountVectorizer(vocabulary=["fraud", "card", "absent"]),
    on=frames.texts,
)
case(
    TfidfVectorizer(),
    TfidfVectorizer(sublinear_tf=True, norm="l1", stop_words="english"),
    TfidfVectorizer(use_idf=False),
    TfidfVectorizer(smooth_idf=False, norm=None, binary=True),
    on=frames.texts,
)
case(TfidfVectorizer(), on=frames.text_series)
case(
    make_pipeline(CountVectorizer(), TfidfTransformer(), LogisticRegression()),
    on=frames.texts,
    y="two",
)
refused(CountVectorizer(ngram_range=(1, 2)), on=frames.texts, words="ngram_range=(1, 2)")
refused(CountVectorizer(analyzer="char"), on=frames.texts, words="analyzer='char'")
refused(TfidfVectorizer(strip_accents="unicode"), on=frames.texts, words="strip_accents='unicode'")
refused(TfidfVectorizer(token_pattern=r"\w+"), on=frames.texts, words="token_pattern")
refused(
    CountVectorizer(tokenizer=str.split, token_pattern=None), on=frames.texts, words="tokenizer"
)
refused(CountVectorizer(preprocessor=str.upper), on=frames.texts, words="preprocessor")
refused(TfidfVectorizer(dtype=np.float32), on=frames.texts, words="dtype=float32")
