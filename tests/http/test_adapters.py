"""Other servers' contracts over the same core: the bits of the rows face, in another form."""

from __future__ import annotations

import json

import pytest

MODEL = "fraud/charge"
MATRIX = "fraud/matrix"
SCORE = f"/v1/models/{MODEL}/score"
PREDICT = f"/v1/models/{MODEL}:predict"
ROWS = [
    {"amount": 1.5, "age": 30, "country": "DE"},
    {"amount": None, "age": 41, "country": "FR"},
    {"amount": 1e-7, "age": 7, "country": 'a "quoted", one'},
]
COLUMNS = list(ROWS[0])


@pytest.fixture
def expected(server):
    """What the rows face gives for ROWS: the default output's values."""
    answer = server.request("POST", SCORE, {"rows": [{"row": row} for row in ROWS]}).json
    outputs = [row["outputs"] for row in answer["rows"]]
    return [next(iter(o.values())) if len(o) == 1 else o for o in outputs]


def cells():
    return [[row[name] for name in COLUMNS] for row in ROWS]


def invoke(server, body, **headers):
    return server.request(
        "POST", "/invocations", body, X_Amzn_SageMaker_Target_Model=MODEL, **headers
    )


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_split": {"columns": COLUMNS, "index": [0, 1, 2], "data": cells()}},
        {"dataframe_split": {"data": cells(), "columns": COLUMNS}},
        json.dumps({"dataframe_split": {"columns": COLUMNS, "data": cells()}})
        .replace("data", r"\u0064ata")
        .encode(),
        {"dataframe_records": ROWS},
        {"instances": ROWS},
        {"instances": cells()},
        {"inputs": {name: [row[name] for row in ROWS] for name in COLUMNS}},
        {"inputs": ROWS, "params": {"anything": [1, {"deep": True}]}},
    ],
)
def test_every_form_gives_the_predictions_of_the_rows_face(server, expected, body):
    for path in ("/invocations", PREDICT):
        answer = server.request("POST", path, body, X_Amzn_SageMaker_Target_Model=MODEL)
        assert answer.status == 200, answer.body
        assert answer.json == {"predictions": expected}


def test_a_list_is_a_row_in_the_order_of_the_inputs(server):
    row = {"a": 1, "b": 2.5, "c": -3}
    score = server.request("POST", f"/v1/models/{MATRIX}/score", {"row": row}).json
    body = {"instances": [list(row.values())], "params": {"outputs": list(score["outputs"])}}
    answer = server.request("POST", f"/v1/models/{MATRIX}:predict", body)
    outputs = score["outputs"]
    expected = next(iter(outputs.values())) if len(outputs) == 1 else outputs
    assert answer.json == {"predictions": [expected]}


def test_outputs_are_chosen_by_params(server):
    body = {"instances": ROWS, "params": {"outputs": ["predict", "predict_proba"]}}
    predictions = server.request("POST", PREDICT, body).json["predictions"]
    assert [set(one) for one in predictions] == [{"predict", "predict_proba"}] * 3


def csv_text(header):
    lines = [",".join(COLUMNS)] if header else []
    for row in ROWS:
        amount = "" if row["amount"] is None else repr(row["amount"])
        country = '"' + row["country"].replace('"', '""') + '"'
        lines.append(f"{amount},{row['age']},{country}")
    return "\r\n".join(lines).encode()


@pytest.mark.parametrize("header", [True, False])
def test_csv_gives_the_same_in_and_out(server, expected, header):
    body = csv_text(header)
    answer = invoke(server, body, Content_Type="text/csv")
    assert answer.json == {"predictions": expected}
    answer = invoke(server, body, Content_Type="text/csv; charset=utf-8", Accept="text/csv")
    assert answer.headers["content-type"].startswith("text/csv")
    lines = answer.body.decode().splitlines()
    values = [[one["predict"], *one["predict_proba"]] for one in expected]
    assert [[float(v) for v in line.split(",")] for line in lines] == values


