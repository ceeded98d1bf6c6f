"""An OpenTelemetry collector that keeps what it gets, and answers as a test tells it to."""

from __future__ import annotations

import http.server
import json
import threading
import time
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Fault:
    """How one post is answered in place of a 200."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    silent: bool = False  # closes without a word


class Collector:
    """Spans by their traces, in the order they came; `faults` are used up by the first posts."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = list(faults)
        self.bodies: list[bytes] = []  # of good posts
        self.posts: list[float] = []  # when each came, also of the others
        self._changed = threading.Condition()
        handler = type("Handler", (_Handler,), {"collector": self})
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def take(self, path: str, content_type: str, body: bytes) -> Fault:
        assert path == "/v1/traces"
        assert content_type == "application/json"
        with self._changed:
            self.posts.append(time.monotonic())
            fault = self.faults.pop(0) if self.faults else Fault()
            if fault.status == 200 and not fault.silent:
                self.bodies.append(body)
            self._changed.notify_all()
        return fault

    @property
    def spans(self) -> list[dict[str, Any]]:
        return [
            span
            for body in self.bodies
            for resource in json.loads(body)["resourceSpans"]
            for scope in resource["scopeSpans"]
            for span in scope["spans"]
        ]

    def wait_for(self, servers: int, timeout: float = 30) -> list[dict[str, Any]]:
        """The spans of kind SERVER, when there are so many."""

        def found() -> list[dict[str, Any]]:
            return [span for span in self.spans if span["kind"] == 2]

        with self._changed:
            assert self._changed.wait_for(lambda: len(found()) >= servers, timeout), found()
            return found()

    def wait_for_posts(self, posts: int, timeout: float = 30) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.posts) >= posts, timeout), self.posts


class _Handler(http.server.BaseHTTPRequestHandler):
    collector: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        fault = self.collector.take(self.path, self.headers["Content-Type"], body)
        if fault.silent:
            return
        self.send_response(fault.status)
        for name, value in fault.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


def attributes(of: dict[str, Any]) -> dict[str, Any]:
    """Of a span or a resource: texts, and whole numbers."""
    values = {one["key"]: one["value"] for one in of["attributes"]}
    return {
        key: int(value["intValue"]) if "intValue" in value else value["stringValue"]
        for key, value in values.items()
    }
