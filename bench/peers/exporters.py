"""Which classes export, and how exactly: Bascule and skl2onnx with ONNX Runtime, side by side.

    .venv/bin/python bench/peers/exporters.py [WORD]

Every case of the parity suite (those whose name contains WORD) is fitted once and asked of both.
The peers live in an environment of their own (build/peers), which the first run makes. Ours is what
the parity suite holds: exported, and equal within the bound; here the export is repeated, not the
proof. Theirs runs on the case's own rows: as float64 where a graph can, else as float32.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import sys
import warnings
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import environment

SECONDS = 8  # skl2onnx searches without end on some trees
_SAME, _CLOSE = 1e-12, 1e-5  # relative to the largest answer
OUTCOMES = ("same", "close", "WRONG", "missing", "fails")


def main() -> None:
    if Path(sys.prefix) != environment.FOLDER:
        run_among_peers()
    sys.path.insert(0, str(environment.ROOT / "tests"))
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    from parity.cases import CASES

    seen: dict[str, Counter[str]] = defaultdict(Counter)
    ours: Counter[str] = Counter()
    for case in CASES:
        if word in str(case):
            name = type(case.estimator).__name__
            ours[name] += exported(case)
            seen[name][bounded(case)] += 1
    print(f"{'class':32} {'cases':>5} {'Bascule':>8}   skl2onnx: {'  '.join(OUTCOMES)}")
    for name in sorted(seen):
        counts = "  ".join(f"{seen[name][what]:{len(what)}}" for what in OUTCOMES)
        print(f"{name:32} {seen[name].total():5} {ours[name]:8}             {counts}")
    everything = sum(seen.values(), Counter())
    counts = "  ".join(f"{everything[what]:{len(what)}}" for what in OUTCOMES)
    print(f"{'all':32} {everything.total():5} {ours.total():8}             {counts}")
    whole = [name for name, found in seen.items() if found["same"] == found.total()]
    print(f"classes whose every case is the same to {_SAME:g}: {len(whole)} of {len(seen)}")


def run_among_peers() -> None:
    """Starts this script again in the environment of the peers."""
    environment.ensure()
    import bascule

    package = environment.FOLDER / "path" / "bascule"
    package.parent.mkdir(exist_ok=True)
    package.unlink(missing_ok=True)
    package.symlink_to(Path(bascule.__file__).parent)
    variables = {**os.environ, **environment.VARIABLES, "PYTHONPATH": str(package.parent)}
    os.execve(environment.PYTHON, [str(environment.PYTHON), *sys.argv], variables)


def exported(case: Any) -> bool:
    """Whether Bascule's exporter carries the case."""
    from bascule.export import Graph
    from bascule.schema import infer

    Graph().export(case.fitted, infer(case.sample.X).graph_input())
    return True


def bounded(case: Any) -> str:
    """The outcome of skl2onnx on a case, in a process that is ended when it takes too long."""
    found: Any = multiprocessing.Queue()
    process = multiprocessing.get_context("fork").Process(
        target=lambda: found.put(outcome(case)), daemon=True
    )
    process.start()
    process.join(SECONDS)
    if process.is_alive():
        process.kill()
        return "fails"
    return found.get() if process.exitcode == 0 else "fails"


def outcome(case: Any) -> str:
    """same, close, WRONG, missing (no such method) or fails, of the worst method."""
    warnings.simplefilter("ignore")
    worst = "same"
    for method in ("predict", "predict_proba", "decision_function", "transform", "score_samples"):
        if not hasattr(case.fitted, method):
            continue
        if method == "decision_function" and hasattr(case.fitted, "predict_proba"):
            continue  # a graph of a classifier gives one of the two
        try:
            theirs = onnx_answer(case, method)
        except Exception:  # whatever it raises, there is no answer
            return "fails"
        worst = max(worst, judged(theirs, getattr(case.fitted, method)(case.sample.X)),
                    key=OUTCOMES.index)  # fmt: skip
    return worst


