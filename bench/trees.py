"""Forests: the engine against the own predict of LightGBM, XGBoost and scikit-learn.

    .venv/bin/python bench/trees.py [WORD]

CPU time of one thread in microseconds a row, medians, on the same rows, all different; ours and
theirs in turn. Ours is the engine in C++ (build/release/bench_score_package). Theirs is called as
Python calls it, so that a batch of 1 is mostly Python's; LightGBM's fast call for one row goes
through its C interface, with about 1 us of ctypes in it.
"""

from __future__ import annotations

import ctypes
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from bascule.answers import lower_outputs
from bascule.assemble import bare_package
from bascule.engine import Engine
from bascule.export import Graph
from bascule.schema import infer
from sklearn.datasets import make_classification
from threadpoolctl import threadpool_limits

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = ROOT / "build" / "release" / "bench_score_package"
FEATURES = 40
ROWS = 4096
BATCHES = (1, 64, 1024)
ROUNDS = 3
SECONDS = 0.2


def main() -> None:
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    X, y = make_classification(24_096, FEATURES, n_informative=15, flip_y=0.05, random_state=0)
    X = X.astype(np.float32).astype(np.float64)
    rows = np.ascontiguousarray(X[-ROWS:])
    print(f"{'model':30} {'batch':>6} {'ratio':>8} {'ours us':>9} {'theirs us':>10}  peer")
    for name, make in MODELS.items():
        if word in name:
            model = make().fit(X[:-ROWS], y[:-ROWS])
            with threadpool_limits(1):  # threads that wait in a loop would count as theirs
                measure(name, model, rows)


def measure(name: str, model: Any, rows: Any) -> None:
    package = packed(model, rows)
    check(model, package, rows)
    with tempfile.TemporaryDirectory() as folder:
        file, cells = Path(folder) / "model.bascule", Path(folder) / "rows"
        file.write_bytes(package)
        rows.tofile(cells)
        for batch in BATCHES:
            for peer, predict in peers(model, rows).items():
                if batch > 1 and "row" in peer:
                    continue
                ours, theirs = [], []
                for _ in range(ROUNDS):
                    command = [str(PROGRAM), str(file), str(cells), str(batch), str(SECONDS)]
                    ours.append(float(subprocess.check_output(command).split()[0]))
                    theirs.append(python_us(predict, rows, batch))
                our, their = statistics.median(ours), statistics.median(theirs)
                print(f"{name:30} {batch:6} {their / our:7.1f}x {our:9.3f} {their:10.2f}  {peer}",
                      flush=True)  # fmt: skip


def packed(model: Any, rows: Any) -> bytes:
    graph = Graph()
    outputs = lower_outputs(graph.export(model, infer(rows).graph_input()), graph, None)
    kind = f"number[{FEATURES}]"
    inputs = [{"name": "x", "type": kind, "nullable": False, "optional": False}]
    return bare_package(graph.nodes, inputs, outputs)


def check(model: Any, package: bytes, rows: Any) -> None:
    """Both must give the same before their times mean anything."""
    from bascule.columns import Buffer

    answers, refused = Engine(package).run(len(rows), [Buffer(rows)], None)
    expected = model.predict_proba(rows)[:, 1]
    ours = [a.reshape(len(rows), -1)[:, -1] for a in answers.values() if a.dtype.kind == "f"]
    apart = min(float(np.abs(each - expected).max()) for each in ours)
    if refused or apart > 1e-6:
        raise SystemExit(f"{model}: the answers are {apart} apart")


def peers(model: Any, rows: Any) -> dict[str, Callable[[Any], Any]]:
    name = type(model).__module__.split(".")[0]
    if name == "lightgbm":
        booster = model.booster_
        return {
            "LightGBM, one row, C": lightgbm_row(booster),
            "LightGBM": lambda x: booster.predict(x, num_threads=1),
        }
    if name == "xgboost":
        booster = model.get_booster()
        booster.set_param({"nthread": 1})
        return {"XGBoost": booster.inplace_predict}
    return {"scikit-learn": model.predict_proba}


def lightgbm_row(booster: Any) -> Callable[[Any], Any]:
    """LGBM_BoosterPredictForMatSingleRowFast, prepared once as its documentation says."""
    from lightgbm.basic import _LIB  # type: ignore[attr-defined]

    fast = ctypes.c_void_p()
    _LIB.LGBM_BoosterPredictForMatSingleRowFastInit(
        booster._handle, 0, 0, -1, 1, FEATURES, b"num_threads=1", ctypes.byref(fast)
    )
    out, size = (ctypes.c_double * 1)(), ctypes.c_int64()
    call = _LIB.LGBM_BoosterPredictForMatSingleRowFast
    call.argtypes = [ctypes.c_void_p] * 4
    size_at, out_at = ctypes.addressof(size), ctypes.addressof(out)
    kept = (booster, out, size)

    def predict(x: Any) -> Any:
        call(fast, x.ctypes.data, size_at, out_at)
        return kept[1]

    return predict


def python_us(predict: Callable[[Any], Any], rows: Any, batch: int) -> float:
    blocks = [rows[i : i + batch] for i in range(0, len(rows), batch)]
    took: list[float] = []
    start = time.thread_time()
    while not took or (time.thread_time() - start < SECONDS and len(took) < 50_000):
        block = blocks[len(took) % len(blocks)]
        began = time.process_time_ns()
        predict(block)
        took.append((time.process_time_ns() - began) / 1e3 / len(block))
    return statistics.median(took)


def lightgbm(trees: int, leaves: int) -> Callable[[], Any]:
    def make() -> Any:
        from lightgbm import LGBMClassifier

        return LGBMClassifier(n_estimators=trees, num_leaves=leaves, verbose=-1, n_jobs=2)

    return make


def xgboost(trees: int, depth: int) -> Callable[[], Any]:
    def make() -> Any:
        from xgboost import XGBClassifier

        return XGBClassifier(n_estimators=trees, max_depth=depth, n_jobs=2)

    return make


def histogram(trees: int, leaves: int) -> Callable[[], Any]:
    def make() -> Any:
        from sklearn.ensemble import HistGradientBoostingClassifier

        return HistGradientBoostingClassifier(
            max_iter=trees, max_leaf_nodes=leaves, early_stopping=False
        )

    return make


def forest(trees: int) -> Callable[[], Any]:
    def make() -> Any:
        from sklearn.ensemble import RandomForestClassifier

        return RandomForestClassifier(trees, random_state=0)

    return make


MODELS: dict[str, Callable[[], Any]] = {
    "LightGBM 100 x 31": lightgbm(100, 31),
    "LightGBM 500 x 63": lightgbm(500, 63),
    "LightGBM 500 x 255": lightgbm(500, 255),
    "XGBoost 100 x depth 6": xgboost(100, 6),
    "HistGradientBoosting 100 x 31": histogram(100, 31),
    "RandomForest 200, unlimited": forest(200),
}


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
