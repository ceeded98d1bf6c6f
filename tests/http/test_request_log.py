"""The request log: one line of JSON for each request that was chosen, and for every error."""

from __future__ import annotations

import json
import os
import re
import signal
import time

import pytest
from service import Server

MODEL = "fraud/charge"
SCORE = f"/v1/models/{MODEL}/score"
ROW = {"amount": 120.5, "age": 33, "country": "DE"}


def lines_of(path, count, seconds=30):
    """The first `count` lines, once they are there; each must be JSON by itself."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        lines = path.read_text().splitlines() if path.exists() else []
        if len(lines) >= count:
            return [json.loads(line) for line in lines]
        time.sleep(0.01)
    raise AssertionError(f"{len(lines)} of {count} lines: {lines}")


def metric(server: Server, name: str) -> int:
    text = server.request("GET", "/metrics").body.decode()
    return int(re.search(rf"^{name} (\d+)$", text, re.MULTILINE)[1])


def wait_for_metric(server, name, value, seconds=30):
    end = time.monotonic() + seconds
    while metric(server, name) < value:
        assert time.monotonic() < end, (name, metric(server, name))
        time.sleep(0.01)


@pytest.fixture
def start(start_server, packed, tmp_path):
    """Starts a server with a request log and a live model."""

    def start(*arguments: str, log: object = tmp_path / "requests.log") -> Server:
        server = start_server(tmp_path, "--request-log", str(log), *arguments)
        if not (tmp_path / "live").exists():
            server.client.create(MODEL, kind="yes/no", owner="risk")
            server.client.tag(MODEL, "production", server.client.push(packed.package))
            (tmp_path / "live").touch()
        return server

    return start


def test_a_line_tells_what_happened_to_a_request(start, tmp_path):
    server = start("--request-log-every=1")
    answer = server.request("POST", SCORE, {"row": ROW, "key": "k1"}, X_Request_Id="abc-1")
    assert answer.headers["x-request-id"] == "abc-1"
    server.stop()
    (line,) = [one for one in lines_of(tmp_path / "requests.log", 1) if one.get("rows")]
    assert line["level"] == "info"
    assert line["method"] == "POST"
    assert line["route"] == "/v1/models/{name}/score"
    assert line["protocol"] == "1.1"
    assert (line["model"], line["tag"], line["version"]) == (MODEL, "production", "v1")
    assert line["digest"] == answer.json["digest"]
    assert (line["rows"], line["bad_rows"], line["problems"]) == (1, 0, 0)
    assert line["status"] == 200
    assert "code" not in line
    assert line["request_id"] == "abc-1"
    assert line["event_id"] == answer.json["event_id"]
    trace, span = answer.headers["traceparent"].split("-")[1:3]
    assert (line["trace_id"], line["span_id"]) == (trace, span)
    assert line["bytes_out"] == len(answer.body)
    nanoseconds = {name: round(line[name] * 1e9) for name in line if name.endswith("seconds")}
    whole = nanoseconds.pop("seconds")
    assert len(nanoseconds) == 4
    assert 0 < sum(nanoseconds.values()) <= whole < 30e9
    assert line["peer"].startswith("127.0.0.1:")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", line["time"])
    assert "120.5" not in json.dumps(line)


def test_errors_have_a_line_whatever_is_sampled(start, tmp_path):
    server = start("--request-log-every=0")
    for _ in range(20):
        assert server.request("POST", SCORE, {"row": ROW}).status == 200
    assert server.request("POST", SCORE, {"row": {"amount": "x"}}).status == 422
    assert server.request("GET", '/no"where?secret=1').status == 404
    assert server.request("PATCH", SCORE).status == 405
    with server.connect() as connection:
        connection.send(b"GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n")
        assert connection.read().status == 400
    server.stop()
    # The last ones: before them is what the fixture did, and that the server was not ready.
    lines = lines_of(tmp_path / "requests.log", 4)
    bad, nowhere, method, unframed = [
        one for one in lines if one.get("route") != "/v1/health/ready"
    ][-4:]
    assert (bad["status"], bad["rows"], bad["bad_rows"]) == (422, 1, 1)
    assert bad["level"] == "warn"
    assert bad["code"] == "unprocessable"
    assert (nowhere["status"], nowhere["path"], nowhere["code"]) == (404, '/no"where', "not_found")
    assert "route" not in nowhere
    assert (method["status"], method["method"], method["path"]) == (405, "PATCH", SCORE)
    assert (unframed["status"], unframed["code"]) == (400, "invalid")
    assert unframed["peer"].startswith("127.0.0.1:")


def test_one_in_so_many_is_chosen(start, tmp_path):
    server = start("--request-log-every=10")
    with server.connect() as connection:
        for _ in range(1000):
            assert connection.request("GET", "/v1/health/live").status == 200
    server.stop()
    assert 50 < len(lines_of(tmp_path / "requests.log", 1)) < 200


def test_stderr_takes_whole_lines_among_its_others(start):
    server = start("--request-log-every=1", log="stderr")
    for _ in range(50):
        server.request("GET", "/v1/health/live")
    server.stop()
    lines = server.log_path.read_text().splitlines()
    ours = [json.loads(line) for line in lines if line.startswith("{")]
    assert sum(line["route"] == "/v1/health/live" for line in ours) == 50
    assert any("listening on" in line for line in lines)


def test_the_file_is_opened_again_when_it_was_moved_away(start, tmp_path):
    server = start("--request-log-every=1")
    log = tmp_path / "requests.log"
    server.request("GET", "/v1/health/live")
    lines_of(log, 1)
    log.rename(tmp_path / "requests.log.1")
    server.process.send_signal(signal.SIGHUP)
    while not log.exists():
        server.request("GET", "/v1/health/live")
    server.request("GET", "/v1/about")
    server.stop()
    kept = lines_of(tmp_path / "requests.log.1", 1) + lines_of(log, 1)
    assert kept[-1]["route"] == "/v1/about"


def test_a_full_disk_harms_no_request(start):
    server = start("--request-log-every=1", log="/dev/full")
    for _ in range(20):
        assert server.request("GET", "/v1/health/live").status == 200
    wait_for_metric(server, "bascule_request_log_dropped_total", 20)
    assert metric(server, "bascule_request_log_lines_total") == 0
    assert server.stop() == 0


def test_a_reader_that_is_gone_or_slow_harms_no_request(start, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    server = start("--request-log-every=1", log=pipe)
    with server.connect() as connection:
        for _ in range(20_000):  # more than the pipe and the queue hold
            assert connection.request("GET", "/v1/health/live").status == 200
    wait_for_metric(server, "bascule_request_log_dropped_total", 1)
    os.close(reader)
    dropped = metric(server, "bascule_request_log_dropped_total")
    wait_for_metric(server, "bascule_request_log_dropped_total", dropped + 1)
    assert server.alive()
    assert server.stop() == 0


def test_a_closed_stderr_is_no_other_file(packed, tmp_path):
    """What has the number of stderr then must not get its lines."""
    server = Server(tmp_path, "--request-log=stderr", "--request-log-every=1", closed_stderr=True)
    server.client.create(MODEL, kind="yes/no", owner="risk")
    server.client.tag(MODEL, "production", server.client.push(packed.package))
    for _ in range(20):
        assert server.request("POST", SCORE, {"row": ROW}).status == 200
    assert server.stop() == 0
    for path in (tmp_path / "data").rglob("*"):
        assert path.is_dir() or b'"trace_id"' not in path.read_bytes()


def test_a_file_that_cannot_be_opened_ends_the_start(start, tmp_path):
    with pytest.raises(AssertionError, match=r"request log .* cannot be opened: No such file"):
        start(log=tmp_path / "nowhere" / "requests.log")
