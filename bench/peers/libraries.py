"""The peers, by name: each a context that gives a function from a batch to microseconds a row.

"C" in a name: its C interface, without Python around (build/release/bench_score_library). All
others are called as Python calls them, so that a batch of 1 is mostly Python's.
"""

from __future__ import annotations

import ctypes
import importlib.util
import json
import os
import pickle
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from peers import environment
from peers.timing import median_us

RELEASE = environment.ROOT / "build" / "release"
SECONDS = 0.2

Us = Callable[[Any], float]  # a batch -> microseconds a row
Peer = Callable[[Any, Path], AbstractContextManager[Us]]  # a compare.Made, its folder


class UnavailableError(Exception):
    """The peer does not take this model; the reason is what the table says."""


# ---- In this process ---------------------------------------------------------------------------


def called(
    function: Callable[[Any], Callable[[Any], Any]], prepare: Callable[[Any], Any] = lambda x: x
) -> Peer:
    """`function(model)` is timed; `prepare` makes its argument of a block of rows before that."""

    @contextmanager
    def peer(made: Any, folder: Path) -> Iterator[Us]:
        predict = function(made.model)
        yield lambda batch: python_us(predict, prepare, made.rows, batch)

    return peer


def python_us(
    predict: Callable[[Any], Any], prepare: Callable[[Any], Any], rows: Any, batch: int
) -> float:
    starts = range(0, len(rows), batch)
    sizes = [min(batch, len(rows) - i) for i in starts]
    blocks = [prepare(block(rows, i, i + batch)) for i in starts]
    return median_us(predict, blocks, sizes, SECONDS)


def block(rows: Any, first: int, last: int) -> Any:
    return rows.iloc[first:last] if hasattr(rows, "iloc") else rows[first:last]


def scikit_learn(model: Any) -> Callable[[Any], Any]:
    """Its probabilities, or where it has none its decision values."""
    found: Callable[[Any], Any] = getattr(model, "predict_proba", None) or model.decision_function
    return found


def catboost(model: Any) -> Callable[[Any], Any]:
    return lambda x: model.predict(x, prediction_type="RawFormulaVal", thread_count=1)


def catboost_pool(rows: Any) -> Any:
    from catboost import Pool

    return Pool(rows)


def xgboost(model: Any) -> Callable[[Any], Any]:
    booster = model.get_booster()
    booster.set_param({"nthread": 1})
    return booster.inplace_predict


def xgboost_row(model: Any) -> Callable[[Any], Any]:
    """XGBoosterPredictFromDense, by ctypes: about 1 us of its time."""
    from xgboost.core import _LIB

    booster = model.get_booster()
    booster.set_param({"nthread": 1})
    config = json.dumps(
        {"type": 0, "training": False, "iteration_begin": 0, "iteration_end": 0,
         "missing": float("nan"), "strict_shape": False, "cache_id": 0}
    ).encode()  # fmt: skip
    shape, result = ctypes.POINTER(ctypes.c_uint64)(), ctypes.POINTER(ctypes.c_float)()
    dimensions = ctypes.c_uint64()
    out = (ctypes.byref(shape), ctypes.byref(dimensions), ctypes.byref(result))

    def predict(row: bytes) -> Any:
        if _LIB.XGBoosterPredictFromDense(booster.handle, row, config, None, *out) != 0:
            raise SystemExit("XGBoosterPredictFromDense fails")
        return result

    return predict


def array_interface(rows: Any) -> bytes:
    return json.dumps(rows.__array_interface__).encode()


# ---- A library in C, timed by a program in C++ -------------------------------------------------


@contextmanager
def lightgbm_c(made: Any, folder: Path) -> Iterator[Us]:
    found = importlib.util.find_spec("lightgbm")
    assert found is not None
    assert found.origin is not None
    made.model.booster_.save_model(folder / "lightgbm.txt")
    library = Path(found.origin).with_name("lib") / "lib_lightgbm.so"
    yield library_us("lightgbm", library, made, folder)


def compiled(kind: str) -> Peer:
    @contextmanager
    def peer(made: Any, folder: Path) -> Iterator[Us]:
        with child(kind, made, folder):
            pass
        yield library_us(kind, folder / f"{kind}.so", made, folder)

    return peer


def library_us(kind: str, library: Path, made: Any, folder: Path) -> Us:
    """Microseconds of a library, whose answers are those of the model."""
    expected = made.model.predict_proba(made.rows)
    classes = 1 if expected.shape[1] == 2 else expected.shape[1]

    def us(batch: Any) -> float:
        size, *cold = ("1", "cold") if batch == "1 cold" else (str(batch),)
        answers = folder / "answers"
        command = [
            RELEASE / "bench_score_library", kind, library, folder / "lightgbm.txt", folder / "0",
            made.rows.shape[1], classes, size, SECONDS, answers, *cold,
        ]  # fmt: skip
        took = float(subprocess.check_output([str(part) for part in command]).split()[0])
        found = np.fromfile(answers).reshape(-1, classes)[:, -1]
        if not cold and np.abs(found - expected[:, -1]).max() > 1e-6:
            raise SystemExit(f"{kind}: its answers are not the model's")
        return took

    return us


# ---- In the environment of the peers -----------------------------------------------------------


def elsewhere(kind: str) -> Peer:
    @contextmanager
    def peer(made: Any, folder: Path) -> Iterator[Us]:
        with child(kind, made, folder) as process:

            def us(batch: int) -> float:
                process.stdin.write(f"{batch}\n".encode())
                process.stdin.flush()
                answer = process.stdout.readline()
                if not answer:
                    raise UnavailableError(last_words(folder, kind))
                return float(answer)

            yield us

    return peer


@contextmanager
def child(kind: str, made: Any, folder: Path) -> Iterator[Any]:
    """time_one.py, ready to be asked."""
    environment.ensure()
    command = [str(environment.PYTHON), str(Path(__file__).with_name("time_one.py")), kind]
    with (
        (folder / f"{kind}.log").open("wb") as errors,
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, **environment.VARIABLES},
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        pickle.dump((made.model, made.rows, made.train, SECONDS, str(folder)), process.stdin)
        process.stdin.flush()
        for line in process.stdout:
            if line == b"ready\n":
                break
        else:
            raise UnavailableError(last_words(folder, kind))
        yield process
        process.stdin.close()


def last_words(folder: Path, kind: str) -> str:
    log = (folder / f"{kind}.log").read_text(errors="replace")
    return " ".join(log.strip().splitlines()[-1:])[:160]


PEERS: dict[str, Peer] = {
    "scikit-learn": called(scikit_learn),
    "CatBoost": called(catboost),
    "CatBoost, Pool made before": called(catboost, catboost_pool),
    "XGBoost": called(xgboost),
    "XGBoost, one row, C": called(xgboost_row, array_interface),
    "LightGBM, C": lightgbm_c,
    "lleaves, C": compiled("lleaves"),
    "tl2cgen, C": compiled("tl2cgen"),
    "ONNX Runtime": elsewhere("onnxruntime"),
    "YDF, a model of its own": elsewhere("ydf"),
}
