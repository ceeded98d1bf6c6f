"""Tokens over real wires: HTTP/1.1, HTTP/2, gRPC, the command line and the Python client."""

from __future__ import annotations

import datetime
import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import time

import bascule
import pytest
from service import Server

MODEL = "fraud/charge"
TEST_FOLDER = pathlib.Path(__file__).parent


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory, packed):
    """A server with tokens, one of each role, and a live model."""
    server = Server(tmp_path_factory.mktemp("guarded"), "--tokens")
    server.admin = server.admin_file.read_text().strip()
    server.client = bascule.Client(server.url, token=server.admin, actor="mallory")
    roles = ["viewer", "scorer", "publisher", "promoter", "operator", "admin"]
    server.tokens = {
        role: server.client.create_token(f"the-{role}", role)["token"] for role in roles
    }
    server.client.create(MODEL, kind="yes/no", owner="risk")
    server.client.tag(MODEL, "production", server.client.push(packed.package))
    yield server
    assert server.stop() == 0, server.log_path.read_text()


def score(server, token: str | None, row: object) -> object:
    headers = bearer(token) if token else {}
    return server.request("POST", f"/v1/models/{MODEL}/score", {"row": row}, **headers)


def test_the_first_admin_is_written_for_the_owner_alone_and_the_log_says_where(guarded):
    assert stat.S_IMODE(guarded.admin_file.stat().st_mode) == 0o600
    log = guarded.log_path.read_text()
    assert str(guarded.admin_file) in log
    assert guarded.admin not in log


def test_no_secret_is_in_the_data_folder_but_in_that_file(guarded):
    for path in guarded.admin_file.parent.rglob("*"):
        if path.is_file() and path != guarded.admin_file:
            data = path.read_bytes()
            for token in [guarded.admin, *guarded.tokens.values()]:
                assert token.encode() not in data, path


def test_without_a_token_it_says_what_to_send(guarded, packed):
    answer = score(guarded, None, packed.rows[0])
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="bascule"'
    assert answer.json["code"] == "unauthorized"
    assert "Authorization: Bearer" in answer.json["error"]
    answer = score(guarded, "bascule_" + "0" * 64, packed.rows[0])
    assert answer.status == 401
    assert answer.headers["www-authenticate"].endswith('error="invalid_token"')


def test_health_needs_none(guarded):
    for path in ("/v1/health/live", "/v1/health/ready", "/v2/health/ready", "/ping"):
        assert guarded.request("GET", path).status == 200, path
    assert guarded.request("GET", "/metrics").status == 401


def test_a_role_may_do_what_those_before_it_may(guarded, packed):
    assert score(guarded, guarded.tokens["scorer"], packed.rows[0]).status == 200
    assert score(guarded, guarded.tokens["admin"], packed.rows[0]).status == 200
    answer = score(guarded, guarded.tokens["viewer"], packed.rows[0])
    assert answer.status == 403
    assert answer.json["error"] == "this needs the role scorer, and the-viewer is viewer"


def test_the_history_names_the_principal_whatever_the_header_says(guarded):
    client = bascule.Client(guarded.url, token=guarded.tokens["publisher"], actor="mallory")
    client.tag(MODEL, "candidate/same", "v1")
    assert client.history(MODEL)["events"][-1]["actor"] == "the-publisher"
    with pytest.raises(bascule.ServerError) as refused:
        client.rollback(MODEL)
    assert refused.value.status == 403


def test_a_revoked_token_lets_nobody_in_on_a_connection_that_it_opened(guarded, packed):
    made = guarded.client.create_token("short", "scorer")
    body = {"row": packed.rows[0]}
    path = f"/v1/models/{MODEL}/score"
    with guarded.connect() as connection:
        assert connection.request("POST", path, body, bearer(made["token"])).status == 200
        guarded.client.revoke_token(made["id"])
        answer = connection.request("POST", path, body, bearer(made["token"]))
    assert answer.status == 401
    assert "was revoked" in answer.json["error"]
    listed = {token["id"]: token for token in guarded.client.tokens()}
    assert listed[made["id"]]["state"] == "revoked"
    assert listed[made["id"]]["revoked_by"] == "admin"
    assert listed[made["id"]]["last_used"] == time.strftime("%Y-%m-%d", time.gmtime())


