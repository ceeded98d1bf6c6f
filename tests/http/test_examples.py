"""The clients of examples/clients and the commands of the docs, against a real server."""

from __future__ import annotations

import json
import pathlib
import re
import shutil
import subprocess

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


@pytest.fixture
def expected(packed):
    return packed.scorer.predict_proba([ROW]).tolist()[0]


def test_go_scores_a_row(server, expected):
    printed = run(needs("go"), "run", CLIENTS / "score.go", server.url, MODEL)
    score, version, _ = printed.split()
    assert float(score) in expected
    assert version == "v1"


def test_java_scores_a_row(server, expected):
    printed = run(needs("java"), CLIENTS / "Score.java", server.url, MODEL)
    assert json.loads(printed)["score"] in expected


def commands_of(page: str) -> list[str]:
    """The shell blocks of a page that talk to a server and nothing else."""
    blocks = re.findall(
        r"<!-- run -->\n```sh\n(.*?)```", (ROOT / "docs" / page).read_text(), re.DOTALL
    )
    assert blocks, f"docs/{page} has no command to run"
    return blocks


@pytest.mark.parametrize("page", ["http-api.md"])
def test_the_commands_of_the_page_work(server, page):
    for block in commands_of(page):
        script = block.replace("http://127.0.0.1:8080", server.url)
        printed = run("bash", "-euo", "pipefail", "-c", script)
        for line in printed.splitlines():
            assert "error" not in json.loads(line)
