"""grpcio against a server with tokens, plain or over TLS, in a process of its own.

    secured_grpc_client.py SPEC

SPEC is JSON: `address`, `folder` for the stubs, `tokens` by name, and `ca`, `certificate`, `key`,
files in PEM. Prints, for each token, the status of each of three calls as JSON.
"""

from __future__ import annotations

import json
import pathlib
import sys
from typing import Any

import grpc
import grpc_stubs


def channel_of(spec: dict[str, Any]) -> grpc.Channel:
    if not spec.get("ca"):
        return grpc.insecure_channel(spec["address"])

    def read(key: str) -> bytes | None:
        return pathlib.Path(spec[key]).read_bytes() if spec.get(key) else None

    credentials = grpc.ssl_channel_credentials(read("ca"), read("key"), read("certificate"))
    return grpc.secure_channel(spec["address"], credentials)


def main() -> None:
    spec = json.loads(sys.argv[1])
    modules = grpc_stubs.make(pathlib.Path(spec["folder"]))
    pb = modules["inference_pb2"]

    def status(method: Any, request: Any, token: str) -> str:
        metadata = [("authorization", f"Bearer {token}")] if token else []
        try:
            method(request, metadata=metadata, timeout=20)
        except grpc.RpcError as error:
            return str(error.code().name)
        return "OK"

    with channel_of(spec) as channel:
        stub = modules["inference_pb2_grpc"].GRPCInferenceServiceStub(channel)
        answers = {
            name: {
                "live": status(stub.ServerLive, pb.ServerLiveRequest(), token),
                "metadata": status(stub.ServerMetadata, pb.ServerMetadataRequest(), token),
                "infer": status(
                    stub.ModelInfer, pb.ModelInferRequest(model_name="no/model"), token
                ),
            }
            for name, token in spec["tokens"].items()
        }
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
