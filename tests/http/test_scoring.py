"""Scoring over both faces: the bits of Python, and what happens to rows that cannot be scored."""

from __future__ import annotations

import json
import math
import time

import bascule
import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import OneHotEncoder

MODEL = "fraud/charge"
MATRIX = "fraud/matrix"
SCORE = f"/v1/models/{MODEL}/score"
INFER = f"/v2/models/{MODEL}/infer"
GOOD = {"amount": 1.5, "age": 30, "country": "DE"}


def score(server, rows, **more):
    return server.request("POST", SCORE, {"rows": [{"row": row} for row in rows], **more})


def tensor(name, datatype, data):
    return {"name": name, "datatype": datatype, "shape": [len(data)], "data": data}


def tensors(rows):
    """Rows as one tensor per column."""
    return [
        tensor("amount", "FP64", [row["amount"] for row in rows]),
        tensor("age", "INT64", [row["age"] for row in rows]),
        tensor("country", "BYTES", [row["country"] for row in rows]),
    ]


def test_python_the_rows_face_and_oip_give_the_same_bits(server, packed):
    rows = packed.rows
    python = packed.scorer.predict_proba(rows).tolist()
    answer = score(server, rows, outputs=["predict_proba"]).json
    assert [row["outputs"]["predict_proba"] for row in answer["rows"]] == python
    oip = server.request(
        "POST", INFER, {"inputs": tensors(rows), "outputs": [{"name": "predict_proba"}]}
    ).json
    assert oip["outputs"][0]["shape"] == [len(rows), 2]
    flat = oip["outputs"][0]["data"]
    assert [flat[i : i + 2] for i in range(0, len(flat), 2)] == python


def test_a_batch_gives_the_bits_of_its_rows(server, packed):
    """Batches of one block and of several; the larger ones go to a worker."""
    rows = (packed.rows * 4)[:700]
    alone = {}
    with server.connect() as connection:
        for row in packed.rows:
            body = json.dumps({"row": row}).encode()
            alone[body] = connection.request("POST", SCORE, body).json["score"]
    for size in (1, 3, 17, 256, 257, 700):
        answer = score(server, rows[:size]).json
        expected = [alone[json.dumps({"row": row}).encode()] for row in rows[:size]]
        assert [row["score"] for row in answer["rows"]] == expected


def test_a_refused_row_leaves_its_neighbours_bit_equal(server):
    good = [GOOD, {**GOOD, "age": 50}]
    expected = [row["score"] for row in score(server, good).json["rows"]]
    answer = score(server, [good[0], {**GOOD, "age": "old"}, good[1]])
    assert answer.status == 200
    first, bad, last = answer.json["rows"]
    assert [first["score"], last["score"]] == expected
    assert bad["error"]["code"] == "wrong_type"
    assert bad["error"]["column"] == "age"


def test_every_answer_says_which_version_gave_it(server, packed):
    answer = score(server, [GOOD]).json
    assert answer["name"] == MODEL
    assert answer["version"] == "v1"
    assert answer["tag"] == "production"
    assert answer["digest"] == packed.package.digest


def test_a_single_envelope_is_answered_alone(server):
    answer = server.request("POST", SCORE, {"row": GOOD, "id": 'q"1', "key": "c1"}).json
    assert answer["id"] == 'q"1'
    assert answer["score"] == score(server, [GOOD]).json["rows"][0]["score"]


def test_the_same_key_with_the_same_row_is_one_event(server):
    first = server.request("POST", SCORE, {"row": GOOD, "key": "same"}).json["event_id"]
    again = server.request("POST", SCORE, {"row": GOOD, "key": "same"}).json["event_id"]
    other = server.request("POST", SCORE, {"row": {**GOOD, "age": 1}, "key": "same"}).json
    assert first == again
    assert first != other["event_id"]


