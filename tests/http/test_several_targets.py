"""A model of two targets through both faces: every part of its answer is an output."""

from __future__ import annotations

import bascule
import numpy as np
import pytest
from sklearn.multioutput import MultiOutputClassifier
from sklearn.tree import DecisionTreeClassifier

MODEL = "risk/pair"
BIG = 2**60 + 1


@pytest.fixture(scope="module")
def pair(server):
    """Texts and integers beyond 2^53 as labels."""
    X = np.random.default_rng(3).normal(size=(60, 2))
    bands = np.array(["low", "mid", "high"], object)[np.digitize(X[:, 0], [0, 1])]
    codes = np.array([-BIG, BIG])[(X[:, 1] > 0).astype(int)]
    tree = DecisionTreeClassifier(max_depth=3, random_state=0)
    models = {
        "risk/pair": np.column_stack([bands, bands[::-1]]),
        "risk/codes": np.column_stack([codes, codes[::-1]]),
        "risk/flags": np.column_stack([X[:, 0] > 0, X[:, 1] > 0]),
        "risk/floats": np.column_stack([X[:, 0] > 0, X[:, 1] > 0]) + 1.0,
    }
    scorers = {}
    for name, y in models.items():
        package = bascule.pack(MultiOutputClassifier(tree).fit(X, y), X, name=name)
        server.client.create(name, kind="classes", owner="risk")
        server.client.tag(name, "production", server.client.push(package))
        scorers[name] = bascule.load(package.bytes)
    return scorers, X


@pytest.mark.parametrize("name", ["risk/pair", "risk/codes", "risk/flags", "risk/floats"])
def test_the_rows_face_gives_every_part(server, pair, name):
    scorers, X = pair
    body = {"rows": [{"row": {"x": row}} for row in X[:5].tolist()]}
    answer = server.request("POST", f"/v1/models/{name}/score", body)
    assert answer.status == 200, answer.body
    labels, proba = scorers[name].predict(X[:5]), scorers[name].predict_proba(X[:5])
    for i, row in enumerate(answer.json["rows"]):
        outputs = row["outputs"]
        given = [outputs["predict.0"], outputs["predict.1"]]
        assert given == labels[i].tolist()
        assert outputs["predict_proba.0"] == proba[0][i].tolist()
        assert outputs["predict_proba.1"] == proba[1][i].tolist()
        assert "score" not in row


@pytest.mark.parametrize(
    ("name", "datatype"),
    [("risk/pair", "BYTES"), ("risk/codes", "INT64"), ("risk/flags", "BOOL")],
)
def test_oip_gives_every_part(server, pair, name, datatype):
    scorers, X = pair
    inputs = [{"name": "x", "datatype": "FP64", "shape": [5, 2], "data": X[:5].ravel().tolist()}]
    answer = server.request("POST", f"/v2/models/{name}/infer", {"inputs": inputs})
    assert answer.status == 200, answer.body
    outputs = {output["name"]: output for output in answer.json["outputs"]}
    labels = scorers[name].predict(X[:5])
    for target in (0, 1):
        assert outputs[f"predict.{target}"]["datatype"] == datatype
        assert outputs[f"predict.{target}"]["shape"] == [5]
        assert outputs[f"predict.{target}"]["data"] == labels[:, target].tolist()
    assert outputs["predict_proba.1"]["shape"][0] == 5


def test_one_part_may_be_asked_for(server, pair):
    _, X = pair
    body = {"rows": [{"row": {"x": X[0].tolist()}}], "outputs": ["predict.1"]}
    answer = server.request("POST", f"/v1/models/{MODEL}/score", body).json
    assert set(answer["rows"][0]["outputs"]) == {"predict.1"}
