"""Forests: the engine against the own predict of LightGBM, XGBoost, CatBoost and scikit-learn.

    .venv/bin/python bench/trees.py [WORD]

CPU time in microseconds a row, on the same rows, all different; ours and theirs in turn, and of
each the least median of the rounds. Ours is the engine in C++ (build/release/bench_score_package).
Theirs is called as Python calls it, so that a batch of 1 is mostly Python's, but for the calls that
say C: those go to the library's C interface for one row, with about 1 us of ctypes in them. `cold`
is our single call after 64 MiB of other memory were written.
"""

from __future__ import annotations

import ctypes
import json
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


# Makes what is passed to a peer from a block of rows, outside of the time; and the call.
Peer = tuple[Callable[[Any], Any], Callable[[Any], Any]]


def main() -> None:
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    print(machine())
    print(f"{'model':30} {'batch':>6} {'ratio':>8} {'ours us':>9} {'theirs us':>10}  peer")
    for name, (make, classes, categories) in MODELS.items():
        if word in name:
            X, y = data(classes, categories)
            rows = np.ascontiguousarray(X[-ROWS:])
            codes = {"categorical_feature": [FEATURES - 2, FEATURES - 1]} if categories else {}
            model = make().fit(X[:-ROWS], y[:-ROWS], **codes)
            with threadpool_limits(1):  # threads that wait in a loop would count as theirs
                measure(name, model, rows)


def machine() -> str:
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    known = {key.strip(): value.strip() for key, _, value in (x.partition(":") for x in info)}
    flags = known.get("flags", "").split()
    level = "AVX-512" if "avx512vbmi" in flags else "AVX2" if "avx2" in flags else "baseline"
    model = known.get("model name", "unknown processor")
    return f"{model}, family {known.get('cpu family', '?')}, {level}"


def data(classes: int, categories: int) -> tuple[Any, Any]:
    """40 columns, as float32 can hold them; the last two are codes where there are categories."""
    X, y = make_classification(
        24_096, FEATURES, n_informative=15, n_classes=classes, flip_y=0.05, random_state=0
    )
    X = X.astype(np.float32).astype(np.float64)
    if categories:
        codes = np.argsort(np.argsort(X[:, :2], axis=0), axis=0) * categories // len(X)
        shuffled = np.random.default_rng(0).permutation(categories)
        X[:, -2:] = shuffled[codes]
    return X, y


def measure(name: str, model: Any, rows: Any) -> None:
    package = packed(model, rows)
    check(model, package, rows)
    with tempfile.TemporaryDirectory() as folder:
        file, cells = Path(folder) / "model.bascule", Path(folder) / "rows"
        file.write_bytes(package)
        rows.tofile(cells)

        def engine_us(batch: int, *more: str) -> float:
            command = [str(PROGRAM), str(file), str(cells), str(batch), str(SECONDS), *more]
            return float(subprocess.check_output(command).split()[0])

        for batch in BATCHES:
            for peer, (prepare, predict) in peers(model, rows).items():
                if batch > 1 and "one row" in peer:
                    continue
                blocks = [prepare(rows[i : i + batch]) for i in range(0, len(rows), batch)]
                ours, theirs = [], []
                for _ in range(ROUNDS):
                    ours.append(engine_us(batch))
                    theirs.append(python_us(predict, blocks, batch))
                our, their = min(ours), min(theirs)
                print(f"{name:30} {batch:6} {their / our:7.1f}x {our:9.3f} {their:10.2f}  {peer}",
                      flush=True)  # fmt: skip
        cold = min(engine_us(1, "cold") for _ in range(ROUNDS))
        print(f"{name:30} {'1 cold':>6} {'':8} {cold:9.3f}", flush=True)


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
    expected = model.predict_proba(rows)[:, -1]
    ours = [a.reshape(len(rows), -1)[:, -1] for a in answers.values() if a.dtype.kind == "f"]
    apart = min(float(np.abs(each - expected).max()) for each in ours)
    if refused or apart > 1e-6:
        raise SystemExit(f"{model}: the answers are {apart} apart")


