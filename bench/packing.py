"""What packing and loading a forest costs: 100 trees, about 110,000 nodes.

CPU time, medians. `export` is lowering and writing; the rows that prove a package are printed
apart, since Python's own answers take most of that time. `load` is what Python sees; its parts are
measured in C++ (build/release/bench_load_package): SHA-256 goes over the bytes twice, once for the
digest of the file and once for the fingerprint of what decides a score.
"""

from __future__ import annotations

import pickle
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from bascule.answers import lower_outputs
from bascule.assemble import bare_package
from bascule.engine import Engine
from bascule.export import Graph
from bascule.pack import pack
from bascule.schema import infer
from peers.compare import load_parts
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier

ROUNDS = 7


def main() -> None:
    X, y = make_classification(9_000, 30, n_informative=12, flip_y=0.05, random_state=0)
    forest = RandomForestClassifier(100, max_depth=14, random_state=0, n_jobs=2).fit(X, y)
    forest.set_params(n_jobs=1)
    nodes = sum(tree.tree_.node_count for tree in forest.estimators_)
    pickled = len(pickle.dumps(forest))
    schema = infer(X[:500])

    def export() -> bytes:
        graph = Graph()
        outputs = lower_outputs(graph.export(forest, schema.graph_input()), graph, None)
        inputs = [{"name": "x", "type": "number[30]", "nullable": False, "optional": False}]
        return bare_package(graph.nodes, inputs, outputs)

    exporting, package = timed(export)
    loading, _ = timed(lambda: Engine(package))
    whole, proved = timed(lambda: pack(forest, X[:500]), rounds=1)
    size = len(proved.bytes)
    print(f"forest: 100 trees, {nodes:,} nodes; pickle {pickled / 1e6:.2f} MB")
    print(f"  package   {size / 1e6:7.2f} MB, {size / pickled:.2f} of the pickle")
    print(f"  export    {1e3 * exporting:7.1f} ms; with its proof on 500 rows {whole:.1f} s")
    print(f"  load      {1e3 * loading:7.1f} ms")
    hashing, validating, layout, every = load_parts(package)
    speed = len(package) / validating / 1e6
    print(f"  SHA-256   {hashing:7.1f} ms, twice over the bytes")
    print(f"  validate  {validating:7.1f} ms, {speed:.2f} GB/s")
    print(f"  layouts   {layout:7.1f} ms for the default outputs, {every:.1f} ms for every output")


def timed(run: Callable[[], Any], rounds: int = ROUNDS) -> tuple[float, Any]:
    """Median of the CPU seconds of `run`, and what it gave."""
    took = []
    for _ in range(rounds):
        start = time.process_time()
        result = run()
        took.append(time.process_time() - start)
    return statistics.median(took), result


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