def test_the_rows_face_takes_columns_and_csv(server):
    rows = server.request("POST", SCORE, {"rows": [{"row": row} for row in ROWS]}).json["rows"]
    scores = [row["score"] for row in rows]
    columns = {name: [row[name] for row in ROWS] for name in COLUMNS}
    answer = server.request("POST", SCORE, {"columns": columns, "outputs": ["predict_proba"]})
    assert [row["score"] for row in answer.json["rows"]] == scores
    bad = csv_text(True) + b"\r\nmuch,3,DE"
    answer = server.request("POST", SCORE, bad, Content_Type="text/csv", Accept="text/csv")
    lines = answer.body.decode().splitlines()
    assert lines[0].startswith("event_id,score,predict")
    assert lines[0].endswith(",error")
    assert [float(line.split(",")[1]) for line in lines[1:4]] == scores
    assert lines[4].split(",")[1] == ""
    assert "amount" in lines[4]


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"rows": []}, "rows"),
        ({}, "dataframe_split"),
        ({"instances": []}, "no rows"),
        ({"instances": 3}, "list"),
        ({"instances": [[1, 2]]}, "2 values for 3 columns"),
        ({"instances": [{**ROWS[0], "amont": 3}]}, "did you mean 'amount'"),
        ({"instances": [{"amount": 1.5, "age": 30}]}, "country"),
        ({"instances": ROWS, "inputs": ROWS}, "both"),
        ({"inputs": {"amount": [1, 2], "age": [3]}}, "inputs.age has 1"),
        ({"dataframe_split": {"columns": COLUMNS}}, "data"),
        (b'{"dataframe_split": {"data": [], "data": []}}', "'data' stands twice"),
        (b'{"instances": [{"amount": 1 2}]}', "JSON"),
        (b'{"instances": ' + b"[" * 100_000, "JSON"),
        (b'{"instances": [{"amount": NaN, "age": 1, "country": "DE"}]}', "JSON"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(server, body, word):
    answer = server.request("POST", PREDICT, body)
    assert answer.status in (400, 413), answer.body
    assert word in answer.json["error"]
    assert server.alive()


def test_without_a_name_the_live_models_are_named(server):
    answer = server.request("POST", "/invocations", {"instances": ROWS})
    assert answer.status == 400
    assert f"({MODEL}, {MATRIX})" in answer.json["error"]


def test_the_only_live_model_and_the_setting_are_meant(start_server, packed, tmp_path):
    server = start_server(tmp_path)
    server.client.create(MODEL, kind="yes/no", owner="risk")
    server.client.tag(MODEL, "production", server.client.push(packed.package))
    answer = server.request("POST", "/invocations", {"instances": ROWS})
    assert answer.status == 200, answer.body
    assert server.stop() == 0
    server = start_server(tmp_path, "--default-model", "fraud/other")
    answer = server.request("POST", "/invocations", {"instances": ROWS})
    assert answer.status == 404
    assert "fraud/other" in answer.json["error"]


def test_ping_and_explain(server):
    assert server.request("GET", "/ping").status == 200
    answer = server.request("POST", SCORE, {"row": ROWS[0], "explain": 5})
    assert answer.status == 415
    assert "reason codes" in answer.json["error"]


def test_json_is_kept_exactly(server):
    """A rewritten body has the digits that were sent."""
    text = '{"instances":[{"amount":0.30000000000000004441,"age":30,"country":"DE"}]}'
    exact = json.loads(text)["instances"][0]
    one = server.request("POST", PREDICT, text.encode()).json
    assert one == server.request("POST", PREDICT, {"instances": [exact]}).json


def test_the_openapi_document_has_the_routes_that_answer(server):
    document = server.request("GET", "/v1/openapi.json").json
    assert document["openapi"].startswith("3.1")
    paths = document["paths"]
    for path in ("/v1/models/{team}/{model}/score", "/invocations", "/v1/openapi.json", "/ping"):
        assert path in paths
    schemas = document["components"]["schemas"]
    text = json.dumps(document)
    for name in {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}:
        assert name in schemas
    for path, methods in paths.items():
        for operation in methods.values():
            named = {one["name"] for one in operation["parameters"]}
            assert named == {part.split("}")[0] for part in path.split("{")[1:]}


def test_errors_under_v1_are_problems_of_rfc_9457(server):
    answer = server.request("POST", "/v1/models/fraud/none/score", {"row": {}})
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json
    assert problem["status"] == answer.status == 404
    assert problem["type"] == "urn:bascule:error:not_found"
    assert problem["detail"] == problem["error"]
    answer = server.request("POST", "/v2/models/fraud/none/infer", {})
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json) == {"error", "code"}
