"""TLS with real clients: curl, Python's ssl, grpcio, the command line and the Python client."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

import bascule
import pytest
from certificates import Authority
from service import Connection, Server, check_that_a_stop_answers_what_has_begun

MODEL = "fraud/charge"
GOOD = {"amount": 1.5, "age": 30, "country": "DE"}
SCORE = f"/v1/models/{MODEL}/score"
TEST_FOLDER = pathlib.Path(__file__).parent


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def other_authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("other"), "other")


def tls_server(start, folder, authority, packed, *arguments, context=None):
    """A server on files of its own, which a test may replace."""
    certificate, key = authority.sign("server")
    files = folder / "server.pem", folder / "server.key"
    shutil.copy(certificate, files[0])
    shutil.copy(key, files[1])
    server = start(
        folder, "--tls-cert", str(files[0]), "--tls-key", str(files[1]), *arguments,
        context=context or authority.context(),
    )  # fmt: skip
    server.certificate, server.key = files
    server.ca = authority.path
    token = server.admin_file.read_text().strip() if server.admin_file.exists() else None
    server.client = bascule.Client(server.url, token=token, ca_file=authority.path)
    if "--tls-client-ca" not in arguments:
        server.client.create(MODEL, kind="yes/no", owner="risk")
        server.client.tag(MODEL, "production", server.client.push(packed.package))
    return server


@pytest.fixture(scope="module")
def secured(tmp_path_factory, authority, packed):
    """With TLS and tokens."""
    folder = tmp_path_factory.mktemp("secured")
    server = tls_server(Server, folder, authority, packed, "--tokens")
    server.token = server.client.create_token("shop", "scorer")["token"]
    yield server
    assert server.stop() == 0, server.log_path.read_text()


def curl(server, authority, *arguments: str, path: str = "/v1/health/live"):
    return subprocess.run(
        ["curl", "-s", "-S", "--cacert", str(authority.path), *arguments,
         f"https://localhost:{server.port}{path}"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def metric(server, name: str, token: str | None = None) -> float:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    text = server.request("GET", "/metrics", **headers).body.decode()
    return next(float(line.split()[1]) for line in text.splitlines() if line.startswith(name + " "))


def wait_for(condition, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.05)


def raw(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=30)


@pytest.mark.parametrize(("option", "version"), [("--http1.1", "1.1"), ("--http2", "2")])
def test_curl_gets_either_protocol_by_alpn(secured, authority, option, version):
    done = curl(secured, authority, option, "-w", " %{http_version}")
    assert done.stdout == f'{{"live":true}} {version}', done.stderr


def test_a_client_without_alpn_speaks_either_protocol(secured, authority):
    done = curl(secured, authority, "--no-alpn", "--http1.1", "-w", " %{http_version}")
    assert done.stdout == '{"live":true} 1.1', done.stderr
    with secured.connect() as connection:
        assert connection.socket.selected_alpn_protocol() is None
        connection.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
        head = connection.socket.recv(9)
        assert head[3] == 4, "the answer to a preface is a SETTINGS frame"


def test_an_unknown_certificate_is_for_the_client_to_refuse(secured, other_authority):
    done = curl(secured, other_authority)
    assert done.returncode == 60


def test_a_protocol_that_nobody_speaks_is_refused(secured, authority):
    context = authority.context()
    context.set_alpn_protocols(["spdy/3"])
    with (
        pytest.raises(ssl.SSLError, match="no application protocol"),
        Connection(secured.port, context),
    ):
        pass


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1")
def test_old_versions_and_weak_ciphers_are_refused(secured, authority):
    good = authority.context()
    good.maximum_version = ssl.TLSVersion.TLSv1_2
    with Connection(secured.port, good) as connection:
        assert connection.request("GET", "/v1/health/live").status == 200
        name = connection.socket.cipher()[0]
        assert name.startswith("ECDHE"), name
        assert "GCM" in name or "CHACHA20" in name, name
    old = authority.context()
    old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    weak = authority.context()
    weak.maximum_version = ssl.TLSVersion.TLSv1_2
    weak.set_ciphers("AES128-SHA:AES256-GCM-SHA384:ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0")
    for context in (old, weak):
        with pytest.raises(ssl.SSLError), Connection(secured.port, context):
            pass


def test_scores_are_those_of_python(secured, packed):
    body = {"rows": [{"row": row} for row in packed.rows]}
    headers = {"Authorization": f"Bearer {secured.token}"}
    answer = secured.request("POST", SCORE, body, **headers)
    assert answer.status == 200
    expected = packed.scorer.run(packed.rows)["predict_proba"][:, 1]
    assert [row["score"] for row in answer.json["rows"]] == list(expected)


def test_requests_in_pieces_and_in_a_row_are_answered_in_order(secured):
    request = b"GET /v1/health/live HTTP/1.1\r\nHost: x\r\n\r\n"
    with secured.connect() as connection:
        for byte in request:
            connection.send(bytes([byte]))
        assert connection.read().status == 200
        connection.send(request * 2000)
        for _ in range(2000):
            assert connection.read().json == {"live": True}


def test_large_bodies_pass_both_ways(secured, packed):
    admin = bascule.Client(
        secured.url, token=secured.admin_file.read_text().strip(), ca_file=secured.ca
    )
    assert admin.download(MODEL, "v1") == packed.package.bytes
    rows = [{"row": {**GOOD, "amount": float(i)}} for i in range(10_000)]
    headers = {"Authorization": f"Bearer {secured.token}"}
    answer = secured.request("POST", SCORE, {"rows": rows}, **headers)
    assert answer.status == 200
    assert len(answer.json["rows"]) == 10_000


def test_a_session_is_taken_up_again(secured):
    with secured.connect() as first:
        assert first.request("GET", "/v1/health/live").status == 200  # the ticket came before it
        session = first.socket.session
    plain = socket.create_connection(("127.0.0.1", secured.port), timeout=30)
    with secured.context.wrap_socket(plain, server_hostname="localhost", session=session) as again:
        assert again.session_reused


def test_grpc_over_a_secure_channel_takes_tokens(secured, authority, tmp_path):
    spec = {
        "address": f"localhost:{secured.port}",
        "folder": str(tmp_path),
        "ca": str(authority.path),
        "tokens": {"none": "", "scorer": secured.token},
    }
    script = TEST_FOLDER / "secured_grpc_client.py"
    done = subprocess.run(
        [sys.executable, script, json.dumps(spec)], check=True, capture_output=True, text=True
    )
    answers = json.loads(done.stdout)
    assert answers["none"]["infer"] == "UNAUTHENTICATED"
    assert answers["scorer"] == {"live": "OK", "metadata": "OK", "infer": "NOT_FOUND"}


def test_who_speaks_http_is_told_to_use_https(secured):
    failed = metric(secured, "bascule_tls_failed_handshakes_total", secured.token)
    with Connection(secured.port) as connection:
        connection.send(b"GET /v1/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = connection.read()
        assert answer.status == 400
        assert "https" in answer.json["error"]
        assert connection.read() is None
    with raw(secured.port) as peer:
        peer.sendall(b"\x00\xff" * 5000)
        with contextlib.suppress(ConnectionResetError):
            while peer.recv(1 << 16):
                pass
    now = metric(secured, "bascule_tls_failed_handshakes_total", secured.token)
    assert now == failed + 2
    assert secured.alive()


def test_the_server_ends_a_connection_in_order(secured):
    """A close_notify: a client can tell the end from a cut."""
    with secured.connect() as connection:
        answer = connection.request("GET", "/v1/health/live", headers={"Connection": "close"})
        assert answer.status == 200
        # Python raises SSLEOFError for a cut.
        connection.socket.suppress_ragged_eofs = False
        assert connection.socket.recv(1) == b""


def test_a_slow_handshake_is_cut(secured):
    """After 10 s, however many bytes come meanwhile."""
    hello = ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(
        ssl.MemoryBIO(), hello, server_hostname="localhost"
    )
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    data = hello.read()
    began = time.monotonic()
    with raw(secured.port) as silent, raw(secured.port) as slow:
        slow.settimeout(0.5)
        for byte in data[:-1]:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                slow.sendall(bytes([byte]))
            try:
                if slow.recv(1) == b"":
                    break
            except TimeoutError:
                pass
            except ConnectionResetError:
                break
        took = time.monotonic() - began
        assert 9 < took < 14, took
        assert silent.recv(1) == b""
    assert secured.alive()


def test_the_python_client_and_the_command_line_need_to_know_the_ca(secured, authority):
    with pytest.raises(bascule.ServerError, match="certificate verify failed"):
        bascule.Client(secured.url, token=secured.token).about()
    client = bascule.Client(secured.url, token=secured.token, ca_file=authority.path)
    assert client.about()["name"] == "bascule"

    def run(**variables: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "BASCULE_URL": secured.url, "BASCULE_TOKEN": secured.token}
        return subprocess.run(
            [os.environ["BASCULE_BINARY"], "list"],
            capture_output=True, text=True, env={**environment, **variables},
        )  # fmt: skip

    assert MODEL in run(BASCULE_CA_FILE=str(authority.path)).stdout
    untrusted = run()
    assert untrusted.returncode == 3
    assert "BASCULE_CA_FILE" in untrusted.stderr


@pytest.fixture(scope="module")
def mutual(tmp_path_factory, authority, packed):
    """Clients need a certificate; there are no tokens."""
    folder = tmp_path_factory.mktemp("mutual")
    server = tls_server(
        Server, folder, authority, packed, "--tls-client-ca", str(authority.path),
        context=authority.context(authority.sign("first")),
    )  # fmt: skip
    yield server
    assert server.stop() == 0, server.log_path.read_text()


def test_mutual_tls_takes_a_certificate_of_its_ca(mutual, authority, tmp_path):
    certificate, key = authority.sign("client")
    done = curl(mutual, authority, "--cert", str(certificate), "--key", str(key))
    assert done.stdout == '{"live":true}', done.stderr
    with Connection(mutual.port, authority.context((certificate, key))) as connection:
        assert connection.request("GET", "/v1/models").status == 200
    client = bascule.Client(mutual.url, ca_file=authority.path, cert_file=certificate, key_file=key)
    assert client.models() == []
    listed = subprocess.run(
        [os.environ["BASCULE_BINARY"], "--ca-file", authority.path, "--cert-file", certificate,
         "--key-file", key, "list"],
        capture_output=True, text=True, env={**os.environ, "BASCULE_URL": mutual.url},
    )  # fmt: skip
    assert listed.returncode == 0, listed.stderr
    spec = {
        "address": f"localhost:{mutual.port}", "folder": str(tmp_path),
        "ca": str(authority.path), "certificate": str(certificate), "key": str(key),
        "tokens": {"none": ""},
    }  # fmt: skip
    script = TEST_FOLDER / "secured_grpc_client.py"
    done = subprocess.run(
        [sys.executable, script, json.dumps(spec)], capture_output=True, text=True
    )
    assert json.loads(done.stdout)["none"]["metadata"] == "OK", done.stderr


def is_served(server, context: ssl.SSLContext) -> bool:
    """In TLS 1.3 a client learns that it was refused when it reads."""
    try:
        with Connection(server.port, context) as connection:
            connection.socket.sendall(b"GET /v1/health/live HTTP/1.1\r\nHost: x\r\n\r\n")
            return connection.socket.recv(12) == b"HTTP/1.1 200"
    except (ssl.SSLError, ConnectionResetError, BrokenPipeError):
        return False


def test_mutual_tls_looks_at_the_certificate_each_time(mutual):
    """No session is taken up again: the certificate may have expired meanwhile."""
    with mutual.connect() as first:
        assert first.request("GET", "/v1/health/live").status == 200
        assert not first.socket.session.has_ticket


@pytest.mark.parametrize("kind", ["none", "expired", "of another CA", "of nobody"])
def test_mutual_tls_refuses_other_certificates(mutual, authority, other_authority, kind):
    if kind == "none":
        client = None
    elif kind == "expired":
        client = authority.sign("expired", days=-1)
    elif kind == "of another CA":
        client = other_authority.sign("stranger")
    else:
        client = (other_authority.path, other_authority.key)
    assert not is_served(mutual, authority.context(client))
    assert mutual.alive()


def served_certificate(server, authority) -> bytes:
    with Connection(server.port, authority.context()) as connection:
        return connection.socket.getpeercert(binary_form=True)


@pytest.fixture
def reloading(tmp_path, authority, packed, start_server):
    return tls_server(start_server, tmp_path, authority, packed)


def replace(server, certificate: pathlib.Path, key: pathlib.Path) -> None:
    """As a tool for certificates does: each file by a rename, one after the other."""
    for source, target in ((key, server.key), (certificate, server.certificate)):
        part = target.with_suffix(".new")
        shutil.copy(source, part)
        part.replace(target)


def test_certificates_change_under_load_without_a_failure(reloading, authority):
    failures: list[str] = []
    counts = [0] * 4
    done = threading.Event()

    def load(index: int) -> None:
        """Half of them keep their connection, half open one for each request."""
        context = authority.context()
        while not done.is_set():
            try:
                with Connection(reloading.port, context) as connection:
                    for _ in range(200 if index % 2 else 1):
                        if connection.request("POST", SCORE, {"row": GOOD}).status != 200:
                            failures.append("status")
                        counts[index] += 1
            except (OSError, AssertionError) as error:
                failures.append(repr(error))

    threads = [threading.Thread(target=load, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    seen = {served_certificate(reloading, authority)}
    for i in range(5):
        replace(reloading, *authority.sign(f"next{i}"))
        wait_for(lambda: served_certificate(reloading, authority) not in seen)
        seen.add(served_certificate(reloading, authority))
    done.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert all(count > 20 for count in counts), counts
    assert len(seen) == 6


def test_a_certificate_that_cannot_be_read_leaves_the_old_one(reloading, authority):
    before = served_certificate(reloading, authority)
    reloading.certificate.write_text("no certificate")
    wait_for(lambda: metric(reloading, "bascule_tls_failed_reloads_total") >= 1)
    assert served_certificate(reloading, authority) == before
    assert "the certificate stays as it was" in reloading.log_path.read_text()
    reloading.certificate.unlink()
    wait_for(lambda: metric(reloading, "bascule_tls_failed_reloads_total") >= 2)
    certificate, _ = authority.sign("another")  # its key is not the one that is there
    shutil.copy(certificate, reloading.certificate)
    wait_for(lambda: metric(reloading, "bascule_tls_failed_reloads_total") >= 3)
    assert served_certificate(reloading, authority) == before
    replace(reloading, *authority.sign("good"))
    wait_for(lambda: served_certificate(reloading, authority) != before)
    expires = metric(reloading, "bascule_tls_certificate_expires_seconds")
    assert 86_400 < expires - time.time() < 3 * 86_400


def test_sighup_reads_the_certificate_again(reloading):
    before = metric(reloading, "bascule_tls_reloads_total")
    reloading.process.send_signal(signal.SIGHUP)
    wait_for(lambda: metric(reloading, "bascule_tls_reloads_total") == before + 1)


def test_sighup_is_no_end_without_tls(tmp_path, start_server):
    server = start_server(tmp_path)
    server.process.send_signal(signal.SIGHUP)
    assert server.alive()
    assert server.stop() == 0


def test_a_stop_answers_what_has_begun(reloading):
    check_that_a_stop_answers_what_has_begun(reloading, SCORE, GOOD)


def resident_kib(server) -> int:
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


def test_an_idle_connection_takes_at_most_64_kib(reloading, authority):
    context = authority.context()
    count = 300
    with contextlib.ExitStack() as stack:
        for _ in range(50):  # what is taken once
            stack.enter_context(Connection(reloading.port, context))
        before = resident_kib(reloading)
        for _ in range(count):
            connection = stack.enter_context(Connection(reloading.port, context))
            assert connection.request("GET", "/v1/health/live").status == 200
        each = (resident_kib(reloading) - before) / count
    print(f"{each:.1f} KiB for an idle connection of TLS")
    assert each <= 64


def test_a_certificate_that_has_expired_is_told_of(tmp_path, authority, start_server):
    certificate, key = authority.sign("old", days=-1)
    anybody = ssl.create_default_context()
    anybody.check_hostname = False
    anybody.verify_mode = ssl.CERT_NONE
    server = start_server(
        tmp_path, "--tls-cert", str(certificate), "--tls-key", str(key), context=anybody
    )
    assert "warning the certificate has expired at 20" in server.log_path.read_text()


def test_a_start_with_files_that_do_not_do_says_which(tmp_path, authority, other_authority):
    certificate, key = authority.sign("ready")
    wrong_key = other_authority.sign("else")[1]
    text = tmp_path / "text.pem"
    text.write_text("no PEM")

    def serve(*arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [os.environ["BASCULE_BINARY"], "serve", "--data", str(tmp_path / "data"),
             "--listen", "127.0.0.1:0", *map(str, arguments)],
            capture_output=True, text=True, timeout=30,
        )  # fmt: skip

    for arguments, words in [
        (("--tls-cert", tmp_path / "none.pem", "--tls-key", key), "No such file"),
        (("--tls-cert", text, "--tls-key", key), str(text)),
        (("--tls-cert", certificate, "--tls-key", wrong_key), "key values mismatch"),
        (("--tls-cert", certificate, "--tls-key", key, "--tls-client-ca", text), str(text)),
    ]:
        done = serve(*arguments)
        assert done.returncode == 1, arguments
        assert words in done.stderr, done.stderr
    for half in (("--tls-cert", certificate), ("--tls-key", key), ("--tls-client-ca", text)):
        done = serve(*half)
        assert done.returncode == 1
        assert "both --tls-cert and --tls-key" in done.stderr


def test_others_are_served_with_tls_and_tokens(tmp_path, authority):
    certificate, key = authority.sign("public")
    process = subprocess.Popen(
        [os.environ["BASCULE_BINARY"], "serve", "--data", str(tmp_path / "data"),
         "--listen", "0.0.0.0:0", "--tokens", "--tls-cert", certificate, "--tls-key", key],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        address = process.stdout.readline().split()[2]
        assert address.startswith("https://0.0.0.0:")
        port = int(address.rpartition(":")[2])
        with Connection(port, authority.context()) as connection:
            answer = connection.request("GET", "/v1/models", headers={"Host": "scores.example"})
            assert answer.status == 401
            token = (tmp_path / "data" / "admin.token").read_text().strip()
            answer = connection.request(
                "GET",
                "/v1/models",
                headers={"Host": "scores.example", "Authorization": f"Bearer {token}"},
            )
            assert answer.status == 200
    finally:
        process.terminate()
        process.wait(timeout=60)


def test_others_are_served_without_either_when_the_operator_says_so(tmp_path):
    process = subprocess.Popen(
        [os.environ["BASCULE_BINARY"], "serve", "--data", str(tmp_path / "data"),
         "--listen", "0.0.0.0:0", "--insecure"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        port = int(process.stdout.readline().split()[2].rpartition(":")[2])
        host = {"Host": "scores.example"}
        elsewhere = {**host, "Origin": "https://evil.example"}
        with Connection(port) as connection:
            assert connection.request("GET", "/v1/models", headers=host).status == 200
            assert connection.request("POST", "/v1/models", {}, elsewhere).status == 403
            assert connection.request("POST", "/v1/models", {}, host).status == 400
    finally:
        process.terminate()
        process.wait(timeout=60)
