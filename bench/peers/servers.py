"""Servers as processes: ours, the ones of C++ in build/release, and those of Python, each in an
environment of its own under build/peers-serve. What they cost is what the kernel charges to them.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RELEASE = ROOT / "build" / "release"
ENVIRONMENTS = ROOT / "build" / "peers-serve"
APPS = Path(__file__).with_name("serving")
TICKS = os.sysconf("SC_CLK_TCK")
PATIENCE_S = 90  # for the start of a server of Python


class Server:
    """A process that listens on a port of the loopback; its children count as it does."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.port = port

    def processes(self) -> list[int]:
        children: dict[int, list[int]] = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                parent = int(stat.read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(stat.parent.name))
        found = [self.process.pid]
        for pid in found:
            found += children.get(pid, [])
        return found

    def cpu_s(self) -> float:
        """User and system time since the start, of threads that ended too."""
        total = 0
        for pid in self.processes():
            with suppress(OSError):
                words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                total += int(words[11]) + int(words[12])
        return total / TICKS

    def thread_s(self, name: str) -> float:
        """CPU of its threads of that name."""
        total = 0
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            with suppress(OSError):
                if (task / "comm").read_text().strip() == name:
                    total += int((task / "schedstat").read_text().split()[0])
        return total / 1e9

    def rss_mib(self) -> float:
        pages = 0
        for pid in self.processes():
            with suppress(OSError):
                pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def stop(self) -> None:
        for pid in reversed(self.processes()):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=10)
            return
        for pid in reversed(self.processes()):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def started(*command: str | Path) -> Iterator[Server]:
    """A server that prints where it listens."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    found = re.search(r"127\.0\.0\.1:(\d+)", process.stdout.readline())
    if found is None:
        raise SystemExit(f"{command[0]} did not start: {process.communicate()[1]}")
    server = Server(process, int(found[1]))
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def bascule(*more: str, data: Path | None = None) -> Iterator[Server]:
    """Ours, with one event loop."""
    with tempfile.TemporaryDirectory(prefix="bascule-bench-") as folder:
        command = [str(RELEASE / "bascule"), "serve", "--data", str(data or Path(folder) / "data")]
        options = ["--listen", "127.0.0.1:0", "--loops", "1", "--log-level", "error"]
        with started(*command, *options, *more) as server:
            yield server


def load(
    port: int, request: bytes, connections: int, seconds: float, *words: str
) -> dict[str, Any]:
    """What bench/load.cc counted; every answer is a good one, or this ends."""
    counted = attempt(port, request, connections, seconds, *words)
    if counted["lost"] or set(counted["answers"]) != {"200"}:
        raise SystemExit(f"answers were lost or bad: {counted}\n{request[:200]!r}")
    return counted


def attempt(
    port: int, request: bytes, connections: int, seconds: float, *words: str
) -> dict[str, Any]:
    """What bench/load.cc counted, whatever the answers are."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(request)
        file.flush()
        program = str(RELEASE / "bench_load")
        command = [program, str(port), file.name, str(connections), str(seconds)]
        answer = subprocess.run([*command, *words], check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def http_request(path: str, body: bytes | str, *fields: str) -> bytes:
    data = body if isinstance(body, bytes) else body.encode()
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(data)}"]
    if not any(line.startswith("Content-Type") for line in fields):
        lines.append("Content-Type: application/json")
    return "\r\n".join([*lines, *fields]).encode() + b"\r\n\r\n" + data


