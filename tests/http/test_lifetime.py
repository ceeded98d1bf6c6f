"""A server's end and its next beginning: nothing is lost, nothing hangs."""

from __future__ import annotations

import re
import signal
import threading

import pytest
from service import Connection, check_that_a_stop_answers_what_has_begun

MODEL = "fraud/charge"
GOOD = {"amount": 1.5, "age": 30, "country": "DE"}


@pytest.fixture
def started(tmp_path, packed, start_server):
    running = start_server(tmp_path)
    running.client.create(MODEL, kind="yes/no", owner="risk")
    running.client.tag(MODEL, "production", running.client.push(packed.package))
    return running


def test_a_restart_serves_what_was_live(started, tmp_path, start_server):
    before = started.request("POST", f"/v1/models/{MODEL}/score", {"row": GOOD, "key": "k"}).json
    assert started.stop() == 0
    again = start_server(tmp_path)
    after = again.request("POST", f"/v1/models/{MODEL}/score", {"row": GOOD, "key": "k"}).json
    assert after == before
    log = again.request("GET", f"/v1/models/{MODEL}/log?key=k").json["scores"]
    assert [entry["event_id"] for entry in log] == [before["event_id"]]


def test_a_second_server_may_not_use_the_folder(started, tmp_path, start_server):
    with pytest.raises(AssertionError, match="is locked by"):
        start_server(tmp_path)
    assert started.alive()


def test_a_version_that_cannot_be_loaded_is_named(started, tmp_path, start_server):
    assert started.stop() == 0
    (package,) = (f for f in (tmp_path / "data" / "blobs").rglob("*") if f.is_file())
    content = bytearray(package.read_bytes())
    content[len(content) // 2] ^= 1
    package.write_bytes(content)
    again = start_server(tmp_path)
    answer = again.request("POST", f"/v1/models/{MODEL}/score", {"row": GOOD})
    assert answer.status == 503
    assert answer.json["error"] == (
        f"the version behind {MODEL}:production could not be loaded; GET /v1/serving says why"
    )
    log = again.log_path.read_text()
    assert f"error {MODEL}:production is not loaded: {MODEL}@v1: '" in log
    assert "ready: 0 models live, 1 loads failed" in log


def test_a_second_address_speaks_the_same(tmp_path, start_server):
    """HTTP/1.1 and, by its preface, HTTP/2; both addresses close at a stop."""
    running = start_server(tmp_path, "--grpc-listen", "127.0.0.1:0")
    port = int(re.search(r"gRPC is at 127\.0\.0\.1:(\d+)", running.process.stdout.readline())[1])
    with Connection(port) as connection:
        assert connection.request("GET", "/v1/health/ready").status == 200
    with Connection(port) as connection:
        connection.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
        assert connection.socket.recv(9)[3] == 4  # SETTINGS
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(AssertionError, match=f"cannot listen on 127.0.0.1 port {port}"):
        start_server(other, "--grpc-listen", f"127.0.0.1:{port}")
    assert running.stop() == 0
    with pytest.raises(ConnectionRefusedError):
        Connection(port)


def test_a_stop_answers_what_has_begun(started):
    row = {"amount": 1.5, "age": 30, "country": "DE"}
    check_that_a_stop_answers_what_has_begun(started, f"/v1/models/{MODEL}/score", row)


def test_a_second_signal_ends_it_now(started):
    with started.connect() as stuck, started.connect() as idle:
        idle.request("GET", "/v1/health/live")
        stuck.send(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n")
        started.process.send_signal(signal.SIGTERM)
        assert idle.read() is None
        started.process.send_signal(signal.SIGTERM)
        assert started.process.wait(timeout=20) == 0


def test_a_swap_under_load_fails_no_request(started, packed):
    """Two versions take turns behind a tag while four connections score."""
    other = packed.repack(MODEL, notes="the same model, other bytes")
    started.client.push(other, name=MODEL)
    statuses: list[int] = []
    versions: set[str] = set()
    done = threading.Event()

    def score():
        with started.connect() as connection:
            while not done.is_set():
                answer = connection.request("POST", f"/v1/models/{MODEL}/score", {"row": GOOD})
                statuses.append(answer.status)
                versions.add(answer.json["version"])

    threads = [threading.Thread(target=score) for _ in range(4)]
    for thread in threads:
        thread.start()
    path = f"/v1/models/{MODEL}/tags/production"
    for turn in range(20):
        body = {"version": f"v{2 - turn % 2}", "force": True, "reason": "a swap under load"}
        etag = started.request("GET", path).headers["etag"]
        assert started.request("PUT", path, body, If_Match=etag).status == 200
    done.set()
    for thread in threads:
        thread.join()
    assert set(statuses) == {200}
    assert versions == {"v1", "v2"}
