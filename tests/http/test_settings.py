"""The server's settings: a flag before the environment before a file before the default."""

from __future__ import annotations

import os
import pathlib
import subprocess

import pytest


def config(
    folder: pathlib.Path, *arguments: str, **environment: str
) -> subprocess.CompletedProcess:
    return subprocess.run(
        [os.environ["BASCULE_BINARY"], "config", *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, **environment},
        check=False,
    )


def test_the_nearest_source_wins(tmp_path):
    (tmp_path / "b.toml").write_text('# ours\nloops = 3\nlog-level = "warn"\nterse-errors = true\n')
    done = config(
        tmp_path,
        "--config=b.toml",
        "--loops=5",
        "--explain",
        BASCULE_LOG_LEVEL="error",
        BASCULE_DATA="/var/lib/b",
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    sources = {
        setting.split(" = ")[0]: (setting.split(" = ")[1], comment.rsplit("; from ", 1)[1])
        for comment, setting in zip(lines[::2], lines[1::2], strict=True)
    }
    assert sources["loops"] == ("5", "--loops")
    assert sources["log-level"] == ('"error"', "BASCULE_LOG_LEVEL")
    assert sources["data"] == ('"/var/lib/b"', "BASCULE_DATA")
    assert sources["terse-errors"] == ("true", "b.toml line 4")
    assert sources["listen"] == ('"127.0.0.1:8080"', "default")


def test_what_it_prints_is_a_file_that_it_takes(tmp_path):
    first = config(tmp_path, '--data=a "b" \\c', "--loops=7", "--terse-errors")
    (tmp_path / "again.toml").write_text(first.stdout)
    again = config(tmp_path, BASCULE_CONFIG="again.toml")
    assert again.stdout == first.stdout != config(tmp_path).stdout


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lops = 3", ("line 1", "'lops'", "loops")),
        ("\nloops = 99", ("line 2", "--loops", "1 to 64")),
        ('loops = "many"', ("line 1", "--loops")),
        ("loops = [1]", ("line 1", "'loops'", "whole number")),
        ("loops = ", ("line 1",)),
        ('terse-errors = "perhaps"', ("--terse-errors",)),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path, text, words):
    (tmp_path / "b.toml").write_text(text)
    done = config(tmp_path, "--config", "b.toml")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert all(word in done.stderr for word in ("b.toml", *words)), done.stderr


def test_a_file_that_is_not_there_and_a_bad_variable_are_named(tmp_path):
    assert "none.toml" in config(tmp_path, "--config", "none.toml").stderr
    (tmp_path / "folder").mkdir()
    assert "folder is a folder" in config(tmp_path, "--config", "folder").stderr
    assert "BASCULE_LOOPS" in config(tmp_path, BASCULE_LOOPS="x").stderr


def test_serve_takes_the_file(start_server, tmp_path):
    (tmp_path / "b.toml").write_text("terse-errors = true\n")
    server = start_server(tmp_path, "--config", str(tmp_path / "b.toml"))
    answer = server.request("POST", "/v1/models/fraud/none/score", {"row": {}})
    assert answer.status == 404
    assert "fraud/none" not in answer.body.decode()