@dataclass(frozen=True)
class Peer:
    """A server of Python, and the row that all score.

    goal   how many times our CPU it costs at least
    """

    name: str
    pins: tuple[str, ...]
    path: str
    goal: float
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return ENVIRONMENTS / self.name.lower()

    def install(self) -> str | None:
        """Makes its environment; why it cannot be."""
        stamp = self.folder / "pins"
        if stamp.exists() and stamp.read_text() == "\n".join(self.pins):
            return None
        print(f"making {self.folder.relative_to(ROOT)}", flush=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        for command in (
            ["/usr/bin/python3", "-m", "venv", str(self.folder)],
            [str(self.folder / "bin" / "pip"), "install", "-q", *self.pins],
        ):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                return (done.stderr.strip().splitlines() or ["no word of why"])[-1][:120]
        stamp.write_text("\n".join(self.pins))
        return None

    def body(self, names: list[str], values: list[float]) -> str:
        if self.name == "FastAPI":
            return json.dumps(dict(zip(names, values, strict=True)))
        if self.name == "MLServer":
            tensor = {"name": "x", "shape": [1, len(values)], "datatype": "FP64", "data": values}
            return json.dumps({"inputs": [tensor], "outputs": [{"name": "predict_proba"}]})
        if self.name == "BentoML":
            return json.dumps({"rows": [values]})
        return json.dumps({"dataframe_split": {"columns": names, "data": [values]}})

    @contextmanager
    def serving(self, model: Path, work: Path, request: bytes) -> Iterator[Server]:
        """Serves the model of a joblib file once it answers the request."""
        port = free_port()
        prepare(self, model, work, port)
        place = {"port": str(port), "work": str(work), "apps": str(APPS)}
        command = [part.format(**place) for part in self.command]
        log = work / f"{self.name}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [str(self.folder / "bin" / command[0]), *command[1:]],
                stdout=out, stderr=out, text=True, cwd=APPS,
                env={**environment(self.folder), "MODEL": str(model), **self.environment},
            )  # fmt: skip
        server = Server(process, port)
        try:
            wait_until_good(server, request, log)
            yield server
        finally:
            server.stop()


def environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return {**kept, "PATH": f"{folder / 'bin'}:{kept['PATH']}", "OMP_NUM_THREADS": "1"}


def prepare(peer: Peer, model: Path, work: Path, port: int) -> None:
    """What a peer reads from files."""
    if peer.name == "MLServer":
        settings = {"host": "127.0.0.1", "http_port": port, "parallel_workers": 0, "debug": False}
        settings |= {"grpc_port": free_port(), "metrics_port": free_port()}
        (work / "settings.json").write_text(json.dumps(settings))
        served = {"name": "row", "implementation": "mlserver_sklearn.SKLearnModel"}
        served["parameters"] = {"uri": str(model)}  # type: ignore[assignment]
        (work / "model-settings.json").write_text(json.dumps(served))
    elif peer.name == "mlflow":
        script = [str(peer.folder / "bin" / "python"), str(APPS / "mlflow_model.py")]
        subprocess.run([*script, str(model), str(work / "mlflow")], check=True, capture_output=True,
                       env=environment(peer.folder))  # fmt: skip


def wait_until_good(server: Server, request: bytes, log: Path) -> None:
    head, _, body = request.partition(b"\r\n\r\n")
    url = f"http://127.0.0.1:{server.port}{head.split()[1].decode()}"
    asked = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    why: Exception = TimeoutError("it was not tried")
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and server.process.poll() is None:
        try:
            with urllib.request.urlopen(asked, timeout=30) as answer:
                answer.read()
            return
        except OSError as error:
            why = error
            time.sleep(0.2)
    last = log.read_text(errors="replace").strip().splitlines()[-1:]
    raise RuntimeError(f"it does not serve: {why} {' '.join(last)}"[:160])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


PEERS = (
    Peer(
        "FastAPI",
        ("fastapi==0.165.0", "uvicorn[standard]==0.54.0", "scikit-learn==1.9.1"),
        "/score",
        30,
        ("uvicorn", "fastapi_app:app", "--port", "{port}", "--no-access-log"),
    ),
    Peer(
        "MLServer",
        ("mlserver==1.7.1", "mlserver-sklearn==1.7.1", "uvloop<0.22", "scikit-learn==1.9.1"),
        "/v2/models/row/infer",
        50,
        ("mlserver", "start", "{work}"),
    ),
    Peer(
        "BentoML",
        ("bentoml==1.4.39", "scikit-learn==1.9.1"),
        "/score",
        100,
        ("bentoml", "serve", "bento_service:Scorer", "--host", "127.0.0.1", "--port", "{port}"),
        {"BENTOML_DO_NOT_TRACK": "True"},
    ),
    Peer(
        "mlflow",
        ("mlflow==3.17.2", "scikit-learn==1.9.1"),
        "/invocations",
        300,
        ("mlflow", "models", "serve", "-m", "{work}/mlflow", "-h", "127.0.0.1", "-p", "{port}",
         "--env-manager", "local"),
    ),
)  # fmt: skip