def judged(theirs: Any, python: Any) -> str:
    import numpy as np

    if theirs is None:
        return "missing"
    python = np.asarray(python.toarray() if hasattr(python, "toarray") else python)
    if python.dtype.kind not in "fiub":
        return "same" if (np.ravel(theirs) == np.ravel(python)).all() else "WRONG"
    theirs = np.asarray(theirs, np.float64).reshape(len(python), -1)
    python = python.astype(np.float64).reshape(len(python), -1)
    if theirs.shape != python.shape:
        return "WRONG"
    apart = np.abs(theirs - python)
    apart[np.isnan(theirs) & np.isnan(python)] = 0
    apart = np.nan_to_num(apart, nan=np.inf) / max(1e-300, np.nanmax(np.abs(python)))
    return "same" if apart.max() <= _SAME else "close" if apart.max() <= _CLOSE else "WRONG"


def onnx_answer(case: Any, method: str) -> Any:
    """What ONNX Runtime gives for `method`; None when the graph has no such output."""
    last: Exception = ValueError("not tried")
    # The columns of a frame go to a graph one by one or as one matrix: whichever works.
    for float64, apart in ((True, True), (False, True), (True, False), (False, False)):
        try:
            answers = onnx_run(case, float64, apart)
            break
        except Exception as error:
            last = error
    else:
        raise last
    names = {
        "predict": ("label", "output_label", "variable", "predictions"),
        "predict_proba": ("probabilities", "output_probability"),
        "decision_function": ("scores", "probabilities"),
        "transform": ("variable", "transformed_column", "scores"),
        "score_samples": ("score_samples",),
    }[method]
    return next((answers[name] for name in names if name in answers), None)


def onnx_run(case: Any, float64: bool, apart: bool) -> dict[str, Any]:
    import numpy as np
    import onnxruntime

    register_boosters()
    from skl2onnx import to_onnx
    from sklearn.base import is_classifier

    X = case.sample.X
    types, feeds = onnx_inputs(X if apart else np.asarray(X), float64)
    options: dict[int, Any] = {}
    if is_classifier(case.fitted):
        options = {id(case.fitted): {"zipmap": False}}
    model = to_onnx(case.fitted, initial_types=types, options=options,
                    target_opset={"": 18, "ai.onnx.ml": 3})  # fmt: skip
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, feeds), strict=True))


def register_boosters() -> None:
    """onnxmltools' converters, for boosters inside a pipeline."""
    from onnxmltools.convert.lightgbm.operator_converters.LightGbm import convert_lightgbm
    from onnxmltools.convert.xgboost.operator_converters.XGBoost import convert_xgboost
    from skl2onnx import update_registered_converter
    from skl2onnx.common import shape_calculator as shapes

    classes = shapes.calculate_linear_classifier_output_shapes
    numbers = shapes.calculate_linear_regressor_output_shapes
    options = {"nocl": [True, False], "zipmap": [True, False, "columns"]}
    for library, convert in (("xgboost", convert_xgboost), ("lightgbm", convert_lightgbm)):
        try:
            module = importlib.import_module(library)
        except ModuleNotFoundError:
            continue
        prefix = {"xgboost": "XGB", "lightgbm": "LGBM"}[library]
        for kind, shape, known in (("Classifier", classes, options), ("Regressor", numbers, {})):
            booster = getattr(module, prefix + kind)
            name = f"Bascule{prefix}{kind}"
            update_registered_converter(booster, name, shape, convert, options=known)


def onnx_inputs(X: Any, float64: bool) -> tuple[list[Any], dict[str, Any]]:
    import numpy as np
    from skl2onnx.common import data_types as onnx_types

    real = np.float64 if float64 else np.float32
    real_type = onnx_types.DoubleTensorType if float64 else onnx_types.FloatTensorType
    if hasattr(X, "columns"):
        types, feeds = [], {}
        for name in X.columns:
            values = X[name].to_numpy()
            if values.dtype.kind in "fiu":
                types.append((name, real_type([None, 1])))
                feeds[name] = values.astype(real).reshape(-1, 1)
            else:
                types.append((name, onnx_types.StringTensorType([None, 1])))
                feeds[name] = values.astype(object).reshape(-1, 1)
        return types, feeds
    if isinstance(X, np.ndarray) and X.dtype.kind in "fiub":
        return [("X", real_type([None, X.shape[1]]))], {"X": X.astype(real)}
    texts = np.array(list(X), object).reshape(len(X), -1)
    return [("X", onnx_types.StringTensorType([None, texts.shape[1]]))], {"X": texts}


if __name__ == "__main__":
    main()
