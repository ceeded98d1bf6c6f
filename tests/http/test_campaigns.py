"""Long runs under load (`make test-slow`): swaps, and a soak with everything that goes wrong.

BASCULE_SWAPS=1000 and BASCULE_SOAK_SECONDS=600 are the full length.
"""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import random
import subprocess
import tempfile
import time
from collections.abc import Iterator
from typing import Any

import bascule
import pytest
from conftest import MODEL, Packed, frame
from service import Connection, Server
from sklearn.base import clone

SWAPS = int(os.environ.get("BASCULE_SWAPS", "200"))
SOAK_S = float(os.environ.get("BASCULE_SOAK_SECONDS", "180"))
SCORE = f"/v1/models/{MODEL}/score"
TAG = f"/v1/models/{MODEL}/tags/production"
GOOD = {"amount": 1.5, "age": 30, "country": "DE"}

pytestmark = pytest.mark.slow


def head(length: int) -> bytes:
    return f"POST {SCORE} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n".encode()


@contextlib.contextmanager
def load(port: int, body: Any, *words: str) -> Iterator[dict[str, Any]]:
    """Loads the server by bench/load.cc; behind the block the dict holds what was counted."""
    program = pathlib.Path(os.environ["BASCULE_BINARY"]).with_name("bench_load")
    if not program.exists():
        pytest.skip(f"{program} is not built")
    data = json.dumps(body).encode()
    counted: dict[str, Any] = {}
    with tempfile.NamedTemporaryFile() as file:
        file.write(head(len(data)) + data)
        file.flush()
        command = [str(program), str(port), file.name, *words]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                yield counted
            except BaseException:
                process.kill()
                raise
            assert process.stdout is not None
            counted.update(json.loads(process.stdout.read()))


@pytest.fixture
def two_versions(
    tmp_path: pathlib.Path, packed: Packed, start_server: Any
) -> tuple[Server, dict[str, float]]:
    """A server with two versions that score GOOD differently, and what Python says by digest."""
    data = frame()
    model = clone(packed.model).set_params(logisticregression__C=0.01)
    other = bascule.pack(model.fit(data, data["age"] < 50), data, name=MODEL)
    running = start_server(tmp_path)
    running.client.create(MODEL, kind="yes/no", owner="risk")
    golden = {}
    for package in (other, packed.package):
        running.client.tag(MODEL, "production", running.client.push(package), force=True,
                           reason="a campaign begins")  # fmt: skip
        path = tmp_path / "golden.bascule"
        package.save(path)
        golden[package.digest] = bascule.load(path).predict_proba([GOOD])[0, 1]
    assert len(set(golden.values())) == 2
    return running, golden


def swap(connection: Connection, turn: int) -> None:
    etag = connection.request("GET", TAG).headers["etag"]
    body = {"version": f"v{1 + turn % 2}", "force": True, "reason": "a campaign"}
    answer = connection.request("PUT", TAG, body, {"If-Match": etag})
    assert answer.status == 200, answer.json


def test_every_answer_of_a_thousand_swaps_is_its_versions_own(two_versions):
    server, golden = two_versions
    with (
        load(server.port, {"row": GOOD}, "8", "3600", "--count", str(SWAPS * 1000), "--bodies")
        as counted,
        server.connect() as connection,
    ):  # fmt: skip
        for turn in range(SWAPS):
            swap(connection, turn)
    assert counted["lost"] == 0
    assert set(counted["answers"]) == {"200"}
    answers = [json.loads(body) for body in counted["bodies"]]
    assert {answer["digest"] for answer in answers} == set(golden)
    for answer in answers:
        assert answer["score"] == golden[answer["digest"]], answer


def test_a_soak_leaves_memory_and_files_as_they_were(two_versions):
    """Good rows all the time; beside them swaps, bad rows, broken bodies and callers who leave."""
    server, _ = two_versions
    dice = random.Random(7)

    def disturb() -> None:
        with server.connect() as connection:
            swap(connection, dice.randrange(2))
            assert connection.request("POST", SCORE, {"row": {"age": "old"}}).status == 422
            assert connection.request("POST", SCORE, b'{"row":').status == 400
        with server.connect() as leaving:
            leaving.send(head(99) + b"{")
        with server.connect() as leaving:
            rows = json.dumps({"rows": [{"row": GOOD}] * 2000}).encode()
            leaving.send(head(len(rows)) + rows)

    proc = pathlib.Path(f"/proc/{server.process.pid}")

    def held() -> tuple[float, int]:
        pages = int((proc / "statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20, len(list((proc / "fd").iterdir()))

    measured: list[tuple[float, float, int]] = []
    with load(server.port, {"row": GOOD}, "4", str(SOAK_S), "--rate", "2000") as counted:
        begin = time.monotonic()
        while time.monotonic() - begin < SOAK_S:
            disturb()
            time.sleep(0.2)
            measured.append((time.monotonic() - begin, *held()))
    assert counted["lost"] == 0
    assert set(counted["answers"]) == {"200"}
    half = [each for each in measured if each[0] > SOAK_S / 2]  # the first half warms up
    early, late = half[: len(half) // 2], half[len(half) // 2 :]
    grown = min(mib for _, mib, _ in late) - min(mib for _, mib, _ in early)
    hours = SOAK_S / 4 / 3600
    print(f"RSS {measured[-1][1]:.1f} MiB, grown {grown:.2f} MiB in {hours * 60:.1f} minutes")
    # What one swap or one transaction of the log holds for a moment is no growth.
    assert grown <= max(1.0, hours), "memory grows"
    assert max(fds for _, _, fds in late) <= max(fds for _, _, fds in early) + 2, "files stay open"