def test_a_token_expires(guarded, packed):
    soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=2)
    token = guarded.client.create_token("soon", "scorer", expires_at=soon)["token"]
    assert score(guarded, token, packed.rows[0]).status == 200
    while score(guarded, token, packed.rows[0]).status == 200:
        assert datetime.datetime.now(datetime.UTC) < soon + datetime.timedelta(seconds=5)
    assert "expired" in score(guarded, token, packed.rows[0]).json["error"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "x"},
        {"name": "x", "role": "king"},
        {"name": "x", "role": "none"},
        {"name": "a b", "role": "viewer"},
        {"name": "local", "role": "viewer"},
        {"name": "x", "role": "viewer", "expires_at": "2020-01-01T00:00:00Z"},
        {"name": "x", "role": "viewer", "token": "mine"},
    ],
)
def test_a_token_that_makes_no_sense_is_refused(guarded, body):
    answer = guarded.request("POST", "/v1/tokens", body, **bearer(guarded.admin))
    assert answer.status == 400, answer.body


def test_a_stranger_s_large_body_is_not_read(guarded):
    with guarded.connect() as connection:
        connection.send(
            f"POST /v1/models/{MODEL}/versions HTTP/1.1\r\nHost: x\r\n"
            "Content-Length: 1000000000\r\n\r\n".encode()
        )
        answer = connection.read()
        assert answer is not None
        assert answer.status == 401
        assert answer.headers["connection"] == "close"


def test_http2_takes_the_same_tokens(guarded):
    def curl(*arguments: str) -> str:
        return subprocess.run(
            [shutil.which("curl"), "-s", "--http2-prior-knowledge", "-w", "%{http_code}",
             "-o", os.devnull, *arguments, f"{guarded.url}/v1/models"],
            check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip

    assert curl() == "401"
    assert curl("-H", f"Authorization: Bearer {guarded.tokens['viewer']}") == "200"


def test_grpc_takes_them_as_metadata(guarded, tmp_path):
    spec = {
        "address": f"127.0.0.1:{guarded.port}",
        "folder": str(tmp_path),
        "tokens": {"none": "", "wrong": "bascule_" + "1" * 64, **guarded.tokens},
    }
    script = TEST_FOLDER / "secured_grpc_client.py"
    done = subprocess.run(
        [sys.executable, script, json.dumps(spec)], check=True, capture_output=True, text=True
    )
    answers = json.loads(done.stdout)
    for name in ("none", "wrong"):
        assert answers[name] == {
            "live": "OK", "metadata": "UNAUTHENTICATED", "infer": "UNAUTHENTICATED",
        }  # fmt: skip
    assert answers["viewer"] == {"live": "OK", "metadata": "OK", "infer": "PERMISSION_DENIED"}
    assert answers["scorer"] == {"live": "OK", "metadata": "OK", "infer": "NOT_FOUND"}


def test_the_command_line_makes_lists_and_revokes(guarded):
    def run(*arguments: str, token: str = guarded.admin) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [os.environ["BASCULE_BINARY"], "token", *arguments],
            capture_output=True,
            text=True,
            env={**os.environ, "BASCULE_URL": guarded.url, "BASCULE_TOKEN": token},
        )

    made = run("create", "--name", "shop", "--role", "scorer", "--expires", "90d")
    assert made.returncode == 0, made.stderr
    secret = made.stdout.strip()
    assert secret.startswith("bascule_")
    assert secret not in made.stderr
    listed = run("list")
    row = next(line for line in listed.stdout.splitlines() if "shop" in line)
    assert "scorer" in row
    assert "active" in row
    assert secret not in listed.stdout
    assert run("list", token=secret).returncode == 1
    revoked = run("revoke", row.split()[0])
    assert revoked.stdout.startswith("revoked token")
    assert "was revoked" in run("list", token=secret).stderr
    assert run("create", "--name", "x", "--role", "king").returncode == 2


def test_a_listener_for_others_needs_tls_besides_tokens(tmp_path):
    def serve(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [os.environ["BASCULE_BINARY"], "serve", "--data", str(tmp_path / "data"),
             "--listen", "0.0.0.0:0", *arguments],
            capture_output=True, text=True, timeout=30,
        )  # fmt: skip

    assert "without TLS:" in serve("--tokens").stderr
    assert not (tmp_path / "data" / "admin.token").exists()
