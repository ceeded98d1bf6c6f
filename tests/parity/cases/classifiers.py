"""Discriminant analysis, nearest centroids and naive Bayes."""

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.discriminant_analysis import (
    LinearDiscriminantAnalysis,
    QuadraticDiscriminantAnalysis,
)
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.naive_bayes import (
    BernoulliNB,
    CategoricalNB,
    ComplementNB,
    GaussianNB,
    MultinomialNB,
)
from sklearn.neighbors import NearestCentroid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from parity import frames
from parity.case import case
from parity.frames import Sample

_y = frames.numeric.targets
_rng = np.random.default_rng(8)
positive = Sample("positive", np.abs(frames.numeric.X), _y)
counted = Sample("counted", pd.DataFrame(_rng.integers(0, 4, (240, 3)), columns=[*"abc"]), _y)
fractions = Sample("fractions", _rng.uniform(0, 4, (240, 3)), _y)
flags = Sample("flags", pd.DataFrame(_rng.random((240, 4)) < 0.3, columns=[*"abcd"]), _y)

for target in ("yes_no", "words"):
    case(
        LinearDiscriminantAnalysis(),
        LinearDiscriminantAnalysis(solver="eigen", n_components=1),
        QuadraticDiscriminantAnalysis(reg_param=0.1),
        NearestCentroid(priors="empirical"),
        NearestCentroid(metric="manhattan"),
        GaussianNB(),
        BernoulliNB(binarize=0.5),
        on=frames.numeric,
        y=target,
    )
case(
    LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"),
    QuadraticDiscriminantAnalysis(solver="eigen", shrinkage=0.1),
    NearestCentroid(shrink_threshold=0.3),
    NearestCentroid(metric="manhattan", priors=[0.2, 0.3, 0.5]),
    GaussianNB(priors=[0.2, 0.3, 0.5]),
    on=frames.whole_frame,
    y="three",
)
case(MultinomialNB(), ComplementNB(norm=True), on=positive, y="words")
case(CategoricalNB(), on=counted, y="words")
case(CategoricalNB(min_categories=6, fit_prior=False), on=fractions, y="two")
case(BernoulliNB(binarize=None), on=flags, y="two")
for model in (MultinomialNB(), ComplementNB(), BernoulliNB(), NearestCentroid()):
    case(make_pipeline(CountVectorizer(), model), on=frames.texts, y="three")
case(
    make_pipeline(TfidfVectorizer(sublinear_tf=True), BernoulliNB(binarize=0.3)),
    on=frames.texts,
    y="two",
)
case(
    make_pipeline(
        make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["country", "vip"])),
        BernoulliNB(),
    ),
    on=frames.charges,
    y="two",
)