BAD_ROWS = {
    "a missing column": ({"amount": 1.5, "country": "DE"}, "missing", "age"),
    "an unknown column": ({**GOOD, "contry": "DE"}, "unknown_column", "contry"),
    "text for a number": ({**GOOD, "amount": "12"}, "wrong_type", "amount"),
    "a boolean for a number": ({**GOOD, "amount": True}, "wrong_type", "amount"),
    "a number for text": ({**GOOD, "country": 5}, "wrong_type", "country"),
    "half a year": ({**GOOD, "age": 30.5}, "wrong_type", "age"),
    "a list": ({**GOOD, "amount": [1]}, "wrong_type", "amount"),
    "an object": ({**GOOD, "amount": {"a": 1}}, "wrong_type", "amount"),
}


@pytest.mark.parametrize("name", BAD_ROWS)
def test_names_what_is_wrong_with_a_row(server, name):
    row, code, column = BAD_ROWS[name]
    answer = score(server, [row])
    assert answer.status == 422
    assert answer.json["code"] == "unprocessable"
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.json["title"], answer.json["status"]) == ("unprocessable", 422)
    error = answer.json["rows"][0]["error"]
    assert (error["code"], error["column"]) == (code, column)
    assert f"'{column}'" in error["message"]


def test_a_row_of_nothing_but_unknown_columns_misses_the_known_ones(server):
    errors = score(server, [{"contry": "DE"}]).json["rows"][0]["errors"]
    assert [(error["code"], error["column"]) for error in errors] == [
        ("unknown_column", "contry"),
        ("missing", "amount"),
        ("missing", "age"),
        ("missing", "country"),
    ]


def test_tells_all_problems_of_a_row_at_once(server):
    answer = score(server, [{"amount": "x", "contry": "DE"}, GOOD, {**GOOD, "age": 1.5}])
    assert answer.status == 200
    rows = answer.json["rows"]
    assert rows[0]["error"] == rows[0]["errors"][0]
    assert [(one["code"], one["column"]) for one in rows[0]["errors"]] == [
        ("wrong_type", "amount"),
        ("unknown_column", "contry"),
        ("missing", "age"),
        ("missing", "country"),
    ]
    amount, contry = rows[0]["errors"][:2]
    assert (amount["expected"], amount["got"]) == ("a number", 'the text "x"')
    assert contry["did_you_mean"] == "country"
    assert "score" in rows[1]
    assert rows[2]["error"]["code"] == "wrong_type"
    assert "errors" not in rows[2]


def test_problems_are_counted_out(server):
    many = {f"column{i}": i for i in range(100)}
    rows = score(server, [{**GOOD, **many}] * 40).json["rows"]
    counts = [len(row.get("errors", [row["error"]])) for row in rows]
    assert counts[0] == 16
    assert min(counts) == 1
    assert sum(counts) <= 256 + 40


def test_terse_errors_tell_nothing_of_the_model(start_server, packed, tmp_path):
    server = start_server(tmp_path, "--terse-errors")
    server.client.create(MODEL, kind="yes/no", owner="risk")
    server.client.tag(MODEL, "production", server.client.push(packed.package))
    answers = [
        score(server, [{"amonut": 1}, GOOD]),
        score(server, [{**GOOD, "age": "old"}]),
        score(server, [GOOD], outputs=["predict_prob"]),
        infer(server, {"inputs": tensors([{**GOOD, "amount": "x"}])}),
        infer(server, {"inputs": [tensor("amuont", "FP64", [1.0])]}),
        server.request("POST", "/invocations", {"instances": [{"amonut": 1}]}),
    ]
    assert [answer.status for answer in answers] == [200, 422, 400, 400, 400, 400]
    first, second = answers[0].json["rows"]
    assert first["error"] == {"code": "unknown_column", "message": "the row cannot be scored"}
    assert "score" in second
    for answer in answers[1:]:
        text = answer.body.decode()
        assert not any(name in text for name in ("amount", "'age'", "country", "predict_proba"))
    # Those who may read the models are told.
    assert MODEL in server.request("GET", "/v1/models").body.decode()


