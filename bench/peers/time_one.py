"""One peer and one model, in the environment of the peers; libraries.py starts it.

    build/peers/bin/python bench/peers/time_one.py PEER

PEER is "onnxruntime", "ydf", "lleaves" or "tl2cgen". Reads from standard input a pickle of (model,
rows, train, seconds, folder). Then

- onnxruntime converts the model and checks its answers; ydf trains a model of the same shape on
  `train`. They write "ready", and for each line that names a batch the microseconds a row: CPU time
  of the process, median.
- lleaves and tl2cgen compile the model to `folder`/PEER.so and write "ready".

What a peer cannot do is an exception: its last line is what the table says.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from timing import median_us

SAMPLE = 256


def main() -> None:
    model, rows, train, seconds, folder = pickle.load(sys.stdin.buffer)
    us = PEERS[sys.argv[1]](model, rows, train, seconds, Path(folder))
    print("ready", flush=True)
    for line in sys.stdin.buffer:
        print(us(int(line)), flush=True)


Us = Callable[[int], float]


def onnxruntime(model: Any, rows: Any, train: Any, seconds: float, folder: Path) -> Us:
    import onnxruntime as ort  # type: ignore[import-not-found]
    from exporters import register_boosters
    from skl2onnx import to_onnx  # type: ignore[import-not-found]

    register_boosters()
    feed, types = inputs(rows)
    graph = to_onnx(
        model, initial_types=types, options={id(model): {"zipmap": False}},
        target_opset={"": 18, "ai.onnx.ml": 3},
    )  # fmt: skip
    settings = ort.SessionOptions()
    settings.intra_op_num_threads = settings.inter_op_num_threads = 1
    session = ort.InferenceSession(
        graph.SerializeToString(), settings, providers=["CPUExecutionProvider"]
    )
    answer = session.run(None, {name: values[:SAMPLE] for name, values in feed.items()})[1]
    sample = rows.iloc[:SAMPLE] if hasattr(rows, "iloc") else rows[:SAMPLE]
    probabilities = getattr(model, "predict_proba", None)
    expected = (probabilities or model.decision_function)(sample)
    shape = (len(sample), -1)
    apart = np.abs(answer.reshape(shape)[:, -1] - expected.reshape(shape)[:, -1])
    # It computes in float32: a row may fall on the other side of a threshold.
    if np.quantile(apart, 0.98) > 1e-3:
        raise SystemExit(f"its answers are up to {apart.max():g} apart")

    def us(batch: int) -> float:
        starts = range(0, len(rows), batch)
        blocks = [{name: values[i : i + batch] for name, values in feed.items()} for i in starts]
        sizes = [min(batch, len(rows) - i) for i in starts]
        return median_us(lambda block: session.run(None, block), blocks, sizes, seconds)

    return us


def inputs(rows: Any) -> tuple[dict[str, Any], list[tuple[str, Any]]]:
    from skl2onnx.common.data_types import (  # type: ignore[import-not-found]
        FloatTensorType,
        StringTensorType,
    )

    if hasattr(rows, "columns"):
        feed, types = {}, []
        for name in rows:
            number = rows[name].dtype.kind == "f"
            values = rows[name].to_numpy(np.float32 if number else object).reshape(-1, 1)
            feed[name] = values
            types.append((name, (FloatTensorType if number else StringTensorType)([None, 1])))
        return feed, types
    if isinstance(rows, list):
        return {"x": np.array(rows, object).reshape(-1, 1)}, [("x", StringTensorType([None, 1]))]
    return {"x": rows.astype(np.float32)}, [("x", FloatTensorType([None, rows.shape[1]]))]


def ydf(model: Any, rows: Any, train: Any, seconds: float, folder: Path) -> Us:
    import ydf  # type: ignore[import-not-found]

    X, y = train
    parameters = model.get_params()
    leaves = parameters["num_leaves"]

    def frame(cells: Any) -> dict[str, Any]:
        return {f"x{i}": cells[:, i].astype(np.float32) for i in range(cells.shape[1])}

    ydf.verbose(0)
    learner = ydf.GradientBoostedTreesLearner(
        label="y", num_trees=parameters["n_estimators"], max_num_nodes=leaves, max_depth=-1,
        growing_strategy="BEST_FIRST_GLOBAL", validation_ratio=0.0, early_stopping="NONE",
        num_threads=2,
    )  # fmt: skip
    own = learner.train({**frame(X), "y": y})
    data = {**frame(rows), "y": np.zeros(len(rows), y.dtype)}

    def us(batch: int) -> float:
        # Its own benchmark tells wall time, of which we had only a share.
        wall, cpu = time.perf_counter(), time.process_time()
        found = own.benchmark(data, benchmark_duration=seconds, warmup_duration=0.05,
                              batch_size=batch, num_threads=1)  # fmt: skip
        share = (time.process_time() - cpu) / (time.perf_counter() - wall)
        return float(1e6 * found.duration_per_example * min(share, 1.0))

    return us


def lleaves(model: Any, rows: Any, train: Any, seconds: float, folder: Path) -> Us:
    import lleaves  # type: ignore[import-not-found]

    text, compiled = folder / "lightgbm.txt", folder / "lleaves.o"
    model.booster_.save_model(text)
    lleaves.Model(model_file=str(text)).compile(cache=str(compiled), fcodemodel="small")
    subprocess.run(["gcc", "-shared", "-o", folder / "lleaves.so", compiled, "-lm"], check=True)
    return one_call_too_many


def tl2cgen(model: Any, rows: Any, train: Any, seconds: float, folder: Path) -> Us:
    import tl2cgen
    import treelite  # type: ignore[import-not-found]

    text = folder / "lightgbm.txt"
    model.booster_.save_model(text)
    tl2cgen.export_lib(
        treelite.frontend.load_lightgbm_model(text), toolchain="gcc",
        libpath=folder / "tl2cgen.so", params={"parallel_comp": 8}, nthread=2,
    )  # fmt: skip
    return one_call_too_many


def one_call_too_many(batch: int) -> float:
    raise SystemExit("it is timed from its library")


PEERS = {"onnxruntime": onnxruntime, "ydf": ydf, "lleaves": lleaves, "tl2cgen": tl2cgen}


if __name__ == "__main__":
    main()
