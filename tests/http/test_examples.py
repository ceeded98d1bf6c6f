"""The clients of examples/clients and the commands of the docs, against a real server."""

from __future__ import annotations

import json
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLIENTS = ROOT / "examples" / "clients"
MODEL = "fraud/charge"
ROW = {"amount": 120.5, "age": 33, "country": "DE"}


def run(*command: str | pathlib.Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def needs(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed here: its example was not run")
    return found


def run_go(face: str, server) -> str:
    return run(needs("go"), "run", CLIENTS / "client.go", face, server.url, MODEL)


def run_java(face: str, server) -> str:
    return run(needs("java"), CLIENTS / "Client.java", face, server.url, MODEL)


@pytest.fixture
def expected(packed):
    return packed.scorer.predict_proba([ROW]).tolist()[0]


def test_go_scores_a_row(server, expected):
    printed = run_go("score", server)
    score, version, _ = printed.split()
    assert float(score) in expected
    assert version == "v1"


def test_go_sends_tensors(server, expected):
    printed = run_go("infer", server)
    [line] = [line for line in printed.splitlines() if line.startswith("predict_proba ")]
    shape, values = re.findall(r"\[([^]]*)\]", line)
    assert shape == "1 2"
    assert [float(value) for value in values.split()] == expected


def test_go_asks_as_mlflow(server, expected):
    printed = run_go("invoke", server)
    assert json.loads(printed)["predict_proba"] == expected


def test_java_scores_a_row(server, expected):
    printed = run_java("score", server)
    assert json.loads(printed)["score"] in expected


def test_java_sends_tensors(server, expected):
    printed = run_java("infer", server)
    [output] = [one for one in json.loads(printed)["outputs"] if one["name"] == "predict_proba"]
    assert output["data"] == expected


def test_java_asks_as_mlflow(server, expected):
    printed = run_java("invoke", server)
    assert json.loads(printed)["predictions"][0]["predict_proba"] == expected


def blocks_of(page: str, language: str) -> list[str]:
    """The blocks of a page that ask a server and nothing else."""
    text = (ROOT / "docs" / page).read_text()
    blocks = re.findall(rf"<!-- run -->\n```{language}\n(.*?)```", text, re.DOTALL)
    assert blocks, f"docs/{page} has no {language} to run"
    return blocks


PAGES = pytest.mark.parametrize("page", ["scoring.md", "oip.md", "adapters.md"])


@PAGES
def test_the_commands_of_the_page_work(server, page):
    for block in blocks_of(page, "sh"):
        # Each command's answer on a line of its own.
        script = block.replace("127.0.0.1:8080", f"127.0.0.1:{server.port}")
        script = script.replace("curl -s", "echo; curl -s")
        answers = run("bash", "-euo", "pipefail", "-c", script).split("\n")[1:]
        assert len(answers) == script.count("curl")
        for answer in answers:
            assert "error" not in json.loads(answer)


@PAGES
def test_the_python_of_the_page_works(server, page, expected):
    pytest.importorskip("tritonclient.http", reason="tritonclient is in the extra `test`")
    for block in blocks_of(page, "python"):
        program = block.replace("127.0.0.1:8080", f"127.0.0.1:{server.port}")
        printed = run(sys.executable, "-c", program)
        assert any(f"{value:.8f}"[:8] in printed for value in expected), printed