def test_asks_whether_another_column_was_meant(server):
    answer = score(server, [{**GOOD, "contry": "DE"}]).json
    assert "did you mean 'country'?" in answer["error"]


def test_null_is_a_missing_value_where_the_model_knows_one(server, packed):
    row = {**GOOD, "amount": None}
    expected = packed.scorer.predict_proba([row]).tolist()[0]
    answer = score(server, [row], outputs=["predict_proba"]).json
    assert answer["rows"][0]["outputs"]["predict_proba"] == expected


@pytest.mark.parametrize("age", ["30", "30.0", "3e1", "0.3E2"])
def test_whole_numbers_may_be_written_as_floats(server, age):
    body = json.dumps({"row": {"amount": 1.5, "country": "DE", "age": 12345}}).replace("12345", age)
    answer = server.request("POST", SCORE, body.encode())
    assert answer.json["score"] == score(server, [GOOD]).json["rows"][0]["score"]


def test_long_decimals_are_read_exactly(server, packed):
    """simdjson 3.0.1 reads this as 0.1155..., without an error."""
    body = json.dumps({"row": {**GOOD, "amount": 77}}).replace("77", "0.30000000000000004441")
    answer = server.request("POST", SCORE, body.encode()).json
    expected = packed.scorer.predict_proba([{**GOOD, "amount": 0.30000000000000004441}])[0]
    assert answer["outputs"]["predict_proba"] == expected.tolist()


BROKEN = {
    "an open object": b'{"row":{"amount":1.5,',
    "trailing bytes": b'{"row":{"amount":1.5}} x',
    "two documents": b'{"row":{}}{"row":{}}',
    "a bare NaN": b'{"row":{"amount":NaN}}',
    "a comma too many": b'{"row":{"amount":1.5,}}',
    "a leading zero": b'{"row":{"amount":01}}',
    "single quotes": b"{'row':{}}",
    "bytes that are not UTF-8": b'{"row":{"country":"\xff\xfe"}}',
    "half a surrogate pair": b'{"row":{"country":"\\ud800"}}',
    "600 levels": b'{"row":{"amount":' + b"[" * 600 + b"]" * 600 + b"}}",
    "100 000 brackets": b"[" * 100_000,
    "a key twice": b'{"row":{"amount":1,"amount":2}}',
    "an unknown key": b'{"row":{},"rwo":1}',
    "a list": b"[1]",
    "nothing": b"",
    "no rows": b'{"rows":[]}',
    "an unknown output": b'{"row":{"amount":1},"outputs":["predict_prob"]}',
}


@pytest.mark.parametrize("name", BROKEN)
def test_refuses_a_broken_body_and_lives(server, name):
    for path in (SCORE, INFER):
        answer = server.request("POST", path, BROKEN[name])
        assert answer.status == 400
        assert answer.json["code"] == "invalid"
        assert len(answer.json["error"]) > 10
    assert server.alive()


def test_refuses_numbers_beyond_a_double_by_name(server):
    answer = server.request("POST", SCORE, b'{"row":{"amount":1e400,"age":1,"country":"DE"}}')
    assert answer.status == 422
    assert answer.json["rows"][0]["error"]["code"] == "out_of_range"


def test_a_version_that_is_not_live_is_a_conflict(server):
    path = SCORE + "?version=v1"
    assert server.request("POST", path, {"row": GOOD}).status == 200
    assert server.request("POST", SCORE + "?version=production", {"row": GOOD}).status == 200
    answer = server.request("POST", SCORE + "?version=v99", {"row": GOOD})
    assert answer.status == 409
    assert "v1 (production)" in answer.json["error"]


def test_a_model_that_is_not_there_is_named(server):
    answer = server.request("POST", "/v1/models/no/body/score", {"row": GOOD})
    assert answer.status == 404
    assert "'no/body'" in answer.json["error"]


def test_the_slash_of_a_name_may_be_encoded(server):
    answer = server.request("POST", "/v1/models/fraud%2Fcharge/score", {"row": GOOD})
    assert answer.status == 200


