"""More requests than a server can answer in time: a share is refused at once, health is not."""

from __future__ import annotations

import json
import re
import selectors
import socket
import time

import pytest

MODEL = "fraud/charge"
CONNECTIONS = 200
SECONDS = 3.0


@pytest.fixture
def one_loop(start_server, packed, tmp_path):
    server = start_server(tmp_path, "--loops", "1")
    server.client.create(MODEL, kind="yes/no", owner="risk")
    server.client.tag(MODEL, "production", server.client.push(packed.package))
    return server


def request_of(rows):
    """As large as a loop answers by itself, so that scoring it takes a while."""
    envelopes: list[dict] = []
    while len(json.dumps(envelopes)) < 28_000:
        envelopes.append({"row": rows[len(envelopes) % len(rows)]})
    body = json.dumps({"rows": envelopes}).encode()
    head = (
        f"POST /v1/models/{MODEL}/score HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}"
    )
    return head.encode() + b"\r\n\r\n" + body


class Caller:
    """One connection that asks again as soon as it was answered."""

    def __init__(self, port: int, request: bytes) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setblocking(False)
        self.request = request
        self.unsent = request
        self.got = b""
        self.answers: list[tuple[int, bool]] = []  # status, whether it says when to come back

    def step(self) -> None:
        if self.unsent:
            self.unsent = self.unsent[self.socket.send(self.unsent) :]
            return
        received = self.socket.recv(1 << 18)
        assert received, "the server closed the connection"
        self.got += received
        head, found, body = self.got.partition(b"\r\n\r\n")
        if not found or len(body) < int(re.search(rb"Content-Length: (\d+)", head)[1]):
            return
        self.answers.append((int(head.split()[1]), b"Retry-After: " in head))
        self.got, self.unsent = b"", self.request


def overload(server, request: bytes) -> tuple[list[tuple[int, bool]], list[int]]:
    """The answers of all callers, and the statuses of the health checks meanwhile."""
    selector = selectors.DefaultSelector()
    callers = [Caller(server.port, request) for _ in range(CONNECTIONS)]
    for caller in callers:
        selector.register(caller.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, caller)
    health, next_check = [], time.monotonic()
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        for key, events in selector.select(timeout=0.1):
            caller = key.data
            if events & (selectors.EVENT_WRITE if caller.unsent else selectors.EVENT_READ):
                caller.step()
                wanted = selectors.EVENT_WRITE if caller.unsent else selectors.EVENT_READ
                selector.modify(caller.socket, wanted, caller)
        if time.monotonic() > next_check:
            health.append(server.request("GET", "/v1/health/live").status)
            next_check = time.monotonic() + 0.2
    for caller in callers:
        caller.socket.close()
    return [answer for caller in callers for answer in caller.answers], health


def test_a_share_is_refused_and_health_is_not(one_loop, packed):
    answers, health = overload(one_loop, request_of(packed.rows))
    statuses = {status for status, _ in answers}
    assert statuses == {200, 429}
    assert all(says_when == (status == 429) for status, says_when in answers)
    assert set(health) == {200}
    shed = re.search(
        r"^bascule_http_shed_total (\d+)", one_loop.request("GET", "/metrics").body.decode(), re.M
    )
    assert int(shed[1]) >= sum(status == 429 for status, _ in answers) > 0
    # When the callers are gone, nobody is refused for long.
    time.sleep(2)
    row = {"row": packed.rows[0]}
    for _ in range(50):
        assert one_loop.request("POST", f"/v1/models/{MODEL}/score", row).status == 200
