"""A server with models live, and what they must answer."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import bascule
import numpy as np
import pandas as pd
import pytest
from service import Server
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

MODEL = "fraud/charge"
MATRIX = "fraud/matrix"


def frame() -> pd.DataFrame:
    """Numbers with gaps, whole numbers, categories."""
    rng = np.random.default_rng(11)
    data = pd.DataFrame(
        {
            "amount": rng.normal(100, 30, 200),
            "age": rng.integers(18, 80, 200),
            "country": rng.choice(["DE", "FR", "IT"], 200),
        }
    )
    data.loc[::7, "amount"] = np.nan
    return data


def rows_of(data: pd.DataFrame) -> list[dict[str, Any]]:
    """The frame as rows of JSON."""
    return [
        {name: None if pd.isna(value) else value for name, value in row.items()}
        for row in json.loads(data.to_json(orient="records", double_precision=15))
    ]


@dataclass
class Packed:
    """What the tests compare with: the package, Python's scorer and rows that both score."""

    package: bascule.Package
    scorer: bascule.Scorer
    rows: list[dict[str, Any]]
    model: Any

    def repack(self, name: str, notes: str = "") -> bytes:
        """The same model for another name, or with other notes: other bytes, the same scores."""
        return bascule.pack(self.model, frame(), name=name, notes=notes).bytes


@pytest.fixture(scope="session")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Packed:
    """A mixed pipeline over `frame()`."""
    data = frame()
    prep = ColumnTransformer(
        [
            ("num", make_pipeline(SimpleImputer(), StandardScaler()), ["amount", "age"]),
            ("cat", OneHotEncoder(handle_unknown="ignore"), ["country"]),
        ]
    )
    y = (data["age"] < 40).astype(int)
    model = make_pipeline(prep, LogisticRegression()).fit(data, y)
    package = bascule.pack(model, data, name=MODEL)
    path = tmp_path_factory.mktemp("package") / "charge.bascule"
    package.save(path)
    return Packed(package, bascule.load(path), rows_of(data), model)


@pytest.fixture(scope="session")
def matrix_package() -> bascule.Package:
    """A frame of numbers only, which one tensor can carry."""
    rng = np.random.default_rng(5)
    data = pd.DataFrame(rng.normal(size=(100, 3)), columns=["a", "b", "c"])
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(data, data["a"] > 0)
    return bascule.pack(model, data, name=MATRIX)


@pytest.fixture
def start_server() -> Iterator[Callable[..., Server]]:
    """Starts servers on a data folder; those that still run are stopped."""
    started = []

    def start(folder: pathlib.Path, *arguments: str, **options: Any) -> Server:
        started.append(Server(folder, *arguments, **options))
        return started[-1]

    yield start
    for running in started:
        running.stop()


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, packed: Packed, matrix_package: bascule.Package
) -> Iterator[Server]:
    """A server whose models are live; whatever a test did to it, it must end well."""
    running = Server(tmp_path_factory.mktemp("server"))
    running.client.create(MODEL, kind="yes/no", owner="risk")
    running.client.tag(MODEL, "production", running.client.push(packed.package))
    running.client.create(MATRIX, kind="yes/no", owner="risk")
    running.client.tag(MATRIX, "production", running.client.push(matrix_package))
    yield running
    assert running.stop() == 0, running.log_path.read_text()
