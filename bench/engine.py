"""The engine and its peers, model by model: the table of bench/results/engine.md and the README's.

    .venv/bin/python bench/engine.py [WORD]

With a WORD only the models whose name contains it, and no file is written. How it is measured:
peers/compare.py. The peers live in an environment of their own, build/peers, which the first run
makes.
"""

from __future__ import annotations

import datetime
import re
import sys
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

import numpy as np
from models import forests, others
from peers import environment
from peers.compare import Case, Line, Load, commit, compare, machine, print_head, print_line

RESULTS = Path(__file__).with_name("results") / "engine.md"
README = environment.ROOT / "README.md"
CASES: dict[str, Case] = {**forests.CASES, **others.CASES}
LIBRARIES = ("scikit-learn", "lightgbm", "xgboost-cpu", "catboost")
# What the README shows of it: a line for each of these, against its strongest peer.
SHOWN = (
    "LightGBM 100 x 31",
    "LightGBM 500 x 255",
    "XGBoost 100 x depth 6",
    "HistGradientBoosting 500 x 255",
    "RandomForest 200, unlimited",
    "CatBoost 100 x depth 6",
    "scaler + logistic, 50",
    "TF-IDF 50k + logistic",
    "KNN 10k x 20, kd_tree",
    "SVC rbf, 30 columns",
    "MLP 50-100-50-1",
)


def main() -> None:
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    environment.ensure()
    lines: list[Line] = []
    loads: list[Load] = []
    print_head()
    for name, case in CASES.items():
        if word not in name:
            continue
        for found in compare(name, case):
            if isinstance(found, Load):
                loads.append(found)
                print(found, flush=True)
            else:
                lines.append(found)
                print_line(found)
    missed = [line for line in lines if line.verdict == "MISSED"]
    goals = sum(line.verdict != "" for line in lines)
    print(f"goals: {goals - len(missed)} of {goals} met")
    if not word:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text("\n".join(report(lines, loads)) + "\n")
        README.write_text(with_performance(README.read_text(), lines))


def report(lines: Iterable[Line], loads: Iterable[Load]) -> Iterable[str]:
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    yield "# The engine and its peers"
    yield ""
    yield f"Written by `make bench` on {datetime.date.today()}, at {commit()}."
    yield f"{machine()}, shared with others."
    yield f"{versions}; {', '.join(environment.PINS)}."
    yield ""
    yield "CPU microseconds a row in one thread, on rows that differ: the least median of three"
    yield "rounds that alternate, and the greatest. A peer is called from Python unless its name"
    yield "says C; at a batch of 1 that is mostly Python's time: `bench/peers/compare.py`."
    yield ""
    yield "| model | batch | peer | ours | theirs | ratio | goal | |"
    yield "|---|--:|---|--:|--:|--:|--:|---|"
    for line in lines:
        cells = [line.case, str(line.batch), line.peer, span(line.ours, 3)]
        if line.theirs:
            goal = "" if line.goal is None else f"{line.goal:.4g}"
            cells += [span(line.theirs, 2), f"{line.ratio:.1f}x", goal, line.verdict]
        else:
            cells += ["-", "", "", line.note.replace("|", "/")]
        yield "| " + " | ".join(cells) + " |"
    yield ""
    yield "| loading | MB | SHA-256, ms | validation | layouts | all | goal |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for load in loads:
        parts = (load.megabytes, load.sha256, load.validate, load.layouts, load.total)
        numbers = " | ".join(f"{part:.1f}" for part in parts)
        yield f"| {load.case} | {numbers} | {load.goal:g} |"


def span(rounds: list[float], digits: int) -> str:
    return f"{min(rounds):.{digits}f} - {max(rounds):.{digits}f}"


def with_performance(readme: str, lines: list[Line]) -> str:
    """The README with the table between its two marks written anew."""
    table = [
        f"{machine()}, one thread, CPU time; [all of it](bench/results/engine.md).",
        "",
        "| model | one row, us | 1024 rows, us a row | times faster than |",
        "|---|--:|--:|---|",
    ]
    for name in SHOWN:
        of_model = [line for line in lines if line.case == name and line.theirs]
        ours = {line.batch: min(line.ours) for line in of_model}
        best = {
            batch: min((line for line in of_model if line.batch == batch), key=lambda x: x.ratio)
            for batch in (1, 1024)
        }
        peers = "; ".join(
            f"{line.peer} {line.ratio:.1f} ({'1 row' if batch == 1 else '1024'})"
            for batch, line in best.items()
        )
        table.append(f"| {name} | {ours[1]:.2f} | {ours[1024]:.2f} | {peers} |")
    marks = r"(<!-- performance -->\n).*?(\n<!-- /performance -->)"
    return re.sub(marks, lambda m: m[1] + "\n".join(table) + m[2], readme, flags=re.DOTALL)


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
