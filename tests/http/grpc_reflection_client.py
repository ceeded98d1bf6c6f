"""grpcio-reflection's client, which has none of our .proto files, in a process of its own.

grpc_reflection_client.py PORT FOLDER
"""

from __future__ import annotations

import sys

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha import reflection_pb2 as pb
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

INFERENCE = "inference.GRPCInferenceService"


def check_database(channel: grpc.Channel) -> None:
    """What a tool does: finds the services, then a method, then calls it."""
    database = ProtoReflectionDescriptorDatabase(channel)
    assert sorted(database.get_services()) == [
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
        INFERENCE,
    ]
    pool = DescriptorPool(database)
    for service in database.get_services():
        assert pool.FindServiceByName(service).methods
    assert pool.FindMethodByName("grpc.health.v1.Health.Check").output_type.full_name
    assert pool.FindFileByName("inference.proto").package == "inference"
    assert pool.FindMessageTypeByName("inference.ModelInferRequest.InferInputTensor")
    assert list(database.FindAllExtensionNumbers("inference.ModelInferRequest")) == []
    for missing in (
        lambda: database.FindFileByName("tea.proto"),
        lambda: database.FindFileContainingSymbol("inference.Tea"),
    ):
        try:
            missing()
        except KeyError:
            continue
        raise AssertionError("that is not there")
    method = pool.FindServiceByName(INFERENCE).FindMethodByName("ModelMetadata")
    call = channel.unary_unary(
        f"/{INFERENCE}/{method.name}",
        lambda message: message.SerializeToString(),
        GetMessageClass(method.output_type).FromString,
    )
    answer = call(GetMessageClass(method.input_type)(name="fraud/charge"))
    assert [tensor.name for tensor in answer.inputs] == ["amount", "age", "country"]


def check_stream(channel: grpc.Channel, version: str) -> None:
    """Several questions on one stream; one that is none does not end it."""
    call = channel.stream_stream(
        f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
        lambda message: message,
        pb.ServerReflectionResponse.FromString,
    )
    asks = [
        pb.ServerReflectionRequest(file_containing_symbol="inference.InferParameter"),
        pb.ServerReflectionRequest(host="here"),
        pb.ServerReflectionRequest(file_containing_symbol="grpc.health.v1.Tea"),
        pb.ServerReflectionRequest(all_extension_numbers_of_type="inference.Tea"),
        pb.ServerReflectionRequest(
            file_containing_extension={
                "containing_type": "inference.ModelInferRequest",
                "extension_number": 100,
            }
        ),
        pb.ServerReflectionRequest(list_services="*"),
    ]
    answers = list(call(ask.SerializeToString() for ask in asks))
    kinds = [answer.WhichOneof("message_response") for answer in answers]
    assert kinds == [
        "file_descriptor_response",
        "error_response",
        "error_response",
        "error_response",
        "error_response",
        "list_services_response",
    ]
    assert [answer.original_request for answer in answers] == asks
    codes = [answer.error_response.error_code for answer in answers[1:5]]
    invalid, missing = grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND
    assert codes == [code.value[0] for code in (invalid, missing, missing, missing)]


if __name__ == "__main__":
    with grpc.insecure_channel(f"127.0.0.1:{sys.argv[1]}") as open_channel:
        check_database(open_channel)
        check_stream(open_channel, "v1")
        check_stream(open_channel, "v1alpha")
