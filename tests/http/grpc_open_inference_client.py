"""open-inference-grpc, the protocol's own stubs, against a server, in a process of its own.

grpc_open_inference_client.py PORT FOLDER
"""

from __future__ import annotations

import json
import pathlib
import sys

import grpc
from open_inference.grpc import protocol, service

MATRIX = "fraud/matrix"


def check(url: str, golden: dict[str, list[float]]) -> None:
    with grpc.insecure_channel(url) as channel:
        stub = service.GRPCInferenceServiceStub(channel)
        assert stub.ServerLive(protocol.ServerLiveRequest()).live
        assert stub.ServerReady(protocol.ServerReadyRequest()).ready
        assert stub.ServerMetadata(protocol.ServerMetadataRequest()).name == "bascule"
        assert stub.ModelReady(protocol.ModelReadyRequest(name=MATRIX)).ready
        metadata = stub.ModelMetadata(protocol.ModelMetadataRequest(name=MATRIX))
        assert [tensor.datatype for tensor in metadata.inputs] == ["FP64"] * 3
        contents = protocol.InferTensorContents(fp64_contents=[i / 7 for i in range(9)])
        request = protocol.ModelInferRequest(model_name=MATRIX, id="one")
        tensor = request.inputs.add(name="x", datatype="FP64", shape=[3, 3])
        tensor.contents.CopyFrom(contents)
        answer = stub.ModelInfer(request)
        assert answer.id == "one"
        proba = next(output for output in answer.outputs if output.name == "predict_proba")
        assert list(proba.contents.fp64_contents) == golden["matrix"][:6]


if __name__ == "__main__":
    expected = json.loads((pathlib.Path(sys.argv[2]) / "golden.json").read_text())
    check(f"127.0.0.1:{sys.argv[1]}", expected)
