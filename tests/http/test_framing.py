"""HTTP as it comes over the wire: what is refused, what is answered, and that the process lives."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess

import pytest

SCORE = "/v1/models/fraud/charge/score"
BODY = b'{"row":{"amount":1.5,"age":30,"country":"DE"}}'


def post(headers: str, body: bytes = BODY, version: str = "1.1") -> bytes:
    return f"POST {SCORE} HTTP/{version}\r\n{headers}\r\n".encode() + body


HOST = "Host: 127.0.0.1\r\n"
LENGTH = f"Content-Length: {len(BODY)}\r\n"

REFUSED = {
    "length and chunked": (post(HOST + LENGTH + "Transfer-Encoding: chunked\r\n"), 400),
    "chunked and length": (post(HOST + "Transfer-Encoding: chunked\r\n" + LENGTH), 400),
    "two lengths": (post(HOST + LENGTH + "Content-Length: 7\r\n"), 400),
    "the same length twice": (post(HOST + LENGTH + LENGTH), 400),
    "signed length": (post(HOST + f"Content-Length: +{len(BODY)}\r\n"), 400),
    "hexadecimal length": (post(HOST + "Content-Length: 0x2e\r\n"), 400),
    "negative length": (post(HOST + "Content-Length: -1\r\n"), 400),
    "length beyond 64 bits": (post(HOST + "Content-Length: 99999999999999999999\r\n"), 400),
    "space before the colon": (post(f"Host : x\r\n{LENGTH}"), 400),
    "a space in a name": (post(HOST + "Content Length: 3\r\n"), 400),
    "bare line feeds": (b"GET /v1/health/live HTTP/1.1\nHost: x\n\n", 505),
    "no Host": (post(LENGTH), 400),
    "two Hosts": (post(HOST + HOST + LENGTH), 400),
    "a NUL in a header": (post(HOST + "A: b\0c\r\n" + LENGTH), 400),
    "gzip, chunked": (post(HOST + "Transfer-Encoding: gzip, chunked\r\n"), 501),
    "chunked, identity": (post(HOST + "Transfer-Encoding: chunked, identity\r\n"), 501),
    "chunked in HTTP/1.0": (post(HOST + "Transfer-Encoding: chunked\r\n", version="1.0"), 501),
    "a chunk without a size": (
        post(HOST + "Transfer-Encoding: chunked\r\n", b"zz\r\nabc\r\n0\r\n\r\n"),
        400,
    ),
    "64 KiB of header": (post(HOST + "A: " + "x" * 65536 + "\r\n" + LENGTH), 431),
    "2000 headers": (post(HOST + "A: b\r\n" * 2000 + LENGTH), 431),
    "a path of 5 KiB": (f"GET /{'x' * 5000} HTTP/1.1\r\n{HOST}\r\n".encode(), 414),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    "an unknown expectation": (post(HOST + "Expect: tea\r\n" + LENGTH), 417),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refuses_what_cannot_be_framed_and_closes(server, name):
    request, status = REFUSED[name]
    with server.connect() as connection:
        connection.send(request)
        answer = connection.read()
        assert answer is not None
        assert answer.status == status
        assert answer.json["error"]
        assert answer.headers["connection"] == "close"
        assert connection.read() is None
    assert server.alive()


def test_refuses_nothing_twice_of_a_smuggled_request(server):
    """What follows a refused request is not read as another one."""
    with server.connect() as connection:
        connection.send(post(HOST + LENGTH + "Transfer-Encoding: chunked\r\n") * 3)
        assert connection.read().status == 400
        assert connection.read() is None


def test_answers_pipelined_requests_in_order(server):
    with server.connect() as connection:
        health = f"GET /v1/health/live HTTP/1.1\r\n{HOST}\r\n".encode()
        about = f"GET /v1/about HTTP/1.1\r\n{HOST}\r\n".encode()
        serving = f"GET /v1/serving HTTP/1.1\r\n{HOST}\r\n".encode()  # answered by a worker
        connection.send(post(HOST + LENGTH) + serving + health + about)
        assert "score" in connection.read().json
        assert "serving" in connection.read().json
        assert connection.read().json == {"live": True}
        assert connection.read().json["name"] == "bascule"


def test_reads_a_request_byte_by_byte_and_in_chunks(server):
    with server.connect() as connection:
        connection.send(post(HOST + LENGTH))
        whole = connection.read().json["score"]
        for byte in post(HOST + LENGTH):
            connection.send(bytes([byte]))
        assert connection.read().json["score"] == whole
        chunks = b"".join(b"1;x=y\r\n" + bytes([byte]) + b"\r\n" for byte in BODY)
        connection.send(
            post(HOST + "Transfer-Encoding: chunked\r\n", chunks + b"0\r\nA: b\r\n\r\n")
        )
        assert connection.read().json["score"] == whole


def test_tells_the_client_to_send_its_body(server):
    with server.connect() as connection:
        connection.send(post(HOST + LENGTH + "Expect: 100-continue\r\n", b""))
        assert connection.read().status == 100
        connection.send(BODY)
        assert connection.read().status == 200


def test_keeps_the_connection_after_an_error(server):
    with server.connect() as connection:
        assert connection.request("GET", "/nothing").status == 404
        assert connection.request("POST", SCORE, b"{").status == 400
        assert connection.request("DELETE", SCORE).status == 405
        assert (
            connection.request("POST", SCORE, BODY, {"Content-Type": "application/xml"}).status
            == 415
        )
        assert connection.request("POST", SCORE, BODY).status == 200


def test_a_refusal_is_a_problem_of_rfc_9457_under_v1(server):
    small = {"Content-Length": "4"}
    for path, method, headers, status in (
        (SCORE, "POST", {"Content-Length": "100000000"}, 413),
        (SCORE, "POST", {**small, "Expect": "tea"}, 417),
        (SCORE, "POST", {**small, "Content-Encoding": "br"}, 415),
        (SCORE, "PATCH", small, 405),
        ("/v2/health/live", "PATCH", small, 405),
    ):
        with server.connect() as connection:
            answer = connection.request(method, path, b"abcd", headers)
        assert answer.status == status, answer.body
        problem = path.startswith("/v1/")
        kind = "application/problem+json" if problem else "application/json"
        assert answer.headers["content-type"] == kind
        assert answer.json.get("status") == (status if problem else None)


def test_a_media_type_is_the_same_in_any_case(server):
    for kind in ("Application/JSON; Charset=UTF-8", "application/cloudevents+JSON"):
        answer = server.request("POST", SCORE, BODY, Content_Type=kind)
        assert answer.status == 200, answer.body


def test_names_the_methods_that_a_path_has(server):
    answer = server.request("DELETE", SCORE)
    assert answer.status == 405
    assert answer.headers["allow"] == "POST"


def test_answers_head_as_get_without_a_body(server):
    with server.connect() as connection:
        answer = connection.request("HEAD", "/v1/health/live")
        assert answer.status == 200
        assert answer.headers["content-length"] == str(len('{"live":true}'))
        assert connection.request("GET", "/v1/health/live").json == {"live": True}


def test_closes_when_told_to(server):
    with server.connect() as connection:
        answer = connection.request("GET", "/v1/health/live", headers={"Connection": "close"})
        assert answer.headers["connection"] == "close"
        assert connection.read() is None


def test_speaks_http_1_0(server):
    with server.connect() as connection:
        connection.send(b"GET /v1/health/live HTTP/1.0\r\n\r\n")
        assert connection.read().json == {"live": True}
        assert connection.read() is None


def test_refuses_100_mb_before_reading_it(server):
    with server.connect() as connection:
        connection.send(
            f"POST {SCORE} HTTP/1.1\r\n{HOST}Content-Length: 100000000\r\n\r\n".encode()
        )
        answer = connection.read()
        assert answer.status == 413
        assert "8388608" in answer.json["error"]


def test_refuses_100_mb_that_come_anyway(server):
    """A client that only writes still gets to read why."""
    with server.connect() as connection:
        head = f"POST {SCORE} HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n".encode()
        chunk = b"100000\r\n" + b" " * (1 << 20) + b"\r\n"
        connection.send(head)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for _ in range(100):
                connection.send(chunk)
        answer = connection.read()
        assert answer is None or answer.status == 413
    assert server.alive()


@pytest.mark.parametrize("length", [-1, 0, 1])
def test_takes_a_body_up_to_its_limit(server, length):
    size = (8 << 20) + length
    body = BODY[:-1] + b" " * (size - len(BODY)) + b"}"
    answer = server.request("POST", SCORE, body)
    assert answer.status == (413 if length > 0 else 200)


def test_another_sites_page_can_change_nothing(server):
    assert server.request("POST", SCORE, BODY, Origin="https://evil.example").status == 403
    assert server.request("GET", "/v1/models", Host="evil.example").status == 403
    assert server.request("POST", SCORE, BODY, Origin="http://localhost:5173").status == 200


def test_lives_through_random_bytes(server):
    generator = random.Random(20261124)
    start = post(HOST + LENGTH)
    for _ in range(200):
        data = bytearray(start)
        for _ in range(generator.randint(1, 20)):
            data[generator.randrange(len(data))] = generator.randrange(256)
        with server.connect() as connection:
            connection.send(bytes(data) if generator.random() < 0.7 else generator.randbytes(300))
            connection.send(b"\r\n\r\n")
    assert server.alive()


def test_refuses_to_listen_where_others_can_reach_it(tmp_path):
    done = subprocess.run(
        [os.environ["BASCULE_BINARY"], "serve", "--data", str(tmp_path), "--listen", "0.0.0.0:0"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "without TLS and tokens" in done.stderr
