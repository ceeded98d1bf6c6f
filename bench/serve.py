"""What a request costs the server, beside the least that can answer it and beside other servers.

    .venv/bin/python bench/serve.py [--peers] [--seconds S] [--rounds N] [WORD ...]

Every server is a process of its own, loaded by the same program (bench/load.cc) with the same row;
its CPU for each request decides: a ratio survives noisy neighbours and other machines, the
microseconds do not. Rounds alternate between the servers; medians, and in brackets the least and
the most. Ours has one event loop and does all it always does: routes, checks, metrics. "Alone" asks
for a live version that is not production, which is neither logged nor shadowed; "logged" asks for
production, with one candidate in its shadow, and the figure is that of the event loop.
With --peers (`make bench-serve`) the servers of Python too, and bench/results/serve-<cpu>.md is
written. WORDs choose parts by their names: one-row grpc batch memory start overload python.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import re
import resource
import socket
import ssl
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from bascule import Client, pack
from peers.compare import commit, engine_us, laid_out, machine
from peers.servers import (
    PEERS,
    RELEASE,
    ROOT,
    Server,
    attempt,
    bascule,
    http_request,
    load,
    started,
)
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

COLUMNS = 30
NAMES = [f"feature_{i:02}" for i in range(COLUMNS)]
LINEAR = "bench/linear"
BOOSTED = "bench/boosted"
LOOP = "bascule-http"  # the thread that answers
BATCH = 1000
IDLE = 10_000
OVERLOAD_S = 20
CALLERS = 1_000  # connections of an open loop, each with one request at most


@dataclass
class Options:
    rounds: int = 5
    seconds: float = 1.0
    peers: bool = False


@dataclass
class Table:
    """The lines as they are measured; a line without a goal is there to compare."""

    lines: list[str] = field(default_factory=list)

    HEAD = ("case", "ours", "peer", "ratio", "goal", "met")

    def add(
        self, case: str, ours: str, peer: str, ratio: str, goal: str = "", met: bool | None = None
    ) -> None:
        said = "" if met is None else "met" if met else "NOT MET"
        self.say((case, ours, peer, ratio, goal, said))

    def say(self, cells: Sequence[str]) -> None:
        self.lines.append(f"| {' | '.join(cells)} |")
        print(self.lines[-1], flush=True)

    def compared(
        self, case: str, ours: Spread, peer: str, theirs: Spread, goal: float, *, more: bool = False
    ) -> None:
        """A ratio: ours by theirs, or where `more` is meant theirs by ours."""
        ratio = theirs.middle / ours.middle if more else ours.middle / theirs.middle
        sign = ">=" if more else "<="
        met = ratio >= goal if more else ratio <= goal
        goal_text = f"{sign} {goal:g}x"
        self.add(case, f"{ours} us", f"{peer} {theirs} us", f"{ratio:.2f}x", goal_text, met)

    def limited(self, case: str, value: float, unit: str, goal: float, more: str = "") -> None:
        self.add(case, f"{value:.3g} {unit}", more, "", f"<= {goal:g} {unit}", value <= goal)


@dataclass
class Spread:
    values: list[float]

    @property
    def middle(self) -> float:
        return statistics.median(self.values)

    def __str__(self) -> str:
        return f"{self.middle:.3g} ({min(self.values):.3g} to {max(self.values):.3g})"


@dataclass
class Asked:
    """One way to ask a server.

    loop   only the thread that answers counts
    """

    server: Server
    request: bytes
    words: tuple[str, ...] = ()
    loop: bool = False
    us: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)

    def measure(self, connections: int, seconds: float) -> None:
        def used() -> float:
            return self.server.thread_s(LOOP) if self.loop else self.server.cpu_s()

        before = used()
        counted = load(self.server.port, self.request, connections, seconds, *self.words)
        answers = sum(counted["answers"].values())
        self.us.append((used() - before) * 1e6 / answers)
        self.rates.append(answers / counted["seconds"])

    @property
    def cpu(self) -> Spread:
        return Spread(self.us)


def in_turns(asked: Sequence[Asked], connections: int, options: Options) -> None:
    for one in asked:
        load(one.server.port, one.request, connections, 0.2, *one.words)
        one.us, one.rates = [], []
    for _ in range(options.rounds):
        for one in asked:
            one.measure(connections, options.seconds)


# The models and their rows.


@functools.cache
def training() -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(20_000, COLUMNS))
    label = rows[:, :5].sum(axis=1) + rows[:, 5] * rows[:, 6] + rng.normal(size=len(rows)) > 0
    return pd.DataFrame(rows, columns=NAMES), label


@functools.cache
def linear(strength: float) -> Any:
    return make_pipeline(StandardScaler(), LogisticRegression(C=strength)).fit(*training())


@functools.cache
def boosted(rate: float) -> Any:
    model = HistGradientBoostingClassifier(
        max_iter=200, max_leaf_nodes=31, learning_rate=rate, early_stopping=False
    )
    return model.fit(*training())


ROW = [float(np.sin(i + 1) * 3) for i in range(COLUMNS)]


def tensor_json(rows: int = 1) -> str:
    data = json.dumps(ROW * rows)
    return (
        f'{{"inputs":[{{"name":"x","shape":[{rows},{COLUMNS}],"datatype":"FP64","data":{data}}}]}}'
    )


def infer(model: str, *, alone: bool, body: str | None = None) -> bytes:
    version = "/versions/2" if alone else ""
    return http_request(f"/v2/models/{model}{version}/infer", body or tensor_json())


def infer_binary(rows: int) -> bytes:
    raw = struct.pack(f"<{COLUMNS}d", *ROW) * rows
    tensor: dict[str, Any] = {"name": "x", "shape": [rows, COLUMNS], "datatype": "FP64"}
    tensor["parameters"] = {"binary_data_size": len(raw)}
    head = json.dumps({"inputs": [tensor], "parameters": {"binary_data_output": True}}).encode()
    length = f"Inference-Header-Content-Length: {len(head)}"
    path = f"/v2/models/{LINEAR}/versions/2/infer"
    kind = "Content-Type: application/octet-stream"
    return http_request(path, head + raw, length, kind)


def score_row(*, alone: bool) -> bytes:
    body = json.dumps({"row": dict(zip(NAMES, ROW, strict=True))})
    return http_request(f"/v1/models/{LINEAR}/score{'?version=2' if alone else ''}", body)


def grpc_message(*, alone: bool) -> bytes:
    """A framed ModelInferRequest: name, version, one tensor in raw bytes."""

    def text(number: int, value: bytes) -> bytes:
        size = len(value)
        length = bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])
        return bytes([number << 3 | 2]) + length + value

    tensor = text(1, b"x") + text(2, b"FP64") + text(3, bytes([1, COLUMNS]))
    version = text(2, b"2") if alone else b""
    raw = struct.pack(f"<{COLUMNS}d", *ROW)
    message = text(1, LINEAR.encode()) + version + text(5, tensor) + text(7, raw)
    return b"\0" + struct.pack(">I", len(message)) + message


@contextmanager
def live() -> Iterator[Server]:
    """Ours with both models live, each with a candidate."""
    with bascule() as server:
        client = Client(f"http://127.0.0.1:{server.port}", actor="bench")
        for name, first, other in (
            (LINEAR, linear(1.0), linear(0.1)),
            (BOOSTED, boosted(0.1), boosted(0.2)),
        ):
            client.create(name, kind="yes/no", owner="bench")
            for model, tag in ((first, "production"), (other, "candidate/other")):
                version = client.push(pack(model, training()[0][:500], name=name))
                client.tag(name, tag, version)
        yield server


# The parts of the table.


def one_row(table: Table, options: Options) -> None:
    with live() as ours, started(RELEASE / "bench_minimal_server") as least:
        for connections in (8, 64):
            minimal = Asked(least, infer(LINEAR, alone=True))
            alone = Asked(ours, infer(LINEAR, alone=True), loop=True)
            logged = Asked(ours, infer(LINEAR, alone=False), loop=True)
            trees = Asked(ours, infer(BOOSTED, alone=True), loop=True)
            rows = Asked(ours, score_row(alone=True), loop=True)
            in_turns([minimal, alone, logged, trees, rows], connections, options)
            at = f"{connections} connections"
            for case, asked, goal in (
                ("v2 JSON, 30 numbers, logistic", alone, 1.35),
                ("the same, with score log and a shadow", logged, 2.2),
                ("v2 JSON, 30 numbers, HistGradientBoosting 200 x 31", trees, 4),
                ("rows face, 30 named fields, logistic", rows, 3),
            ):
                table.compared(f"{case}, {at}", asked.cpu, "minimal", minimal.cpu, goal)
            rate, best = statistics.median(alone.rates), statistics.median(minimal.rates)
            table.add(
                f"v2 JSON, logistic, requests/s, {at}", f"{rate:.0f}", f"minimal {best:.0f}",
                f"{rate / best:.2f}x", ">= 0.8x", rate / best >= 0.8,
            )  # fmt: skip


def grpc(table: Table, options: Options) -> None:
    program = RELEASE / "bench_grpc_server"
    if not program.exists():
        table.add("gRPC ModelInfer", "", "libgrpc++ is not installed here", "", "<= 0.7x")
        return
    with live() as ours, started(program) as theirs:
        for connections in (8, 64):
            peer = Asked(theirs, grpc_message(alone=True), ("--grpc",))
            alone = Asked(ours, grpc_message(alone=True), ("--grpc",))
            in_turns([peer, alone], connections, options)
            case = f"gRPC ModelInfer, 30 numbers, logistic, {connections} connections"
            table.compared(case, alone.cpu, "libgrpc++ async", peer.cpu, 0.7)


def batch(table: Table, options: Options) -> None:
    rows = pd.DataFrame([ROW] * BATCH, columns=NAMES)
    package = pack(linear(0.1), training()[0][:500], name=LINEAR).bytes
    with live() as ours, laid_out(package, rows) as folder:
        text = Asked(ours, infer(LINEAR, alone=True, body=tensor_json(BATCH)))
        binary = Asked(ours, infer_binary(BATCH))
        in_turns([text, binary], 2, options)
        scoring = engine_us(folder, BATCH) * BATCH / 1e3
        for case, asked, goal in (("JSON", text, 1.2), ("binary tensors", binary, 0.15)):
            ms = Spread([us / 1e3 for us in asked.us])
            beside = ms.middle - scoring
            more = f"in all {ms} ms, scoring {scoring:.3f} ms"
            table.limited(
                f"v2 {case}, {BATCH} x {COLUMNS}, beside scoring", beside, "ms", goal, more
            )
        table_others(table, ours, text.request, options)


def table_others(table: Table, ours: Server, large: bytes, options: Options) -> None:
    """Whether callers of one row feel those of large batches."""

    def p99_us() -> float:
        request = infer(LINEAR, alone=True)
        return float(load(ours.port, request, 8, options.seconds * 3, "--rate", "500")["p99_us"])

    quiet, beside = [], []
    with tempfile.NamedTemporaryFile() as file:
        file.write(large)
        file.flush()
        for _ in range(options.rounds):
            quiet.append(p99_us())
            command = [str(RELEASE / "bench_load"), str(ours.port), file.name, "1", "60"]
            with subprocess.Popen([*command, "--rate", "50"], stdout=subprocess.DEVNULL) as other:
                beside.append(p99_us())
                other.kill()
    case = f"p99 of others while 50 batches of {BATCH} rows a second run"
    table.compared(case, Spread(beside), "without", Spread(quiet), 1.5)


def memory(table: Table, options: Options) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with live() as ours:
        load(ours.port, infer(LINEAR, alone=False), 8, options.seconds)
        load(ours.port, infer(BOOSTED, alone=False), 8, options.seconds)
        flooded = ours.rss_mib()
        wait_until_logged(ours.port)
        table.limited(
            "RSS with both models, each with a candidate", ours.rss_mib(), "MiB", 40,
            f"{flooded:.3g} MiB while the log lags behind a flood",
        )  # fmt: skip
    count = min(IDLE, hard - 100)
    with bascule() as ours:
        each = idle_kib(ours, count, lambda connection: connection)
        table.limited(f"an idle connection, of {count}", each, "KiB", 16)
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = self_signed(Path(folder))
        with bascule("--tls-cert", certificate, "--tls-key", key) as ours:
            context = ssl.create_default_context(cafile=certificate)
            wrap = lambda it: context.wrap_socket(it, server_hostname="localhost")  # noqa: E731
            count = min(count, 5000)
            each = idle_kib(ours, count, wrap)
            table.limited(f"an idle connection with TLS, of {count}", each, "KiB", 64)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def wait_until_logged(port: int) -> None:
    """Until the shadow has written what it queued, and given the memory back."""
    url = f"http://127.0.0.1:{port}/metrics"
    while b"bascule_shadow_queued_rows 0\n" not in urllib.request.urlopen(url).read():
        time.sleep(0.1)
    time.sleep(0.5)


def self_signed(folder: Path) -> tuple[str, str]:
    key, certificate = str(folder / "key.pem"), str(folder / "certificate.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost"],
        check=True, capture_output=True,
    )  # fmt: skip
    return key, certificate


def idle_kib(ours: Server, count: int, wrap: Callable[[socket.socket], socket.socket]) -> float:
    """What each of so many connections holds that asked once and now are silent."""

    def connect() -> socket.socket:
        peer = wrap(socket.create_connection(("127.0.0.1", ours.port)))
        peer.sendall(b"GET /v1/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        peer.recv(4096)
        return peer

    first = [connect() for _ in range(100)]
    before = ours.rss_mib()
    rest = [connect() for _ in range(count - len(first))]
    each = (ours.rss_mib() - before) * 1024 / len(rest)
    for peer in [*first, *rest]:
        peer.close()
    return each


def start(table: Table, options: Options) -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        with bascule(data=data) as ours:
            client = Client(f"http://127.0.0.1:{ours.port}", actor="bench")
            model = linear(1.0)
            for i in range(10):
                name = f"bench/model-{i}"
                client.create(name, kind="yes/no", owner="bench")
                package = pack(model, training()[0][:500], name=name)
                client.tag(name, "production", client.push(package))
        times = []
        for _ in range(options.rounds):
            begin = time.monotonic()
            with bascule(data=data) as ours:
                wait_until_ready(ours.port)
                times.append(time.monotonic() - begin)
        took = Spread(times)
        table.limited("from exec to ready with ten models", took.middle, "s", 0.3, f"{took} s")


def wait_until_ready(port: int) -> None:
    while True:
        with socket.create_connection(("127.0.0.1", port)) as peer:
            peer.sendall(b"GET /v1/health/ready HTTP/1.1\r\nHost: localhost\r\n\r\n")
            if peer.recv(4096).startswith(b"HTTP/1.1 200"):
                return
        time.sleep(0.005)


def overload(table: Table, options: Options) -> None:
    """Five times what it can answer, come what may: what is refused, and what that costs others."""
    model = KNeighborsClassifier(algorithm="brute").fit(*(part[:10_000] for part in training()))
    name = "bench/neighbours"
    package = pack(model, training()[0][:50], name=name)
    for rows, where in ((4, "on the loop"), (64, "on workers")):
        request = infer(name, alone=False, body=tensor_json(rows))
        with bascule() as ours:
            client = Client(f"http://127.0.0.1:{ours.port}", actor="bench")
            client.create(name, kind="yes/no", owner="bench")
            client.tag(name, "production", client.push(package))
            table_overload(table, options, ours, request, where)


def table_overload(
    table: Table, options: Options, ours: Server, request: bytes, where: str
) -> None:
    closed = load(ours.port, request, 8, options.seconds * 3)
    peak = closed["answers"]["200"] / closed["seconds"]

    def asked(times: float, seconds: float, *words: str) -> dict[str, Any]:
        rate = str(round(times * peak))
        return attempt(ours.port, request, CALLERS, seconds, "--rate", rate, *words)

    busy = asked(0.8, options.seconds * 5)
    flood = asked(5, OVERLOAD_S, "--warm", "1")
    after = asked(0.8, options.seconds * 3, "--warm", "2")
    rate = flood["answers"].get("200", 0) / flood["seconds"]
    said = ", ".join(f"{count} x {status}" for status, count in sorted(flood["answers"].items()))
    case = f"5 times the load for {OVERLOAD_S} s, scored {where}"
    table.add(
        f"{case}: good answers a second", f"{rate:.0f}", f"at most {peak:.0f}; {said}",
        f"{rate / peak:.2f}x", ">= 0.9x", rate / peak >= 0.9,
    )  # fmt: skip
    for what, counted, goal in (("good ones", flood, 3), ("all, 2 s later", after, 1.5)):
        ratio = counted["p99_us"] / busy["p99_us"]
        table.add(
            f"{case}: p99 of {what}", f"{counted['p99_us']:.0f} us",
            f"at 80 % load {busy['p99_us']:.0f} us", f"{ratio:.2f}x", f"<= {goal:g}x",
            ratio <= goal,
        )  # fmt: skip


def python(table: Table, options: Options) -> None:
    """Servers of Python: each alone with ours, so that only one of them holds memory."""
    if not options.peers:
        return
    with live() as ours, tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.joblib"
        joblib.dump(linear(0.1), file)
        for peer in PEERS:
            case = f"v2 JSON, 30 numbers, logistic, 8 connections, by {peer.name}"
            goal = f">= {peer.goal:g}x"
            why = peer.install()
            if why is None:
                try:
                    request = http_request(peer.path, peer.body(NAMES, ROW))
                    work = Path(folder) / peer.name
                    work.mkdir()
                    with peer.serving(file, work, request) as theirs:
                        alone = Asked(ours, infer(LINEAR, alone=True))
                        other = Asked(theirs, request)
                        in_turns([other, alone], 8, options)
                    version = f"{peer.pins[0].replace('==', ' ')}"
                    table.compared(case, alone.cpu, version, other.cpu, peer.goal, more=True)
                except (RuntimeError, subprocess.CalledProcessError) as error:
                    why = str(error)
            if why is not None:
                table.add(case, "", f"not measured: {why}", "", goal)


PARTS: dict[str, Callable[[Table, Options], None]] = {
    "one-row": one_row,
    "grpc": grpc,
    "batch": batch,
    "memory": memory,
    "start": start,
    "overload": overload,
    "python": python,
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--peers", action="store_true", help="servers of Python too; write results")
    parser.add_argument("--seconds", type=float, default=1.0, help="of a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("parts", nargs="*", metavar="WORD", help=" ".join(PARTS))
    given = parser.parse_args()
    options = Options(given.rounds, given.seconds, given.peers)
    head = about(options)
    print(head)
    table = Table()
    table.say(Table.HEAD)
    table.say(["---"] * len(Table.HEAD))
    for name, part in PARTS.items():
        if not given.parts or name in given.parts:
            part(table, options)
    if options.peers and not given.parts:
        write_results(f"{head}\n\n" + "\n".join(table.lines) + "\n")


def about(options: Options) -> str:
    cores = len(os.sched_getaffinity(0))
    compiler = subprocess.run(["g++", "-dumpfullversion"], capture_output=True, text=True,
                              check=False).stdout.strip()  # fmt: skip
    return (
        f"{machine()}, {cores} cores, shared; {commit()}, g++ {compiler}; Python "
        f"{sys.version.split()[0]}; medians of {options.rounds} alternating rounds of "
        f"{options.seconds:g} s (least to most)"
    )


def write_results(text: str) -> None:
    folder = ROOT / "bench" / "results"
    folder.mkdir(exist_ok=True)
    words = re.sub(r"[^a-z0-9]+", "-", machine().lower()).strip("-")
    title = "# What a request costs (`make bench-serve`)\n\n"
    (folder / f"serve-{words}.md").write_text(title + text)


if __name__ == "__main__":
    main()
