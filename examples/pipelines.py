"""The two pipelines of the demo: ordinary scikit-learn, nothing of Bascule in them.

Production is a logistic regression over scaled numbers, one-hot categories and TF-IDF of a text.
The candidate is a gradient boosting over the same kinds of columns and one column more.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler


@dataclass(frozen=True)
class Columns:
    """Which columns a pipeline takes, by what they are."""

    numbers: list[str]
    categories: list[str]
    texts: list[str]

    def all(self) -> list[str]:
        return self.numbers + self.categories + self.texts

    def without(self, column: str) -> Columns:
        return Columns(
            *(
                [name for name in names if name != column]
                for names in (self.numbers, self.categories, self.texts)
            )
        )


def columns_of(frame: pd.DataFrame) -> Columns:
    """Numbers by dtype; strings with up to 60 levels are categories, the rest are texts or ids.

    A string column in which nearly every value is different and has no space is an id: left out.
    """
    numbers, categories, texts = [], [], []
    for name in frame.columns:
        values = frame[name].dropna()
        if pd.api.types.is_numeric_dtype(values):
            numbers.append(name)
        elif values.nunique() <= 60:
            categories.append(name)
        elif values.astype(str).str.contains(" ").mean() > 0.5:
            texts.append(name)
    return Columns(numbers, categories, texts)


def _preparation(columns: Columns, *, dense: bool) -> ColumnTransformer:
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    categories = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="none"),
        OneHotEncoder(handle_unknown="ignore"),
    )
    steps = [("numbers", "passthrough" if dense else numbers, columns.numbers)]
    steps.append(("categories", categories, columns.categories))
    steps += [(name, TfidfVectorizer(min_df=2), name) for name in columns.texts]
    return ColumnTransformer(steps, sparse_threshold=0.0 if dense else 0.3)


def production(columns: Columns) -> Pipeline:
    return Pipeline(
        [
            ("prepare", _preparation(columns, dense=False)),
            ("classify", LogisticRegression(max_iter=1000)),
        ]
    )


def candidate(columns: Columns) -> Pipeline:
    boosting = HistGradientBoostingClassifier(max_iter=120, learning_rate=0.08, random_state=0)
    return Pipeline([("prepare", _preparation(columns, dense=True)), ("classify", boosting)])
