"""The client speaks docs/http-api.md: paths, conditions, bodies and errors.

A server of the standard library stands in; it records requests and gives the answers that a test
lays down. The real server meets the client in the end-to-end tests.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import bascule
import numpy as np
import pandas as pd
import pytest


class Recorder(ThreadingHTTPServer):
    """Answers by "METHOD path"; anything else is a 404."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = {}
        self.seen = []

    def request(self, line):
        """The body (JSON, or bytes) and headers of the one request with this line."""
        (found,) = [(body, headers) for name, body, headers in self.seen if name == line]
        return found


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        line = f"{self.command} {self.path}"
        data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Content-Type") == "application/json":
            data = json.loads(data)
        self.server.seen.append((line, data, dict(self.headers)))
        missing = (404, {"error": f"there is no {self.path}", "code": "not_found"})
        status, body = self.server.answers.get(line, missing)
        kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 (the names of http.server)

    def log_message(self, *_):
        """Tests are quiet."""


@pytest.fixture
def server():
    recorder = Recorder()
    thread = threading.Thread(target=recorder.serve_forever)
    thread.start()
    yield recorder
    recorder.shutdown()
    thread.join()
    recorder.server_close()


@pytest.fixture
def client(server):
    host, port = server.server_address
    with bascule.Client(f"http://{host}:{port}", token="secret", actor="anna") as client:
        yield client


def test_create_sends_what_was_given_and_nothing_else(server, client):
    server.answers["POST /v1/models"] = (201, {"name": "fraud/charge"})
    client.create("fraud/charge", kind="yes/no", owner="risk", label_window_days=30)
    body, headers = server.request("POST /v1/models")
    assert body == {
        "name": "fraud/charge",
        "kind": "yes/no",
        "owner": "risk",
        "label_window_days": 30,
    }
    assert headers["Authorization"] == "Bearer secret"
    assert headers["X-Bascule-Actor"] == "anna"


def test_push_sends_the_bytes_to_the_model_they_were_packed_for(server, client, tmp_path):
    from models import matrix

    model, X = matrix()
    package = bascule.pack(model, X, name="fraud/charge")
    line = "POST /v1/models/fraud/charge/versions"
    server.answers[line] = (201, {"version": "v7", "created": True})
    assert client.push(package) == "v7"
    body, headers = server.request(line)
    assert body == package.bytes
    assert headers["Content-Type"] == "application/octet-stream"
    server.seen.clear()
    assert client.push(package.save(tmp_path / "p.bascule"), "fraud/charge") == "v7"
    assert server.request(line)[0] == package.bytes
    with pytest.raises(bascule.InputError, match="names no model"):
        client.push(bascule.pack(model, X))


def test_a_tag_moves_only_from_the_revision_that_was_read(server, client):
    path = "/v1/models/fraud/charge/tags/candidate/wider-trees"
    server.answers[f"GET {path}"] = (200, {"tag": "candidate/wider-trees", "revision": 42})
    server.answers[f"PUT {path}"] = (200, {"revision": 43})
    assert client.tag("fraud/charge", "candidate/wider-trees", 7)["revision"] == 43
    body, headers = server.request(f"PUT {path}")
    assert body == {"version": "v7"}
    assert headers["If-Match"] == '"42"'
    assert "If-None-Match" not in headers


def test_a_new_tag_must_not_exist(server, client):
    path = "/v1/models/fraud/charge/tags/production"
    server.answers[f"PUT {path}"] = (200, {"revision": 1})
    client.tag("fraud/charge", "production", "v1", reason="first")
    body, headers = server.request(f"PUT {path}")
    assert body == {"version": "v1", "reason": "first"}
    assert headers["If-None-Match"] == "*"


def test_a_revision_that_was_decided_on_is_sent_as_it_is(server, client):
    path = "/v1/models/fraud/charge/tags/production"
    moved = {"error": "the tag moved to revision 9", "code": "moved"}
    server.answers[f"PUT {path}"] = (412, moved)
    with pytest.raises(bascule.ServerError, match="the tag moved to revision 9") as refused:
        client.tag("fraud/charge", "production", "v2", revision=8, force=True, reason="now")
    assert (refused.value.status, refused.value.code) == (412, "moved")
    assert server.request(f"PUT {path}")[1]["If-Match"] == '"8"'


def test_a_row_of_numpy_and_pandas_values_becomes_json(server, client):
    line = "POST /v1/models/fraud/charge/score?version=v7"
    server.answers[line] = (200, {"score": 0.93})
    row = {"amount": np.float64(1.5), "age": np.int64(3), "gap": np.nan, "na": pd.NA, "none": None}
    answer = client.score(
        "fraud/charge",
        row,
        key="ch_1",
        time=pd.Timestamp("2026-11-24T12:00:00Z"),
        outputs=["predict_proba"],
        version="v7",
    )
    assert answer == {"score": 0.93}
    assert server.request(line)[0] == {
        "row": {"amount": 1.5, "age": 3, "gap": None, "na": None, "none": None},
        "key": "ch_1",
        "time": "2026-11-24T12:00:00+00:00",
        "outputs": ["predict_proba"],
    }


