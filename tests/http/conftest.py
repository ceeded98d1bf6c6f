"""A real `bascule serve` on a free port, with one model live, and a client of raw bytes."""

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
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import bascule
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

MODEL = "fraud/charge"
MATRIX = "fraud/matrix"


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

    context   how to connect to one that speaks TLS
    """

    def __init__(
        self, folder: pathlib.Path, *arguments: str, context: ssl.SSLContext | None = None
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


def frame() -> pd.DataFrame:
    """Numbers with gaps, whole numbers, categories."""
    rng = np.random.default_rng(11)
    data = pd.DataFrame(
        {
            "amount": rng.normal(100, 30, 200),
            "age": rng.integers(18, 80, 200),
            "country": rng.choice(["DE", "FR", "IT"], 200),
        }
    )
    data.loc[::7, "amount"] = np.nan
    return data


def rows_of(data: pd.DataFrame) -> list[dict[str, Any]]:
    """The frame as rows of JSON."""
    return [
        {name: None if pd.isna(value) else value for name, value in row.items()}
        for row in json.loads(data.to_json(orient="records", double_precision=15))
    ]


@dataclass
class Packed:
    """What the tests compare with: the package, Python's scorer and rows that both score."""

    package: bascule.Package
    scorer: bascule.Scorer
    rows: list[dict[str, Any]]
    model: Any

    def repack(self, name: str, notes: str = "") -> bytes:
        """The same model for another name, or with other notes: other bytes, the same scores."""
        return bascule.pack(self.model, frame(), name=name, notes=notes).bytes


@pytest.fixture(scope="session")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Packed:
    """A mixed pipeline over `frame()`."""
    data = frame()
    prep = ColumnTransformer(
        [
            ("num", make_pipeline(SimpleImputer(), StandardScaler()), ["amount", "age"]),
            ("cat", OneHotEncoder(handle_unknown="ignore"), ["country"]),
        ]
    )
    y = (data["age"] < 40).astype(int)
    model = make_pipeline(prep, LogisticRegression()).fit(data, y)
    package = bascule.pack(model, data, name=MODEL)
    path = tmp_path_factory.mktemp("package") / "charge.bascule"
    package.save(path)
    return Packed(package, bascule.load(path), rows_of(data), model)


@pytest.fixture(scope="session")
def matrix_package() -> bascule.Package:
    """A frame of numbers only, which one tensor can carry."""
    rng = np.random.default_rng(5)
    data = pd.DataFrame(rng.normal(size=(100, 3)), columns=["a", "b", "c"])
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(data, data["a"] > 0)
    return bascule.pack(model, data, name=MATRIX)


@pytest.fixture
def start_server() -> Iterator[Callable[..., Server]]:
    """Starts servers on a data folder; those that still run are stopped."""
    started = []

    def start(folder: pathlib.Path, *arguments: str, **options: Any) -> Server:
        started.append(Server(folder, *arguments, **options))
        return started[-1]

    yield start
    for running in started:
        running.stop()


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, packed: Packed, matrix_package: bascule.Package
) -> Iterator[Server]:
    """A server whose models are live; whatever a test did to it, it must end well."""
    running = Server(tmp_path_factory.mktemp("server"))
    running.client.create(MODEL, kind="yes/no", owner="risk")
    running.client.tag(MODEL, "production", running.client.push(packed.package))
    running.client.create(MATRIX, kind="yes/no", owner="risk")
    running.client.tag(MATRIX, "production", running.client.push(matrix_package))
    yield running
    assert running.stop() == 0, running.log_path.read_text()
