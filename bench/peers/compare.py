"""The engine and its peers in turn, on the same rows.

CPU time in microseconds a row, on rows that all differ, in one thread: medians of passes, in rounds
that alternate. What decides is the ratio of the least medians; the spread of the rounds stands
beside it. Ours is the engine in C++ (build/release/bench_score_package); a peer's name tells how it
is called (libraries.py). A cold call is a single one after 64 MiB of other memory were written.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from bascule.answers import lower_outputs
from bascule.assemble import bare_package, input_entry
from bascule.columns import to_buffers
from bascule.engine import Engine
from bascule.export import Graph
from bascule.schema import infer
from peers.libraries import PEERS, RELEASE, SECONDS, UnavailableError
from threadpoolctl import threadpool_limits

ROUNDS = 3
COLD = "1 cold"


class Made(NamedTuple):
    """A fitted model, rows to score, and where a peer trains one of its own what to train on."""

    model: Any
    rows: Any
    train: Any = None


@dataclass(frozen=True)
class Case:
    """
    goals    {batch: {peer: the least ratio that we want}}; a peer without one is only shown
    load_ms  at most this long for loading, where it is measured
    """

    make: Callable[[], Made]
    peers: tuple[str, ...]
    batches: tuple[int | str, ...] = (1, 64, 1024)
    goals: dict[int | str, dict[str, float]] = field(default_factory=dict)
    load_ms: float | None = None


class Line(NamedTuple):
    """What was measured: microseconds a row by round; none where a peer gives no answer."""

    case: str
    batch: int | str
    peer: str
    ours: list[float]
    theirs: list[float]
    goal: float | None
    note: str = ""

    @property
    def ratio(self) -> float:
        return min(self.theirs) / min(self.ours)

    @property
    def verdict(self) -> str:
        if self.goal is None or not self.theirs:
            return ""
        return "met" if self.ratio >= self.goal else "MISSED"


class Load(NamedTuple):
    """What loading costs, in milliseconds; SHA-256 is not in `validate` and goes over it twice."""

    case: str
    megabytes: float
    sha256: float
    validate: float
    layouts: float
    goal: float

    @property
    def total(self) -> float:
        return self.sha256 + self.validate + self.layouts

    def __str__(self) -> str:
        return (
            f"{self.case}: load {self.total:.1f} ms (goal {self.goal:g}), {self.megabytes:.1f} MB;"
            f" SHA-256 {self.sha256:.1f}, validate {self.validate:.1f}, layouts {self.layouts:.1f}"
        )


def print_head() -> None:
    print(machine())
    print(
        f"{'model':32} {'batch':>6} {'ratio':>8} {'goal':>6} {'ours us':>9} {'theirs us':>10}  peer"
    )


def print_line(line: Line) -> None:
    where = f"{line.case:32} {line.batch!s:>6}"
    if not line.theirs:
        print(f"{where} {'-':>8} {'':>6} {min(line.ours):9.3f} {'-':>10}  {line.peer}: {line.note}")
        return
    goal = "" if line.goal is None else f"{line.goal:.4g}"
    print(
        f"{where} {line.ratio:7.1f}x {goal:>6} {min(line.ours):9.3f} {min(line.theirs):10.2f}"
        f"  {line.peer} {line.verdict}",
        flush=True,
    )


def machine() -> str:
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    known = {key.strip(): value.strip() for key, _, value in (x.partition(":") for x in info)}
    flags = known.get("flags", "").split()
    level = "AVX-512" if "avx512vbmi" in flags else "AVX2" if "avx2" in flags else "baseline"
    model = known.get("model name", "unknown processor")
    return f"{model}, family {known.get('cpu family', '?')}, {level}"


def commit() -> str:
    """What is measured: "fc569d0", with "-dirty" where the tree is not as committed."""
    command = ["git", "describe", "--always", "--dirty"]
    here = Path(__file__).parent
    done = subprocess.run(command, capture_output=True, text=True, cwd=here, check=False)
    return done.stdout.strip()


def compare(name: str, case: Case) -> Iterator[Line | Load]:
    made = case.make()
    package = packed(made)
    check(made, package)
    if case.load_ms is not None:
        sha256, validate, layouts, _ = load_parts(package)
        yield Load(name, len(package) / 1e6, sha256, validate, layouts, case.load_ms)
    with laid_out(package, made.rows) as folder, threadpool_limits(1), ExitStack() as stack:
        # Threads that wait in a loop would count as theirs.
        timers: dict[str, Callable[[int | str], float]] = {}
        missing: dict[str, str] = {}
        for peer in case.peers:
            try:
                timers[peer] = stack.enter_context(PEERS[peer](made, folder))
            except UnavailableError as error:
                missing[peer] = str(error)
        for batch in case.batches:
            goals = case.goals.get(batch, {})
            for peer, timer in timers.items():
                if not takes(peer, batch):
                    continue
                ours, theirs, note = [], [], ""
                try:
                    for _ in range(ROUNDS):
                        ours.append(engine_us(folder, batch))
                        theirs.append(timer(batch))
                except UnavailableError as error:
                    theirs, note = [], str(error)
                yield Line(name, batch, peer, ours, theirs, goals.get(peer), note)
            for peer, why in missing.items():
                if batch == case.batches[0]:
                    yield Line(name, batch, peer, [engine_us(folder, batch)], [], None, why)


def takes(peer: str, batch: int | str) -> bool:
    """What a peer can be asked: cold calls need a driver in C, or Python would be cold as well."""
    if batch == COLD:
        return peer in ("LightGBM, C", "lleaves, C", "tl2cgen, C")
    return batch == 1 or "one row" not in peer


def packed(made: Made) -> bytes:
    schema = infer(made.rows)
    graph = Graph()
    outputs = lower_outputs(graph.export(made.model, schema.graph_input()), graph, None)
    return bare_package(graph.nodes, [input_entry(c) for c in schema.columns], outputs)


def check(made: Made, package: bytes) -> None:
    """Both must give the same before their times mean anything."""
    engine = Engine(package)
    count, buffers = to_buffers(made.rows, engine.inputs)
    answers, refused = engine.run(count, buffers, [o["name"] for o in engine.manifest["outputs"]])
    found = getattr(made.model, "predict_proba", None) or made.model.decision_function
    expected = found(made.rows).reshape(count, -1)[:, -1]
    ours = [a.reshape(count, -1)[:, -1] for a in answers.values() if a.dtype.kind == "f"]
    apart = min(float(np.abs(each - expected).max()) for each in ours)
    if refused or apart > 1e-6:
        raise SystemExit(f"{made.model}: the answers are {apart} apart")


@contextmanager
def laid_out(package: bytes, rows: Any) -> Iterator[Path]:
    """The package and its rows as the programs in C++ read them: a file for each column."""
    columns = [rows[name] for name in rows] if hasattr(rows, "columns") else [rows]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "model.bascule").write_bytes(package)
        for at, column in enumerate(columns):
            file = folder / str(at)
            values = np.asarray(column)
            if values.dtype.kind == "f":
                np.ascontiguousarray(values, np.float64).tofile(file)
            else:
                file.write_text("".join(f"{text}\n" for text in values))
        yield folder


def load_parts(package: bytes) -> list[float]:
    """Milliseconds, as bench_load_package prints them."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(package)
        file.flush()
        command = [str(RELEASE / "bench_load_package"), file.name]
        return [float(part) for part in subprocess.check_output(command).split()]


def engine_us(folder: Path, batch: int | str) -> float:
    size, *cold = ("1", "cold") if batch == COLD else (str(batch),)
    command = [RELEASE / "bench_score_package", folder / "model.bascule", folder, size, SECONDS]
    return float(subprocess.check_output([*map(str, command), *cold]).split()[0])