# The Open Inference Protocol.


def infer(server, body, path=INFER):
    return server.request("POST", path, body)


def test_metadata_agrees_with_what_infer_takes_and_gives(server):
    metadata = server.request("GET", f"/v2/models/{MODEL}").json
    assert metadata["platform"] == "bascule_package"
    assert metadata["versions"] == ["1"]
    assert [i["name"] for i in metadata["inputs"]] == ["amount", "age", "country"]
    assert [i["datatype"] for i in metadata["inputs"]] == ["FP64", "INT64", "BYTES"]
    answer = infer(server, {"inputs": tensors([GOOD])}).json
    named = {output["name"]: output for output in metadata["outputs"]}
    for output in answer["outputs"]:
        assert output["datatype"] == named[output["name"]]["datatype"]


def test_server_and_model_readiness(server):
    for path in (
        "/v2",
        "/v2/",
        "/v2/health/live",
        "/v2/health/ready",
        f"/v2/models/{MODEL}/ready",
        f"/v2/models/{MODEL}/versions/1/ready",
    ):
        assert server.request("GET", path).status == 200, path
    assert server.request("GET", "/v2/models/no/body/ready").status == 404
    assert server.request("GET", f"/v2/models/{MODEL}/versions/99/ready").status == 404


def test_the_id_is_given_back_only_when_there_was_one(server):
    inputs = tensors([GOOD])
    assert "id" not in infer(server, {"inputs": inputs}).json
    for text in ("plain", "é" * 300, "a\r\nX-Evil: 1"):
        answer = infer(server, {"inputs": inputs, "id": text})
        assert answer.json["id"] == text
        assert "x-evil" not in answer.headers


def test_outputs_come_as_and_in_the_order_asked_for(server):
    for names in (["predict"], ["predict_proba"], ["predict_proba", "predict"]):
        body = {"inputs": tensors([GOOD]), "outputs": [{"name": name} for name in names]}
        assert [output["name"] for output in infer(server, body).json["outputs"]] == names


@pytest.mark.parametrize("name", ["x", "input"])
@pytest.mark.parametrize("data", [[1, 2, 3, 4, 5, 6], [[1, 2, 3], [4, 5, 6]]])
def test_one_matrix_carries_a_frame_of_numbers(server, name, data):
    matrix = {"name": name, "datatype": "FP64", "shape": [2, 3], "data": data}
    by_column = [tensor(c, "FP64", [i, i + 3]) for i, c in enumerate("abc", start=1)]
    path = f"/v2/models/{MATRIX}/infer"
    assert (
        infer(server, {"inputs": [matrix]}, path).json["outputs"]
        == infer(server, {"inputs": by_column}, path).json["outputs"]
    )


BAD_TENSORS = {
    "an unknown input": [tensor("amuont", "FP64", [1])],
    "an unknown datatype": [tensor("amount", "FP99", [1])],
    "a datatype for text": [tensor("amount", "BYTES", ["1"])],
    "too few values": [{**tensor("amount", "FP64", [1]), "shape": [2]}],
    "a negative shape": [{**tensor("amount", "FP64", [1]), "shape": [-1]}],
    "a shape that overflows": [{**tensor("amount", "FP64", [1]), "shape": [2**62, 2**62]}],
    "a shape of nothing": [{**tensor("amount", "FP64", []), "shape": [0]}],
    "a missing input": tensors([GOOD])[:2],
    "an input twice": [*tensors([GOOD]), tensor("age", "INT64", [1])],
    "ragged data": [{**tensor("amount", "FP64", [[1], 2]), "shape": [2, 1]}],
    "a value that is no INT8": [tensor("age", "INT8", [300])],
}


@pytest.mark.parametrize("name", BAD_TENSORS)
def test_refuses_bad_tensors_by_name(server, name):
    given = BAD_TENSORS[name]
    names = {item["name"] for item in given}
    rest = [t for t in tensors([GOOD]) if t["name"] not in names] if len(given) == 1 else []
    answer = infer(server, {"inputs": given + rest})
    assert answer.status in (400, 413)
    assert any(
        word in answer.json["error"] for word in ("inputs[0]", "amuont", "amount", "age", "country")
    )


