"""grpcio with stubs of our own .proto files against a running server, in a process of its own.

    grpc_own_client.py PORT FOLDER

The gRPC packages of the protocol all register the same names of messages, so one process holds one
of them. What fails is an assertion, and the exit code.
"""

from __future__ import annotations

import json
import pathlib
import sys
import time
from collections.abc import Callable, Iterator
from queue import Queue
from typing import Any

import grpc
import grpc_stubs
import numpy as np
import pytest

MODEL = "fraud/charge"
MATRIX = "fraud/matrix"


class Checks:
    """Each method is one thing that must hold."""

    def __init__(self, port: int, folder: pathlib.Path) -> None:
        modules = grpc_stubs.make(folder)
        self.pb = modules["inference_pb2"]
        self.health_pb = modules["health_pb2"]
        self.address = f"127.0.0.1:{port}"
        self.channel = grpc.insecure_channel(self.address)
        self.stub = modules["inference_pb2_grpc"].GRPCInferenceServiceStub(self.channel)
        self.health = modules["health_pb2_grpc"].HealthStub(self.channel)
        self.golden = json.loads((folder / "golden.json").read_text())

    # ---- Requests

    def tensor(self, name: str, datatype: str, shape: list[int], **contents: Any) -> Any:
        return self.pb.ModelInferRequest.InferInputTensor(
            name=name,
            datatype=datatype,
            shape=shape,
            contents=self.pb.InferTensorContents(**contents) if contents else None,
        )

    def typed(self, rows: int = 1) -> Any:
        values = np.arange(rows * 3, dtype=float).ravel() / 7
        return self.pb.ModelInferRequest(
            model_name=MATRIX, inputs=[self.tensor("x", "FP64", [rows, 3], fp64_contents=values)]
        )

    def raw(self, rows: int = 1) -> Any:
        values = np.arange(rows * 3, dtype="<f8") / 7
        return self.pb.ModelInferRequest(
            model_name=MATRIX,
            inputs=[self.tensor("x", "FP64", [rows, 3])],
            raw_input_contents=[values.tobytes()],
        )

    def charge(self, **changes: Any) -> Any:
        columns = {
            "amount": self.tensor("amount", "FP64", [1], fp64_contents=[120.5]),
            "age": self.tensor("age", "INT32", [1], int_contents=[33]),
            "country": self.tensor("country", "BYTES", [1], bytes_contents=[b"DE"]),
        }
        columns.update(changes)
        inputs = [tensor for tensor in columns.values() if tensor is not None]
        return self.pb.ModelInferRequest(model_name=MODEL, inputs=inputs)

    def proba(self, answer: Any) -> list[float]:
        """The output that the faces are compared by, in either form."""
        at = [output.name for output in answer.outputs].index("predict_proba")
        if answer.raw_output_contents:
            return np.frombuffer(answer.raw_output_contents[at], "<f8").tolist()
        return list(answer.outputs[at].contents.fp64_contents)

    def refused(self, call: Callable[[], Any], code: grpc.StatusCode, *words: str) -> None:
        with pytest.raises(grpc.RpcError) as refused:
            call()
        assert refused.value.code() == code, (refused.value.code(), refused.value.details())
        details = refused.value.details()
        assert all(word in details for word in words), details

    def refused_infer(self, request: Any, *words: str) -> None:
        self.refused(
            lambda: self.stub.ModelInfer(request), grpc.StatusCode.INVALID_ARGUMENT, *words
        )

    # ---- What must hold

    def check_server(self) -> None:
        assert self.stub.ServerLive(self.pb.ServerLiveRequest()).live
        assert self.stub.ServerReady(self.pb.ServerReadyRequest()).ready
        about = self.stub.ServerMetadata(self.pb.ServerMetadataRequest())
        assert about.name == "bascule"
        assert about.version

    def check_health(self) -> None:
        serving = self.health_pb.HealthCheckResponse.SERVING
        for service in ("", "inference.GRPCInferenceService"):
            request = self.health_pb.HealthCheckRequest(service=service)
            assert self.health.Check(request).status == serving
        self.refused(
            lambda: self.health.Check(self.health_pb.HealthCheckRequest(service="tea")),
            grpc.StatusCode.NOT_FOUND,
        )

    def check_model_ready(self) -> None:
        assert self.stub.ModelReady(self.pb.ModelReadyRequest(name=MODEL)).ready
        assert self.stub.ModelReady(self.pb.ModelReadyRequest(name=MODEL, version="1")).ready
        for name, version in (("fraud/none", ""), (MODEL, "99")):
            request = self.pb.ModelReadyRequest(name=name, version=version)
            self.refused(lambda r=request: self.stub.ModelReady(r), grpc.StatusCode.NOT_FOUND)

    def check_metadata(self) -> None:
        meta = self.stub.ModelMetadata(self.pb.ModelMetadataRequest(name=MODEL))
        assert meta.name == MODEL
        assert list(meta.versions) == ["1"]
        assert meta.platform == "bascule_package"
        inputs = {item.name: (item.datatype, list(item.shape)) for item in meta.inputs}
        assert inputs == {
            "amount": ("FP64", [-1]),
            "age": ("INT64", [-1]),
            "country": ("BYTES", [-1]),
        }
        assert [item.name for item in meta.outputs] == self.golden["outputs"]

    def check_repository(self) -> None:
        index = self.stub.RepositoryIndex(self.pb.RepositoryIndexRequest())
        found = {(m.name, m.version): m.state for m in index.models}
        assert found[(MODEL, "1")] == "READY"
        assert found[("fraud/empty", "")] == "UNAVAILABLE"
        ready = self.stub.RepositoryIndex(self.pb.RepositoryIndexRequest(ready=True))
        assert all(m.state == "READY" for m in ready.models)

    def check_same_bits_as_rest(self) -> None:
        for rows in (1, 3, 17, 257):
            answer = self.stub.ModelInfer(self.raw(rows))
            shapes = {output.name: list(output.shape) for output in answer.outputs}
            assert shapes == {"predict": [rows], "predict_proba": [rows, 2]}
            assert self.proba(answer) == self.golden["matrix"][: rows * 2]
            typed = self.stub.ModelInfer(self.typed(rows))
            assert self.proba(typed) == self.proba(answer)
            assert not typed.raw_output_contents

    def check_identity(self) -> None:
        request = self.typed()
        request.id = "an id, \u00e4\u00f6\u00fc"
        answer = self.stub.ModelInfer(request)
        assert answer.id == request.id
        assert answer.model_name == MATRIX
        assert answer.model_version == "1"
        assert answer.parameters["digest"].string_param.startswith("sha256:")
        assert self.stub.ModelInfer(self.typed()).id == ""

    def check_outputs(self) -> None:
        request = self.charge()
        request.outputs.add(name="predict")
        request.outputs.add(name="predict_proba")
        answer = self.stub.ModelInfer(request)
        assert [output.name for output in answer.outputs] == ["predict", "predict_proba"]
        assert answer.outputs[0].datatype == "INT64"
        assert list(answer.outputs[0].contents.int64_contents) == self.golden["predict"]
        assert self.proba(answer) == self.golden["charge"]

    def check_types(self) -> None:
        """A number in any datatype is the same number."""
        for datatype, contents in {
            "INT8": {"int_contents": [33]},
            "INT16": {"int_contents": [33]},
            "UINT8": {"uint_contents": [33]},
            "UINT32": {"uint_contents": [33]},
            "UINT64": {"uint64_contents": [33]},
            "INT64": {"int64_contents": [33]},
            "FP32": {"fp32_contents": [33]},
            "FP64": {"fp64_contents": [33]},
        }.items():
            request = self.charge(age=self.tensor("age", datatype, [1, 1], **contents))
            answer = self.stub.ModelInfer(request)
            assert self.proba(answer) == self.golden["charge"]
        for datatype, code in {"INT16": "<i2", "FP16": "<f2", "UINT64": "<u8"}.items():
            request = self.charge(
                amount=self.tensor("amount", "FP64", [1]),
                age=self.tensor("age", datatype, [1]),
                country=self.tensor("country", "BYTES", [1]),
            )
            request.raw_input_contents.append(np.array([120.5]).tobytes())
            request.raw_input_contents.append(np.array([33], code).tobytes())
            request.raw_input_contents.append(b"\2\0\0\0DE")
            assert self.proba(self.stub.ModelInfer(request)) == self.golden["charge"]

    def check_missing(self) -> None:
        nan = float("nan")
        amount = self.tensor("amount", "FP64", [1], fp64_contents=[nan])
        answer = self.stub.ModelInfer(self.charge(amount=amount))
        assert self.proba(answer) == self.golden["charge_null"]
        request = self.typed(2)
        request.inputs[0].contents.fp64_contents[4] = nan
        self.refused_infer(request, "row 1", "'b'", "NaN")

    def check_refusals(self) -> None:
        bad = self.tensor
        self.refused_infer(self.charge(age=bad("age", "FP64", [1], fp64_contents=[7.5])), "whole")
        beyond = bad("age", "FP64", [1], fp64_contents=[2.0**53])
        self.refused_infer(self.charge(age=beyond), "out of the range")
        self.refused_infer(self.charge(age=bad("age", "INT8", [1], int_contents=[300])), "INT8")
        self.refused_infer(self.charge(age=bad("age", "BOOL", [1], bool_contents=[True])), "age")
        self.refused_infer(self.charge(age=bad("age", "FP16", [1], fp32_contents=[1])), "raw")
        self.refused_infer(self.charge(age=bad("age", "INT64", [1], fp64_contents=[1])), "another")
        self.refused_infer(self.charge(age=bad("age", "INT64", [2], int64_contents=[1])), "rows")
        self.refused_infer(self.charge(age=bad("age", "INT64", [1], int64_contents=[1, 2])), "2")
        self.refused_infer(self.charge(age=bad("age", "INT64", [-1], int64_contents=[1])), "-1")
        self.refused_infer(self.charge(age=bad("age", "INT64", [0], int64_contents=[])), "no rows")
        self.refused_infer(self.charge(age=bad("age", "INT64", [], int64_contents=[1])), "shape")
        self.refused_infer(self.charge(age=bad("age", "BF16", [1])), "BF16")
        self.refused_infer(self.charge(age=None), "missing input", "age")
        self.refused_infer(
            self.charge(amount=bad("amuont", "FP64", [1], fp64_contents=[1])), "did you mean"
        )
        self.refused_infer(self.charge(extra=bad("age", "INT64", [1], int64_contents=[1])), "twice")
        self.refused_infer(
            self.charge(country=bad("country", "BYTES", [1], bytes_contents=[b"\xff"])), "UTF-8"
        )
        both = self.typed()
        both.raw_input_contents.append(np.zeros(3).tobytes())
        self.refused_infer(both, "one of them")
        short = self.raw()
        short.raw_input_contents[0] = short.raw_input_contents[0][:-1]
        self.refused_infer(short, "23 raw bytes")
        self.refused_infer(self.pb.ModelInferRequest(model_name=MATRIX), "no inputs")
        output = self.typed()
        output.outputs.add(name="nothing")
        self.refused_infer(output, "nothing")
        huge = self.tensor("x", "FP64", [2**62, 2**62], fp64_contents=[1])
        request = self.pb.ModelInferRequest(model_name=MATRIX, inputs=[huge])
        self.refused(lambda: self.stub.ModelInfer(request), grpc.StatusCode.RESOURCE_EXHAUSTED)

    def check_what_is_not_supported(self) -> None:
        """Asked for, and refused: an answer of another kind would be a surprise."""
        request = self.typed()
        request.inputs[0].parameters["shared_memory_region"].string_param = "one"
        shared = request
        request = self.typed()
        request.outputs.add(name="predict").parameters["shared_memory_region"].string_param = "one"
        shared_output = request
        request = self.typed()
        request.outputs.add(name="predict").parameters["classification"].int64_param = 2
        for refused, word in ((shared, "shared"), (shared_output, "shared"), (request, "classif")):
            self.refused(
                lambda refused=refused: self.stub.ModelInfer(refused),
                grpc.StatusCode.UNIMPLEMENTED,
                word,
            )

    def check_unknown(self) -> None:
        request = self.typed()
        request.model_name = "fraud/none"
        self.refused(lambda: self.stub.ModelInfer(request), grpc.StatusCode.NOT_FOUND)
        call = self.channel.unary_unary("/inference.GRPCInferenceService/Tea")
        self.refused(lambda: call(b""), grpc.StatusCode.UNIMPLEMENTED, "Tea")
        call = self.channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")
        self.refused(lambda: call(b"\x0a\xff"), grpc.StatusCode.INVALID_ARGUMENT)
        self.refused(lambda: call(b"\x0b\x0c"), grpc.StatusCode.INVALID_ARGUMENT)

    def check_compressed(self) -> None:
        """By the call and by the channel, in both directions."""
        plain = self.proba(self.stub.ModelInfer(self.typed(257)))
        for compression in (grpc.Compression.Gzip, grpc.Compression.Deflate):
            answer = self.stub.ModelInfer(self.typed(257), compression=compression)
            assert self.proba(answer) == plain
            with grpc.insecure_channel(self.address, compression=compression) as channel:
                method = channel.unary_unary(
                    "/inference.GRPCInferenceService/ModelInfer",
                    self.pb.ModelInferRequest.SerializeToString,
                    self.pb.ModelInferResponse.FromString,
                )
                assert self.proba(method(self.raw(257))) == plain
                self.refused(
                    lambda method=method: method(self.pb.ModelInferRequest(model_name="a" * 9000)),
                    grpc.StatusCode.NOT_FOUND,
                )

    def check_bombs(self) -> None:
        """A message that unpacks to more than the method takes."""
        bomb = self.charge()
        bomb.parameters["zeros"].string_param = "0" * (64 << 20)
        for compression in (grpc.Compression.Gzip, grpc.Compression.Deflate):
            self.refused(
                lambda c=compression: self.stub.ModelInfer(bomb, compression=c),
                grpc.StatusCode.RESOURCE_EXHAUSTED,
                "unpacks to more than",
            )

    # ---- Streams

    def check_stream(self) -> None:
        """Answers in order; one that fails says so, with its id, and the stream goes on."""

        def requests() -> Iterator[Any]:
            for i in range(300):
                request = self.raw(1 + i % 3) if i % 2 else self.typed(1 + i % 300)
                request.id = str(i)
                if i % 50 == 7:
                    request.model_name = "fraud/none"
                yield request

        answers = list(self.stub.ModelStreamInfer(requests(), timeout=60))
        assert [answer.infer_response.id for answer in answers] == [str(i) for i in range(300)]
        for i, answer in enumerate(answers):
            if i % 50 == 7:
                assert "fraud/none" in answer.error_message
                assert not answer.infer_response.outputs
                continue
            rows = 1 + i % 3 if i % 2 else 1 + i % 300
            response = answer.infer_response
            assert not answer.error_message
            assert response.parameters["triton_final_response"].bool_param
            assert self.proba(response)[:514] == self.golden["matrix"][: rows * 2]

    def check_stream_of_nothing(self) -> None:
        assert list(self.stub.ModelStreamInfer(iter(()), timeout=60)) == []

    def check_stream_compressed(self) -> None:
        call = self.stub.ModelStreamInfer(
            iter([self.typed(257)] * 9), timeout=60, compression=grpc.Compression.Gzip
        )
        answers = [self.proba(answer.infer_response) for answer in call]
        assert answers == [self.golden["matrix"]] * 9

    def check_stream_asks_and_answers(self) -> None:
        """Each request is sent when the one before is answered."""
        queue: Queue[Any] = Queue()
        call = self.stub.ModelStreamInfer(iter(queue.get, None), timeout=60)
        for rows in (1, 257, 17):
            queue.put(self.raw(rows))
            assert self.proba(next(call).infer_response) == self.golden["matrix"][: rows * 2]
        queue.put(None)
        assert list(call) == []
        assert call.code() == grpc.StatusCode.OK

    def check_stream_refused_as_a_whole(self) -> None:
        """A message that no frame may hold, and one whose deadline has passed."""
        huge = self.charge()
        huge.parameters["zeros"].string_param = "0" * (9 << 20)
        call = self.stub.ModelStreamInfer(iter([self.typed(), huge]), timeout=60)
        assert next(call).infer_response.outputs
        self.refused(lambda: next(call), grpc.StatusCode.RESOURCE_EXHAUSTED, "8388608")
        bomb = self.stub.ModelStreamInfer(
            iter([self.typed(), huge]), timeout=60, compression=grpc.Compression.Gzip
        )
        assert next(bomb).infer_response.outputs
        self.refused(lambda: next(bomb), grpc.StatusCode.RESOURCE_EXHAUSTED, "unpacks")
        late = self.stub.ModelStreamInfer(iter(Queue().get, None), timeout=0.3)
        self.refused(lambda: next(late), grpc.StatusCode.DEADLINE_EXCEEDED)

    def check_stream_cancelled(self) -> None:
        for _ in range(20):
            call = self.stub.ModelStreamInfer(iter([self.typed(300)] * 1000), timeout=60)
            next(call)
            call.cancel()
        assert self.stub.ServerLive(self.pb.ServerLiveRequest()).live

    def check_stream_that_nobody_reads(self) -> None:
        """The server stops taking requests, and other calls on the connection do not notice."""
        sent = 0

        def requests() -> Iterator[Any]:
            nonlocal sent
            for _ in range(20_000):
                sent += 1
                yield self.typed(300)

        call = self.stub.ModelStreamInfer(requests(), timeout=60)
        deadline = time.monotonic() + 20
        before = -1
        while sent != before and time.monotonic() < deadline:
            before = sent
            for _ in range(50):
                assert self.proba(self.stub.ModelInfer(self.raw(1)))
        assert 0 < sent < 20_000, sent
        call.cancel()

    def check_envelope(self) -> None:
        request = self.charge()
        request.parameters["bascule_key"].string_param = "grpc-1"
        request.parameters["bascule_amount"].double_param = 2.5
        request.parameters["somebody_elses"].bool_param = True
        self.stub.ModelInfer(request)
        many = self.typed(3)
        many.parameters["bascule_key"].string_param = "k"
        self.refused_infer(many, "bascule_key")

    def check_sizes(self) -> None:
        """More than gRPC's 4 MiB in; more than the server's limit is refused by name."""
        text = b"x" * 250_000
        rows = 20
        request = self.pb.ModelInferRequest(
            model_name=MODEL,
            inputs=[
                self.tensor("amount", "FP64", [rows], fp64_contents=[1.0] * rows),
                self.tensor("age", "INT64", [rows], int64_contents=[1] * rows),
                self.tensor("country", "BYTES", [rows], bytes_contents=[text] * rows),
            ],
        )
        assert len(self.proba(self.stub.ModelInfer(request))) == rows * 2
        del request.inputs[2].contents.bytes_contents[:]
        request.inputs[2].contents.bytes_contents.extend([text] * 40)
        self.refused(lambda: self.stub.ModelInfer(request), grpc.StatusCode.RESOURCE_EXHAUSTED)

    def check_many_at_once(self) -> None:
        calls = [self.stub.ModelInfer.future(self.raw(1 + i % 3)) for i in range(300)]
        for i, call in enumerate(calls):
            assert self.proba(call.result(timeout=60)) == self.golden["matrix"][: (1 + i % 3) * 2]

    def check_deadline(self) -> None:
        assert self.stub.ModelInfer(self.raw(), timeout=60).outputs

    def run(self) -> None:
        for name in sorted(name for name in dir(self) if name.startswith("check_")):
            print(name, flush=True)
            getattr(self, name)()


if __name__ == "__main__":
    Checks(int(sys.argv[1]), pathlib.Path(sys.argv[2])).run()
