"""Small fitted models that the tests of this folder share."""

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

ROWS = 60


def frame() -> pd.DataFrame:
    """Numbers with gaps, an integer, a boolean that no model uses, texts of two sorts."""
    rng = np.random.default_rng(7)
    data = pd.DataFrame(
        {
            "amount": rng.normal(100, 30, ROWS),
            "age": rng.integers(18, 80, ROWS),
            "country": rng.choice(["DE", "FR", "IT"], ROWS),
            "note": rng.choice(["paid in cash", "card not present", "cash card"], ROWS),
            "unused": rng.integers(0, 2, ROWS).astype(bool),
            "seen_at": pd.Timestamp("2026-11-24"),
        }
    )
    data.loc[::7, "amount"] = np.nan
    return data


def fraud(labels=("fraud", "ok")):
    """A pipeline over `frame()`, and its frame."""
    data = frame()
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    prep = ColumnTransformer(
        [
            ("num", numbers, ["amount", "age"]),
            ("cat", OneHotEncoder(handle_unknown="ignore"), ["country"]),
            ("txt", TfidfVectorizer(), "note"),
        ]
    )
    risky = (data["age"] < 40) & (data["country"] != "IT")
    y = np.where(risky, labels[0], labels[1])
    return make_pipeline(prep, LogisticRegression()).fit(data, y), data


def matrix():
    """A scaler and a logistic regression on an array of three columns."""
    X = np.random.default_rng(3).normal(size=(ROWS, 3))
    y = (X[:, 0] > X[:, 1]).astype(int)
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y), X
