"""Times ONNX Runtime on one model, in the environment of the peers; compare.py starts it.

Reads from standard input a pickle of (model, rows, seconds), converts the model with skl2onnx,
checks its answers, writes "ready", and then for each line that names a batch the microseconds a
row: CPU time of the process, median.
"""

from __future__ import annotations

import pickle
import statistics
import sys
import time
from typing import Any

import numpy as np
import onnxruntime  # type: ignore[import-not-found]
from skl2onnx import to_onnx  # type: ignore[import-not-found]
from skl2onnx.common.data_types import (  # type: ignore[import-not-found]
    FloatTensorType,
    StringTensorType,
)


def main() -> None:
    model, rows, seconds = pickle.load(sys.stdin.buffer)
    feed, types = inputs(rows)
    options = {id(model): {"zipmap": False}}
    graph = to_onnx(model, initial_types=types, options=options)
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = settings.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        graph.SerializeToString(), settings, providers=["CPUExecutionProvider"]
    )
    count = len(rows)
    answer = session.run(None, feed)[1]
    probabilities = getattr(model, "predict_proba", None)
    expected = (probabilities or model.decision_function)(rows).reshape(count, -1)[:, -1]
    apart = float(np.abs(answer.reshape(count, -1)[:, -1] - expected).max())
    if apart > 1e-3:
        print(f"its answers are {apart:g} apart from scikit-learn's", file=sys.stderr)
        return
    print("ready", flush=True)
    for line in sys.stdin.buffer:
        print(measure(session, feed, count, int(line), seconds), flush=True)


def inputs(rows: Any) -> tuple[dict[str, Any], list[tuple[str, Any]]]:
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


def measure(session: Any, feed: Any, count: int, batch: int, seconds: float) -> float:
    blocks = [
        {name: values[i : i + batch] for name, values in feed.items()}
        for i in range(0, count, batch)
    ]
    took: list[float] = []
    start = time.thread_time()
    while not took or (time.thread_time() - start < seconds and len(took) < 50_000):
        block = blocks[len(took) % len(blocks)]
        size = len(next(iter(block.values())))
        began = time.process_time_ns()
        session.run(None, block)
        took.append((time.process_time_ns() - began) / 1e3 / size)
    return statistics.median(took)


if __name__ == "__main__":
    main()
