"""gRPC by real clients, each in a process of its own, and HTTP/2 as it comes over the wire."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

import grpc_stubs
import pytest

HERE = pathlib.Path(__file__).parent
CLIENTS = sorted(path.stem for path in HERE.glob("grpc_*_client.py"))
PROBA = "predict_proba"
CHARGE = {"amount": 120.5, "age": 33, "country": "DE"}


@pytest.fixture(scope="module")
def golden(server, tmp_path_factory) -> pathlib.Path:
    """What the JSON faces answer to the requests of the clients: they must get the same bits."""

    def score(row):
        return server.request("POST", "/v1/models/fraud/charge/score", {"row": row}).json["outputs"]

    outputs = [o["name"] for o in server.request("GET", "/v2/models/fraud/charge").json["outputs"]]
    values = [i / 7 for i in range(257 * 3)]
    matrix = {"name": "x", "datatype": "FP64", "shape": [257, 3], "data": values}
    answer = server.request("POST", "/v2/models/fraud/matrix/infer", {"inputs": [matrix]}).json
    everything = {"row": CHARGE}
    predict = server.request(
        "POST", "/v1/models/fraud/charge/score", {**everything, "outputs": ["predict"]}
    ).json["outputs"]["predict"]
    server.client.create("fraud/empty", kind="yes/no", owner="risk")
    folder = tmp_path_factory.mktemp("golden")
    (folder / "golden.json").write_text(
        json.dumps(
            {
                "outputs": outputs,
                "matrix": next(o["data"] for o in answer["outputs"] if o["name"] == PROBA),
                "charge": score(CHARGE)[PROBA],
                "charge_null": score({**CHARGE, "amount": None})[PROBA],
                "predict": [predict],
            }
        )
    )
    return folder


@pytest.mark.parametrize("client", CLIENTS)
def test_serves_a_real_client(server, golden, client):
    run = subprocess.run(
        [sys.executable, str(HERE / f"{client}.py"), str(server.port), str(golden)],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert server.alive()


def test_the_descriptors_are_those_of_the_proto_files(tmp_path):
    """If not: run this command with src/api/grpc/services.binpb as its descriptor_set_out."""
    names = [path.name for path in sorted(grpc_stubs.PROTOS.glob("*.proto"))]
    made = tmp_path / "services.binpb"
    command = [sys.executable, "-m", "grpc_tools.protoc", "-I.", f"--descriptor_set_out={made}"]
    subprocess.run([*command, *names], check=True, cwd=grpc_stubs.PROTOS)
    assert made.read_bytes() == (grpc_stubs.PROTOS / "services.binpb").read_bytes()


def test_a_stream_ends_when_the_server_stops(start_server, matrix_package, tmp_path):
    server = start_server(tmp_path)
    server.client.create("fraud/matrix", kind="yes/no", owner="risk")
    server.client.tag("fraud/matrix", "production", server.client.push(matrix_package))
    command = [sys.executable, str(HERE / "draining_stream_client.py"), str(server.port)]
    (tmp_path / "stubs").mkdir()
    with subprocess.Popen([*command, str(tmp_path / "stubs")], stdout=subprocess.PIPE) as client:
        assert client.stdout.readline() == b"open\n"
        assert server.stop() == 0
        assert client.stdout.readline() == b"UNAVAILABLE\n"
        assert client.wait(timeout=60) == 0


def test_tells_the_caller_of_a_grpc_method_over_http_1(server):
    answer = server.request("POST", "/inference.GRPCInferenceService/ServerLive", b"")
    assert answer.status == 415
    assert "HTTP/2" in answer.json["error"]
