"""Binary tensors that are not what they say, and bodies that are packed."""

from __future__ import annotations

import gzip
import json
import struct
import zlib

import pytest

MODEL = "fraud/charge"
MATRIX = "fraud/matrix"
INFER = f"/v2/models/{MATRIX}/infer"
SCORE = f"/v1/models/{MODEL}/score"
ROW = {"amount": 1.5, "age": 30, "country": "DE"}


def tensor(**more):
    return {"name": "x", "shape": [1, 3], "datatype": "FP64", **more}


def send(server, document, data, path=INFER, length=None):
    head = json.dumps(document).encode()
    return server.request(
        "POST",
        path,
        head + data,
        Inference_Header_Content_Length=str(len(head) if length is None else length),
    )


def sized(count):
    return {"parameters": {"binary_data_size": count}}


THREE = struct.pack("<3d", 1, 2, 3)


def test_the_answer_is_binary_only_where_it_was_asked_for(server):
    document = {"inputs": [tensor(**sized(24))], "outputs": [{"name": "predict_proba"}]}
    text = send(server, document, THREE)
    assert "inference-header-content-length" not in text.headers
    document["outputs"][0]["parameters"] = {"binary_data": True}
    answer = send(server, document, THREE)
    length = int(answer.headers["inference-header-content-length"])
    described = json.loads(answer.body[:length])["outputs"][0]
    assert described["parameters"] == {"binary_data_size": 16}
    numbers = struct.unpack("<2d", answer.body[length:])
    assert list(numbers) == text.json["outputs"][0]["data"]


@pytest.mark.parametrize(
    ("document", "data", "word"),
    [
        ({"inputs": [tensor(**sized(24))]}, THREE[:-1], "announces 24 bytes"),
        ({"inputs": [tensor(**sized(24))]}, THREE + b"x", "belong to no input"),
        ({"inputs": [tensor(**sized(16))]}, THREE[:16], "need 24"),
        ({"inputs": [tensor(**sized(-1))]}, THREE, "binary_data_size"),
        ({"inputs": [tensor(**sized(1 << 62))]}, THREE, "announces"),
        ({"inputs": [tensor(data=[1, 2, 3], **sized(24))]}, THREE, "both"),
        ({"inputs": [tensor(**sized(24)) | {"shape": [1 << 62, 1 << 62]}]}, THREE, "shape"),
        ({"inputs": [tensor(**sized(24)) | {"shape": [0, 3]}]}, THREE, "no rows"),
        ({"inputs": [tensor(**sized(24)) | {"datatype": "BF16"}]}, THREE, "BF16"),
        ({"inputs": [tensor(parameters={"shared_memory_region": "r"})]}, b"", "shared memory"),
        (
            {
                "inputs": [tensor(**sized(24))],
                "outputs": [{"name": "predict", "parameters": {"classification": 3}}],
            },
            THREE,
            "classification",
        ),
    ],
)
def test_what_does_not_fit_is_refused_by_name(server, document, data, word):
    answer = send(server, document, data)
    assert answer.status in (400, 413, 415), answer.body
    assert word in answer.json["error"]
    assert server.alive()


@pytest.mark.parametrize("length", ["-1", "x", "99999999", "18446744073709551616", "3"])
def test_a_wrong_length_of_the_json_is_refused(server, length):
    answer = send(server, {"inputs": [tensor(**sized(24))]}, THREE, length=length)
    assert answer.status == 400
    assert server.alive()


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"\x02\x00\x00\x00DE", None),
        (b"\x02\x00\x00\x00D", "end inside"),
        (b"\x02\x00\x00", "end inside"),
        (b"\xff\xff\xff\xffDE", "end inside"),
        (b"\x02\x00\x00\x00DEx", "behind its last"),
        (b"\x02\x00\x00\x00\xff\xfe", "UTF-8"),
    ],
)
def test_texts_carry_their_length(server, data, word):
    document = {
        "inputs": [
            {"name": "amount", "shape": [1], "datatype": "FP64", "data": [1.5]},
            {"name": "age", "shape": [1], "datatype": "INT64", "data": [30]},
            {"name": "country", "shape": [1], "datatype": "BYTES", **sized(len(data))},
        ]
    }
    answer = send(server, document, data, path=f"/v2/models/{MODEL}/infer")
    if word is None:
        assert answer.status == 200, answer.body
    else:
        assert answer.status == 400
        assert word in answer.json["error"]


def test_a_float_that_need_not_be_the_number_meant_is_no_integer(server):
    """From 2^53 on, as in JSON and over gRPC."""
    for number, status in ((2.0**53 - 1, 200), (2.0**53, 400), (-(2.0**53), 400)):
        document = {
            "inputs": [
                {"name": "amount", "shape": [1], "datatype": "FP64", "data": [1.5]},
                {"name": "age", "shape": [1], "datatype": "FP64", **sized(8)},
                {"name": "country", "shape": [1], "datatype": "BYTES", "data": ["DE"]},
            ]
        }
        path = f"/v2/models/{MODEL}/infer"
        answer = send(server, document, struct.pack("<d", number), path=path)
        assert answer.status == status, answer.body
        document["inputs"][1] = {
            "name": "age", "shape": [1], "datatype": "FP64", "data": [number]
        }  # fmt: skip
        assert server.request("POST", path, document).status == status


def test_nan_is_missing_where_the_column_may_be(server):
    nan = struct.pack("<3d", 1, float("nan"), 3)
    answer = send(server, {"inputs": [tensor(**sized(24))]}, nan)
    assert answer.status == 400
    assert "'b' is NaN" in answer.json["error"]


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_a_packed_body_is_read_like_the_plain_one(server, pack):
    body = json.dumps({"row": ROW}).encode()
    coding = "gzip" if pack is gzip.compress else "deflate"
    packed = server.request("POST", SCORE, pack(body), Content_Encoding=coding)
    assert packed.json["score"] == server.request("POST", SCORE, body).json["score"]


def test_a_bomb_and_what_is_not_packed_are_refused_and_the_connection_stays(server):
    bomb = gzip.compress(b"[" * (64 << 20))
    with server.connect() as connection:
        for body, coding, status in [
            (bomb, "gzip", 413),
            (b'{"row":{}}', "gzip", 400),
            (gzip.compress(b"{}")[:-4], "gzip", 400),
            (b"{}", "br", 415),
        ]:
            answer = connection.request("POST", SCORE, body, {"Content-Encoding": coding})
            assert answer.status == status, answer.body
        assert connection.request("POST", SCORE, {"row": ROW}).status == 200


def test_large_answers_are_packed_when_that_is_asked_for(server):
    body = {"rows": [{"row": ROW}] * 20}
    plain = server.request("POST", SCORE, body)
    assert "content-encoding" not in plain.headers
    packed = server.request("POST", SCORE, body, Accept_Encoding="br, gzip;q=0.8")
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == "Accept-Encoding"
    assert len(packed.body) < len(plain.body)
    rows = json.loads(gzip.decompress(packed.body))["rows"]
    assert [row["score"] for row in rows] == [row["score"] for row in plain.json["rows"]]
    small = server.request("POST", SCORE, {"row": ROW}, Accept_Encoding="gzip")
    assert small.json["score"] == rows[0]["score"]
