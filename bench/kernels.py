"""Models that are no forests: the engine against scikit-learn's own predict and ONNX Runtime.

    .venv/bin/python bench/kernels.py [WORD]

How it is measured: bench/peers/compare.py.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from peers.compare import called, compare, onnx_runtime, print_head, scores
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


def main() -> None:
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    print_head()
    for name, make in MODELS.items():
        if word not in name:
            continue
        model, rows = make()
        with onnx_runtime(model, rows) as onnx:
            compare(name, model, rows, {"scikit-learn": called(scores(model)), **onnx})


Made = tuple[Any, Any]  # a fitted model, and rows to score


def numbers(columns: int, train: int, rows: int = ROWS, **options: Any) -> Any:
    X, y = make_classification(
        train + rows, columns, n_informative=columns // 2, random_state=0, **options
    )
    X = X.astype(np.float32).astype(np.float64)
    return X[:train], y[:train], np.ascontiguousarray(X[train:])


def scaler() -> Made:
    X, y, rows = numbers(50, 4000)
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(X, y), rows


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
    return make_pipeline(columns, LogisticRegression(max_iter=500)).fit(train, y), test


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
    return make_pipeline(vectors, LogisticRegression(max_iter=200)).fit(train, y), texts(ROWS)


def neighbors(algorithm: str) -> Callable[[], Made]:
    def make() -> Made:
        X, y, rows = numbers(20, 10_000, 1024)
        return KNeighborsClassifier(algorithm=algorithm).fit(X, y), rows

    return make


def svc() -> Made:
    X, y, rows = numbers(30, 4400, 1024, flip_y=0.3)
    X, rows = X / 4, rows / 4
    return SVC(probability=False).fit(X, y), rows


def layers() -> Made:
    X, y, rows = numbers(50, 4000)
    return MLPClassifier((100, 50), max_iter=30, random_state=0).fit(X, y), rows


MODELS: dict[str, Callable[[], Made]] = {
    "scaler + logistic, 50": scaler,
    "one-hot + scaler + logistic": table,
    "TF-IDF 50k + logistic": text,
    "KNN 10k x 20, kd_tree": neighbors("kd_tree"),
    "KNN 10k x 20, ball_tree": neighbors("ball_tree"),
    "KNN 10k x 20, brute": neighbors("brute"),
    "SVC rbf, 30 columns": svc,
    "MLP 50-100-50-1": layers,
}


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
