"""What the programs of bench/ share: the engine and its peers in turn, on the same rows.

CPU time in microseconds a row, medians, on rows that all differ. Ours is the engine in C++
(build/release/bench_score_package). A peer is called as Python calls it, in one thread, so that a
batch of 1 is mostly Python's; a peer that has an interface below Python says so in its name.
"""

from __future__ import annotations

import pickle
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from bascule.answers import lower_outputs
from bascule.assemble import bare_package, input_entry
from bascule.columns import to_buffers
from bascule.engine import Engine
from bascule.export import Graph
from bascule.schema import infer
from threadpoolctl import threadpool_limits

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "build" / "release" / "bench_score_package"
PEERS_PYTHON = ROOT / "build" / "peers" / "bin" / "python"
ONNX = Path(__file__).with_name("onnx_us.py")
BATCHES = (1, 64, 1024)
ROUNDS = 3
SECONDS = 0.2

Predict = Callable[[Any], Any]
Timer = Callable[[Any, int], float]  # rows and batch -> microseconds a row


def print_head() -> None:
    print(machine())
    print(f"{'model':34} {'batch':>6} {'ratio':>8} {'ours us':>9} {'theirs us':>10}  peer")


def machine() -> str:
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    known = {key.strip(): value.strip() for key, _, value in (x.partition(":") for x in info)}
    flags = known.get("flags", "").split()
    level = "AVX-512" if "avx512vbmi" in flags else "AVX2" if "avx2" in flags else "baseline"
    model = known.get("model name", "unknown processor")
    return f"{model}, family {known.get('cpu family', '?')}, {level}"


def compare(
    name: str,
    model: Any,
    rows: Any,
    peers: dict[str, Timer],
    batches: Sequence[int] = BATCHES,
    *,
    cold: bool = False,
) -> None:
    """Prints a line for each batch and peer.

    rows   a frame, a 2-D array or a list of texts without line ends
    peers  "row" in a name: it takes one row only
    cold   one more line: our single call when nothing of the model is in a cache
    """
    package = packed(model, rows)
    check(model, package, rows)
    with laid_out(package, rows) as folder, threadpool_limits(1):
        # Threads that wait in a loop would count as theirs.
        for batch in batches:
            for peer, timer in peers.items():
                if batch > 1 and "row" in peer:
                    continue
                ours, theirs = [], []
                for _ in range(ROUNDS):
                    ours.append(engine_us(folder, batch))
                    theirs.append(timer(rows, batch))
                print_line(name, batch, statistics.median(ours), statistics.median(theirs), peer)
        if cold:
            us = statistics.median(engine_us(folder, 1, "cold") for _ in range(ROUNDS))
            print(f"{name:34} {'1 cold':>6} {'':8} {us:9.3f}", flush=True)


def print_line(name: str, batch: int, ours: float, theirs: float, peer: str) -> None:
    ratio = f"{theirs / ours:7.1f}x"
    print(f"{name:34} {batch:6} {ratio} {ours:9.3f} {theirs:10.2f}  {peer}", flush=True)


def packed(model: Any, rows: Any) -> bytes:
    schema = infer(rows)
    graph = Graph()
    outputs = lower_outputs(graph.export(model, schema.graph_input()), graph, None)
    return bare_package(graph.nodes, [input_entry(c) for c in schema.columns], outputs)


def check(model: Any, package: bytes, rows: Any) -> None:
    """Both must give the same before their times mean anything."""
    engine = Engine(package)
    count, buffers = to_buffers(rows, engine.inputs)
    answers, refused = engine.run(count, buffers, [o["name"] for o in engine.manifest["outputs"]])
    expected = scores(model)(rows).reshape(count, -1)[:, -1]
    ours = [a.reshape(count, -1)[:, -1] for a in answers.values() if a.dtype.kind == "f"]
    apart = min(float(np.abs(each - expected).max()) for each in ours)
    if refused or apart > 1e-6:
        raise SystemExit(f"{model}: the answers are {apart} apart")


def scores(model: Any) -> Predict:
    """Its probabilities, or where it has none its decision values."""
    found: Predict = getattr(model, "predict_proba", None) or model.decision_function
    return found


@contextmanager
def laid_out(package: bytes, rows: Any) -> Iterator[Path]:
    """The package and its rows as bench_score_package reads them: a file for each column."""
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


def engine_us(folder: Path, batch: int, *more: str) -> float:
    command = [str(PROGRAM), str(folder / "model.bascule"), str(folder), str(batch), str(SECONDS)]
    command += more
    return float(subprocess.check_output(command).split()[0])


def python_us(predict: Predict, prepare: Predict, rows: Any, batch: int) -> float:
    starts = range(0, len(rows), batch)
    sizes = [min(batch, len(rows) - i) for i in starts]
    blocks = [prepare(block(rows, i, i + batch)) for i in starts]
    took: list[float] = []
    start = time.thread_time()
    while not took or (time.thread_time() - start < SECONDS and len(took) < 50_000):
        at = len(took) % len(blocks)
        began = time.process_time_ns()
        predict(blocks[at])
        took.append((time.process_time_ns() - began) / 1e3 / sizes[at])
    return statistics.median(took)


def block(rows: Any, first: int, last: int) -> Any:
    return rows.iloc[first:last] if hasattr(rows, "iloc") else rows[first:last]


def as_it_is(rows: Any) -> Any:
    return rows


def called(predict: Predict, prepare: Predict = as_it_is) -> Timer:
    """A peer that is a function of Python; `prepare` makes its argument of a block of rows, outside
    of the time."""
    return lambda rows, batch: python_us(predict, prepare, rows, batch)


@contextmanager
def onnx_runtime(model: Any, rows: Any) -> Iterator[dict[str, Timer]]:
    """ONNX Runtime in an environment of its own (onnx_us.py); none, said aloud, where there is
    no such environment or skl2onnx does not convert the model."""
    if not PEERS_PYTHON.exists():
        print("ONNX Runtime: skipped, there is no build/peers (bench/peers/exporters.py makes it)")
        yield {}
        return
    with subprocess.Popen(
        [PEERS_PYTHON, ONNX], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        pickle.dump((model, rows, SECONDS), child.stdin)
        child.stdin.flush()
        if child.stdout.readline() != b"ready\n":
            why = child.stderr.read().decode().strip().splitlines()[-1:]
            print(f"ONNX Runtime: skipped, {' '.join(why)[:160]}")
            yield {}
            return
        questions, answers = child.stdin, child.stdout

        def us(_: Any, batch: int) -> float:
            questions.write(f"{batch}\n".encode())
            questions.flush()
            return float(answers.readline())

        yield {"ONNX Runtime": us}
        child.stdin.close()
