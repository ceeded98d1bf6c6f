"""A stream that is open while its server stops, in a process of its own.

    draining_stream_client.py PORT FOLDER

Prints "open" when the first request is answered, then the status that ends the stream.
"""

from __future__ import annotations

import pathlib
import sys
from queue import Queue
from typing import Any

import grpc
import grpc_stubs


def main() -> None:
    modules = grpc_stubs.make(pathlib.Path(sys.argv[2]))
    pb = modules["inference_pb2"]
    request = pb.ModelInferRequest(model_name="fraud/matrix")
    tensor = request.inputs.add(name="x", datatype="FP64", shape=[1, 3])
    tensor.contents.fp64_contents.extend([0.5, 1.5, -2.0])
    requests: Queue[Any] = Queue()
    with grpc.insecure_channel(f"127.0.0.1:{sys.argv[1]}") as channel:
        stub = modules["inference_pb2_grpc"].GRPCInferenceServiceStub(channel)
        answers = stub.ModelStreamInfer(iter(requests.get, None), timeout=60)
        requests.put(request)
        assert next(answers).infer_response.outputs
        print("open", flush=True)
        try:
            for _ in answers:
                pass
        except grpc.RpcError as error:
            print(error.code().name, flush=True)
        requests.put(None)


if __name__ == "__main__":
    main()
