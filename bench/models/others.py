"""Models that are no forests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from peers.compare import Case, Made
from sklearn.compose import make_column_transformer
from sklearn.datasets import make_classification
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC

ROWS = 4096


def numbers(columns: int, train: int, rows: int = ROWS, **options: Any) -> Any:
    X, y = make_classification(
        train + rows, columns, n_informative=columns // 2, random_state=0, **options
    )
    X = X.astype(np.float32).astype(np.float64)
    return X[:train], y[:train], np.ascontiguousarray(X[train:])


def scaler() -> Made:
    X, y, rows = numbers(50, 4000)
    return Made(make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(X, y), rows)


def table() -> Made:
    X, y, rows = numbers(10, 4000)
    random = np.random.default_rng(0)

    def frame(cells: Any) -> pd.DataFrame:
        made = pd.DataFrame({f"number_{i}": cells[:, i] for i in range(10)})
        for i in range(5):
            names = [f"category-{i}-{level}" for level in range(4 << i)]
            made[f"word_{i}"] = random.choice(names, len(cells)).astype(object)
        return made

    train, test = frame(X), frame(rows)
    numeric = [name for name in train if name.startswith("number")]
    words = [name for name in train if name.startswith("word")]
    columns = make_column_transformer(
        (StandardScaler(), numeric), (OneHotEncoder(handle_unknown="ignore"), words)
    )
    model = make_pipeline(columns, LogisticRegression(max_iter=500)).fit(train, y)
    return Made(model, test)


def text() -> Made:
    """Zipf's words: 50,000 terms of one or two of them, texts of about 200 bytes."""
    random = np.random.default_rng(0)
    letters = list("abcdefghijklmnopqrstuvwxyz")
    lexicon = ["".join(random.choice(letters, random.integers(2, 10))) for _ in range(20_000)]
    lexicon = list(dict.fromkeys(lexicon))
    odds = 1 / np.arange(3, len(lexicon) + 3)

    def texts(count: int) -> list[str]:
        words = random.choice(lexicon, (count, 33), p=odds / odds.sum())
        return [" ".join(each).capitalize() for each in words]

    train = texts(20_000)
    y = np.array(["a" in each[:6] for each in train], int)
    vectors = TfidfVectorizer(ngram_range=(1, 2), max_features=50_000)
    model = make_pipeline(vectors, LogisticRegression(max_iter=200)).fit(train, y)
    return Made(model, texts(ROWS))


def neighbors(algorithm: str) -> Callable[[], Made]:
    def make() -> Made:
        X, y, rows = numbers(20, 10_000, 1024)
        return Made(KNeighborsClassifier(algorithm=algorithm).fit(X, y), rows)

    return make


def svc() -> Made:
    X, y, rows = numbers(30, 4400, 1024, flip_y=0.3)
    X, rows = X / 4, rows / 4
    return Made(SVC(probability=False).fit(X, y), rows)


def layers() -> Made:
    X, y, rows = numbers(50, 4000)
    return Made(MLPClassifier((100, 50), max_iter=30, random_state=0).fit(X, y), rows)


_PEERS = ("scikit-learn", "ONNX Runtime")
_AHEAD: dict[int | str, dict[str, float]] = {
    batch: dict.fromkeys(_PEERS, 1.0) for batch in (1, 1024)
}

CASES: dict[str, Case] = {
    "scaler + logistic, 50": Case(
        scaler, _PEERS, goals={1: {"ONNX Runtime": 240, "scikit-learn": 8720}}
    ),
    "one-hot + scaler + logistic": Case(table, _PEERS),
    "TF-IDF 50k + logistic": Case(
        text, _PEERS, goals={1: {"scikit-learn": 311}, 1024: {"scikit-learn": 17}}
    ),
    "KNN 10k x 20, kd_tree": Case(neighbors("kd_tree"), _PEERS, goals=_AHEAD),
    "KNN 10k x 20, ball_tree": Case(neighbors("ball_tree"), _PEERS, goals=_AHEAD),
    "KNN 10k x 20, brute": Case(neighbors("brute"), _PEERS, goals=_AHEAD),
    "SVC rbf, 30 columns": Case(svc, _PEERS, goals=_AHEAD),
    "MLP 50-100-50-1": Case(layers, _PEERS, goals=_AHEAD),
}