def test_bad_rows_of_a_tensor_are_named(server):
    answer = infer(server, {"inputs": tensors([GOOD, GOOD, {**GOOD, "amount": "x"}])})
    assert answer.status == 400
    assert "row 2: column 'amount' must be a number" in answer.json["error"]
    (problem,) = answer.json["errors"]
    assert (problem["row"], problem["column"], problem["code"]) == (2, "amount", "wrong_type")


def test_null_in_a_tensor_is_an_error_where_python_scored_nothing_missing(server):
    inputs = [tensor(c, "FP64", [1.0, None]) for c in "abc"]
    answer = infer(server, {"inputs": inputs}, f"/v2/models/{MATRIX}/infer")
    assert answer.status == 400
    assert "row 1: column 'a' is null" in answer.json["error"]


def test_unknown_parameters_are_somebody_elses_business(server):
    inputs = [{**t, "parameters": {"x": 1}} for t in tensors([GOOD])]
    body = {
        "inputs": inputs,
        "parameters": {"sequence": 1, "nested": {"a": [True]}},
        "outputs": [{"name": "predict", "parameters": {"y": None}}],
    }
    assert infer(server, body).status == 200


def test_envelopes_come_as_parameters(server):
    body = {
        "inputs": tensors([GOOD, GOOD]),
        "parameters": {"bascule_key": ["k1", "k2"], "bascule_amount": [1, 2.5]},
    }
    assert infer(server, body).status == 200
    body["parameters"]["bascule_key"] = ["k1"]
    assert infer(server, body).status == 400


def test_scores_are_finite(server, packed):
    assert all(math.isfinite(r["score"]) for r in score(server, packed.rows).json["rows"])


def test_an_answer_holds_a_bounded_number_of_values(server):
    """5,000 rows of one integer are a small body, and of 801 outputs each a large answer."""
    data = pd.DataFrame({"shop": np.arange(801)})
    model = OneHotEncoder(sparse_output=False).fit(data)
    server.client.create("bench/shops", kind="transformation", owner="risk")
    version = server.client.push(bascule.pack(model, data, name="bench/shops"))
    server.client.tag("bench/shops", "production", version)

    def columns(count):
        return {"columns": {"shop": [800] * count}}

    answer = server.request("POST", "/v1/models/bench/shops/score", columns(5_000))
    assert answer.status == 413, answer.json
    assert "5000 rows have 801 output values each" in answer.json["detail"]
    answer = server.request("POST", "/v1/models/bench/shops/score", columns(4_000))
    assert answer.status == 200
    [outputs] = answer.json["rows"][3_999]["outputs"].values()
    assert outputs == [0.0] * 800 + [1.0]


def test_so_do_the_outputs_of_candidates(server):
    name = "bench/few-shops"
    server.client.create(name, kind="transformation", owner="risk")
    for tag, shops in (("production", 2), ("candidate/wide", 801)):
        data = pd.DataFrame({"shop": np.arange(shops)})
        model = OneHotEncoder(sparse_output=False, handle_unknown="ignore").fit(data)
        server.client.tag(name, tag, server.client.push(bascule.pack(model, data, name=name)))

    def shadowed(rows):
        body = {"columns": {"shop": [1] * rows}}
        before = server.request("GET", "/v1/serving").json["shadow"]
        assert server.request("POST", f"/v1/models/{name}/score", body).status == 200
        deadline = time.monotonic() + 60
        made: list[int] = []
        while sum(made) < rows and time.monotonic() < deadline:
            time.sleep(0.02)
            after = server.request("GET", "/v1/serving").json["shadow"]
            made = [after[what] - before[what] for what in ("scored", "dropped")]
        return made

    assert shadowed(2) == [2, 0]
    assert shadowed(5_000) == [0, 5_000]
