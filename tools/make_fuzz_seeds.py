"""Writes seeds of the package fuzzer: small packages of real models that use every operator.

    python tools/make_fuzz_seeds.py

tests/hostile/seeds.cc holds the ones that are written by hand. For the operators that those lack
the smallest packages among the parity cases are kept, without golden rows. Fitted numbers differ in
the last bits between machines, so what is kept is kept: run this after adding an operator.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT / "fuzz" / "corpus" / "package_fuzz"
BY_HAND = ROOT / "tests" / "hostile" / "seeds.cc"
sys.path.insert(0, str(ROOT / "tests"))


def main() -> None:
    from bascule.answers import lower_outputs
    from bascule.assemble import bare_package, input_entry, reachable, used_columns
    from bascule.export import Graph
    from bascule.schema import infer
    from parity import coverage
    from parity.cases import CASES

    names = set(re.findall(r'"(\w+)"', BY_HAND.read_text(encoding="utf-8")))
    wanted = coverage.operators() - names
    found: list[tuple[int, str, set[str], bytes]] = []
    for case in CASES:
        schema, graph = infer(case.sample.X), Graph()
        outputs = lower_outputs(graph.export(case.fitted, schema.enter(graph)), graph, None)
        nodes = reachable(graph.nodes, [output.value for output in outputs])
        operators = {node.op for node in nodes} & wanted
        if operators:
            columns = [schema.columns[i] for i in used_columns(nodes, schema.columns)]
            package = bare_package(nodes, [input_entry(c) for c in columns], outputs)
            found.append((len(package), type(case.fitted).__name__, operators, package))
    for old in CORPUS.glob("model_*.bascule"):
        old.unlink()
    while wanted:
        size, name, operators, package = min(
            (entry for entry in found if entry[2] & wanted),
            key=lambda entry: entry[0] / len(entry[2] & wanted),
        )
        new = sorted(operators & wanted)
        (CORPUS / f"model_{new[0]}.bascule").write_bytes(package)
        print(f"{size:7} bytes  {name}: {', '.join(new)}")
        wanted -= operators


if __name__ == "__main__":
    main()
