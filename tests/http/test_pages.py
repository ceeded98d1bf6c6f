"""The page that tries a model, and the typed schema that it is made from."""

import json
import re
from typing import Any

import bascule
import numpy as np
from conftest import MATRIX, MODEL
from sklearn.ensemble import HistGradientBoostingClassifier

SCORE = f"/v1/models/{MODEL}/score"


def schema_of(server, model: str, query: str = "") -> dict[str, Any]:
    answer = server.request("GET", f"/v1/models/{model}/openapi.json{query}")
    assert answer.status == 200, answer.json
    return answer.json


def test_the_page_loads_nothing_from_elsewhere(server):
    page = server.request("GET", "/v1/try")
    assert page.status == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    text = page.body.decode()
    assert "://" not in text
    for path in re.findall(r'(?:src|href)="(/[^"]*)"', text):
        part = server.request("GET", path)
        assert part.status == 200, path
        assert part.headers["x-content-type-options"] == "nosniff"
        assert "://" not in part.body.decode()


def test_a_model_has_a_typed_schema(server):
    document = schema_of(server, MODEL)
    assert document["openapi"] == "3.1.0"
    assert list(document["paths"]) == [SCORE]
    schemas = document["components"]["schemas"]
    row = schemas["Row"]
    assert row["properties"]["amount"]["type"] == ["number", "null"]
    assert "integer" in row["properties"]["age"]["type"]
    assert row["properties"]["country"]["examples"] == ["DE", "FR", "IT"]
    assert row["required"] == ["amount", "age", "country"]
    assert row["additionalProperties"] is False
    for name in re.findall(r'#/components/schemas/([^"]+)"', json.dumps(document)):
        assert name in schemas
    outputs = schemas["Outputs"]["properties"]
    assert outputs["predict_proba"] == {
        "type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2,
    }  # fmt: skip
    assert outputs["predict"] == {"enum": [0, 1]}


def test_a_list_that_may_be_missing_is_null_in_both(start_server, tmp_path):
    X = np.random.default_rng(3).normal(size=(80, 3))
    X[::5, 1] = np.nan
    model = HistGradientBoostingClassifier(max_iter=3).fit(X, X[:, 0] > 0)
    server = start_server(tmp_path)
    server.client.create("fraud/lists", kind="yes/no", owner="risk")
    package = bascule.pack(model, X, name="fraud/lists")
    server.client.tag("fraud/lists", "production", server.client.push(package))
    row = schema_of(server, "fraud/lists")["components"]["schemas"]["Row"]
    ((name, column),) = row["properties"].items()
    whole, sparse = column["oneOf"]
    assert whole["type"] == ["array", "null"]
    assert whole["items"]["type"] == ["number", "null"]
    assert sparse["required"] == ["indices", "values"]
    score = "/v1/models/fraud/lists/score"
    answers = [
        server.request("POST", score, {"row": {name: cell}}).json
        for cell in (None, [None] * 3, {"indices": [1], "values": [2.5]}, [0, 2.5, 0])
    ]
    assert answers[0]["score"] == answers[1]["score"]
    assert answers[2]["score"] == answers[3]["score"]


def test_a_row_of_the_schemas_columns_scores(server, packed):
    properties = schema_of(server, MODEL)["components"]["schemas"]["Row"]["properties"]
    assert set(packed.rows[1]) == set(properties)
    assert server.request("POST", SCORE, {"row": packed.rows[1]}).status == 200


def test_a_tag_chooses_the_version_for_both(server, packed):
    row = {"row": packed.rows[1]}
    named = server.request("POST", SCORE + "?tag=production", row).json
    assert named["tag"] == "production"
    assert schema_of(server, MODEL, "?tag=production") == schema_of(server, MODEL, "?version=v1")
    missing = server.request("POST", SCORE + "?tag=candidate/none", row)
    assert missing.status == 409
    both = server.request("POST", SCORE + "?tag=production&version=v1", row)
    assert both.status == 400
    assert both.json["error"] == "the query has 'version' and 'tag'; send one of both"


def test_models_that_are_not_there_have_no_schema(server):
    assert server.request("GET", "/v1/models/fraud/none/openapi.json").status == 404
    row = schema_of(server, MATRIX)["components"]["schemas"]["Row"]
    assert list(row["properties"]) == ["a", "b", "c"]