def peers(model: Any, rows: Any) -> dict[str, Peer]:
    name = type(model).__module__.split(".")[0]
    if name == "lightgbm":
        booster = model.booster_
        return {
            "LightGBM, one row, C": (address, lightgbm_row(booster)),
            "LightGBM": (as_it_is, lambda x: booster.predict(x, num_threads=1)),
        }
    if name == "xgboost":
        booster = model.get_booster()
        booster.set_param({"nthread": 1})
        return {
            "XGBoost, one row, C": (array_interface, xgboost_row(booster)),
            "XGBoost": (as_it_is, booster.inplace_predict),
        }
    if name == "catboost":
        from catboost import Pool

        raw = {"prediction_type": "RawFormulaVal", "thread_count": 1}
        return {
            "CatBoost": (as_it_is, lambda x: model.predict(x, **raw)),
            "CatBoost, Pool made before": (Pool, lambda x: model.predict(x, **raw)),
        }
    return {"scikit-learn": (as_it_is, model.predict_proba)}


def as_it_is(rows: Any) -> Any:
    return rows


def address(rows: Any) -> int:
    return int(rows.ctypes.data)


def array_interface(rows: Any) -> bytes:
    return json.dumps(rows.__array_interface__).encode()


def lightgbm_row(booster: Any) -> Callable[[Any], Any]:
    """LGBM_BoosterPredictForMatSingleRowFast, prepared once as its documentation says."""
    from lightgbm.basic import _LIB  # type: ignore[attr-defined]

    fast = ctypes.c_void_p()
    _LIB.LGBM_BoosterPredictForMatSingleRowFastInit(
        booster._handle, 0, 0, -1, 1, FEATURES, b"num_threads=1", ctypes.byref(fast)
    )
    out, size = (ctypes.c_double * booster.num_model_per_iteration())(), ctypes.c_int64()
    call = _LIB.LGBM_BoosterPredictForMatSingleRowFast
    call.argtypes = [ctypes.c_void_p] * 4
    size_at, out_at = ctypes.addressof(size), ctypes.addressof(out)
    kept = (booster, out, size)

    def predict(row: int) -> Any:
        call(fast, row, size_at, out_at)
        return kept[1]

    return predict


def xgboost_row(booster: Any) -> Callable[[Any], Any]:
    """XGBoosterPredictFromDense: what inplace_predict calls."""
    from xgboost.core import _LIB  # type: ignore[attr-defined]

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


def python_us(predict: Callable[[Any], Any], blocks: list[Any], batch: int) -> float:
    took: list[float] = []
    start = time.thread_time()
    while not took or (time.thread_time() - start < SECONDS and len(took) < 50_000):
        block = blocks[len(took) % len(blocks)]
        began = time.process_time_ns()
        predict(block)
        took.append((time.process_time_ns() - began) / 1e3 / batch)
    return statistics.median(took)


def lightgbm(trees: int, leaves: int, **more: Any) -> Callable[[], Any]:
    def make() -> Any:
        from lightgbm import LGBMClassifier

        return LGBMClassifier(n_estimators=trees, num_leaves=leaves, verbose=-1, n_jobs=2, **more)

    return make


def xgboost(trees: int, depth: int) -> Callable[[], Any]:
    def make() -> Any:
        from xgboost import XGBClassifier

        return XGBClassifier(n_estimators=trees, max_depth=depth, n_jobs=2)

    return make


def catboost(trees: int, depth: int) -> Callable[[], Any]:
    def make() -> Any:
        from catboost import CatBoostClassifier

        return CatBoostClassifier(
            iterations=trees, depth=depth, verbose=False, thread_count=2, allow_writing_files=False
        )

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


# How to make it, classes, and categories of each of its last two columns.
MODELS: dict[str, tuple[Callable[[], Any], int, int]] = {
    "LightGBM 100 x 31": (lightgbm(100, 31), 2, 0),
    "LightGBM 500 x 63": (lightgbm(500, 63), 2, 0),
    "LightGBM 500 x 255": (lightgbm(500, 255), 2, 0),
    "LightGBM 5 classes x 100 x 31": (lightgbm(100, 31), 5, 0),
    "LightGBM categories 100 x 31": (lightgbm(100, 31), 2, 200),
    "LightGBM linear 100 x 31": (lightgbm(100, 31, linear_tree=True), 2, 0),
    "XGBoost 100 x depth 6": (xgboost(100, 6), 2, 0),
    "XGBoost 5 classes x 100 x 5": (xgboost(100, 5), 5, 0),
    "HistGradientBoosting 100 x 31": (histogram(100, 31), 2, 0),
    "HistGradientBoosting 500 x 255": (histogram(500, 255), 2, 0),
    "RandomForest 200, unlimited": (forest(200), 2, 0),
    "CatBoost 100 x depth 6": (catboost(100, 6), 2, 0),
    "CatBoost 500 x depth 6": (catboost(500, 6), 2, 0),
}


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