def test_an_infinity_has_no_json_form(client):
    with pytest.raises(bascule.InputError, match="cannot be sent as JSON"):
        client.score("fraud/charge", {"amount": float("inf")})


def test_labels_decisions_and_reports(server, client):
    base = "POST /v1/models/fraud/charge"
    server.answers[f"{base}/labels"] = (200, {"accepted": 1, "unknown_keys": 0})
    server.answers[f"{base}/decisions"] = (200, {"accepted": 1})
    server.answers[f"{base}/reports"] = (200, {"id": "r1", "verdict": "pass"})
    assert client.label("fraud/charge", "ch_1", 1, amount=5.0)["accepted"] == 1
    assert client.decide("fraud/charge", "ch_1", "block", propensity=0.9)["accepted"] == 1
    assert client.report("fraud/charge", "candidate/a")["verdict"] == "pass"
    assert server.request(f"{base}/labels")[0] == {
        "labels": [{"key": "ch_1", "value": 1, "amount": 5.0}]
    }
    assert server.request(f"{base}/decisions")[0] == {
        "decisions": [{"key": "ch_1", "action": "block", "propensity": 0.9, "explored": False}]
    }
    assert server.request(f"{base}/reports")[0] == {"candidate": "candidate/a"}


def test_a_promotion_names_its_report_and_production_as_it_was(server, client):
    base = "/v1/models/fraud/charge"
    server.answers[f"GET {base}/tags/production"] = (200, {"revision": 5})
    server.answers[f"POST {base}/promotions"] = (200, {"tag": {}})
    client.promote("fraud/charge", "candidate/a", {"id": "r1", "verdict": "pass"}, dry_run=True)
    body, headers = server.request(f"POST {base}/promotions")
    assert body == {"candidate": "candidate/a", "report": "r1", "dry_run": True}
    assert headers["If-Match"] == '"5"'


def test_a_rollback_needs_no_revision(server, client):
    line = "POST /v1/models/fraud/charge/rollbacks"
    server.answers[line] = (200, {"tag": {}})
    client.rollback("fraud/charge", 6, reason="false alarms")
    body, headers = server.request(line)
    assert body == {"to": "v6", "reason": "false alarms"}
    assert "If-Match" not in headers


def test_reading_gives_the_lists_and_the_bytes(server, client):
    base = "GET /v1/models/fraud/charge"
    server.answers["GET /v1/models"] = (200, {"models": [{"name": "fraud/charge"}]})
    server.answers[f"{base}/versions"] = (200, {"versions": [{"version": "v1"}]})
    server.answers[f"{base}/versions/v1/package"] = (200, b"bytes")
    server.answers[f"{base}/history/candidate/a?after=3&limit=10"] = (200, {"events": []})
    server.answers[f"{base}/log?key=ch%201"] = (200, {"scores": [{"key": "ch 1"}]})
    assert client.models() == [{"name": "fraud/charge"}]
    assert client.versions("fraud/charge") == [{"version": "v1"}]
    assert client.download("fraud/charge", "v1") == b"bytes"
    assert client.history("fraud/charge", "candidate/a", after=3, limit=10) == {"events": []}
    assert client.log("fraud/charge", key="ch 1") == [{"key": "ch 1"}]


def test_a_name_has_two_segments(client):
    with pytest.raises(bascule.InputError, match="'fraud' is no model's name"):
        client.model("fraud")


def test_no_server_is_an_error_that_says_what_to_do(server, client):
    server.shutdown()
    server.server_close()
    assert not client.ready()
    with pytest.raises(bascule.ServerError, match="is the server running") as refused:
        client.models()
    assert refused.value.status == 0


def test_another_kind_of_server_is_recognised(server, client):
    server.answers["GET /v1/about"] = (200, b"<html>")
    with pytest.raises(bascule.ServerError, match="is this a Bascule server"):
        client.about()


def test_the_environment_names_the_server(server, monkeypatch):
    host, port = server.server_address
    monkeypatch.setenv("BASCULE_URL", f"http://{host}:{port}/")
    monkeypatch.setenv("BASCULE_TOKEN", "from-environment")
    server.answers["GET /v1/health/ready"] = (200, {"live": True, "ready": True})
    with bascule.Client() as client:
        assert client.ready()
    headers = server.request("GET /v1/health/ready")[1]
    assert headers["Authorization"] == "Bearer from-environment"
