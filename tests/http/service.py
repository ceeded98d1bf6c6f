"""A real `bascule serve` on a free port, and a client of raw bytes."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import bascule
import pytest


@dataclass
class Answer:
    """One HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Connection:
    """One connection; what is sent is exactly what is given."""

    def __init__(self, port: int, context: ssl.SSLContext | None = None) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
        self.buffer = b""

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        # A server may answer and close before it has read a body that it refuses.
        with contextlib.suppress(BrokenPipeError):
            self.socket.sendall(data)

    def read(self, *, head: bool = False) -> Answer | None:
        """The next answer; None when the server has closed."""
        while b"\r\n\r\n" not in self.buffer:
            if not self._receive():
                assert not self.buffer, self.buffer
                return None
        top, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        lines = top.decode().split("\r\n")
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines[1:])}
        length = 0 if head else int(headers.get("content-length", 0))
        while len(self.buffer) < length:
            assert self._receive(), "the server closed in the middle of an answer"
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return Answer(int(lines[0].split(" ")[1]), headers, body)

    def request(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """A well-formed request; a body that is not bytes is sent as JSON."""
        data = b"" if body is None else body
        if not isinstance(data, bytes):
            data = json.dumps(data).encode()
        lines = [f"{method} {path} HTTP/1.1"]
        extra = {"Host": "127.0.0.1", "Content-Length": str(len(data)), **(headers or {})}
        lines += [f"{name}: {value}" for name, value in extra.items()]
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + data)
        answer = self.read(head=method == "HEAD")
        assert answer is not None, "the server closed without an answer"
        return answer

    def _receive(self) -> bool:
        try:
            data = self.socket.recv(1 << 16)
        except ConnectionResetError:
            return False
        self.buffer += data
        return bool(data)


class Server:
    """One process of the service.

    context        how to connect to one that speaks TLS
    closed_stderr  it is started without one
    """

    def __init__(
        self,
        folder: pathlib.Path,
        *arguments: str,
        context: ssl.SSLContext | None = None,
        closed_stderr: bool = False,
    ) -> None:
        binary = os.environ.get("BASCULE_BINARY")
        if not binary:
            pytest.fail("BASCULE_BINARY must name the program under test; `make test` sets it")
        self.log_path = folder / "serve.log"
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    binary,
                    "serve",
                    "--data",
                    str(folder / "data"),
                    "--listen",
                    "127.0.0.1:0",
                    *arguments,
                ],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                preexec_fn=(lambda: os.close(2)) if closed_stderr else None,
            )
        assert self.process.stdout is not None
        found = re.search(r"(https?)://127\.0\.0\.1:(\d+)", self.process.stdout.readline())
        if found is None:
            self.process.wait(timeout=30)
            raise AssertionError(self.log_path.read_text())
        self.port = int(found.group(2))
        self.url = f"{found.group(1)}://127.0.0.1:{self.port}"
        self.context = context
        self.admin_file = folder / "data" / "admin.token"
        self.client = bascule.Client(self.url, actor="anna")
        while self.request("GET", "/v1/health/ready").status != 200:
            assert self.process.poll() is None, self.log_path.read_text()

    def connect(self) -> Connection:
        return Connection(self.port, self.context)

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with self.connect() as connection:
            return connection.request(method, path, body, named)

    def alive(self) -> bool:
        return self.process.poll() is None and self.request("GET", "/v1/health/live").status == 200

    def stop(self) -> int:
        """Drains the server; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


def check_that_a_stop_answers_what_has_begun(server: Server, path: str, row: Any) -> None:
    """The body arrives after the signal. Of two loops each has an idle connection: when both are
    closed, both loops drain."""
    body = json.dumps({"row": row}).encode()
    with server.connect() as begun, server.connect() as idle, server.connect() as other:
        for connection in (idle, other):
            assert connection.request("GET", "/v1/health/ready").status == 200
        begun.send(
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
        )
        server.process.send_signal(signal.SIGTERM)
        assert idle.read() is None
        assert other.read() is None
        begun.send(body)
        answer = begun.read()
        assert answer is not None
        assert answer.status == 200
        assert answer.headers["connection"] == "close"
        assert begun.read() is None
    assert server.process.wait(timeout=60) == 0
