"""tritonclient's gRPC client, unchanged, against a running server, in a process of its own.

grpc_triton_client.py PORT FOLDER
"""

from __future__ import annotations

import asyncio
import json
import pathlib
import queue
import sys

import numpy as np
import pytest
import tritonclient.grpc as triton
import tritonclient.grpc.aio as triton_aio
from tritonclient.utils import InferenceServerException

MODEL = "fraud/charge"
MATRIX = "fraud/matrix"


def matrix_input(rows: int) -> triton.InferInput:
    values = np.arange(rows * 3, dtype=np.float64).reshape(rows, 3) / 7
    tensor = triton.InferInput("x", [rows, 3], "FP64")
    tensor.set_data_from_numpy(values)
    return tensor


def charge_inputs() -> list[triton.InferInput]:
    columns = {
        "amount": np.array([120.5]),
        "age": np.array([33], np.int64),
        "country": np.array([b"DE"], np.object_),
    }
    types = {"amount": "FP64", "age": "INT64", "country": "BYTES"}
    inputs = []
    for name, values in columns.items():
        inputs.append(triton.InferInput(name, [1], types[name]))
        inputs[-1].set_data_from_numpy(values)
    return inputs


def check(url: str, golden: dict[str, list[float]]) -> None:
    client = triton.InferenceServerClient(url)
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready(MODEL)
    assert client.is_model_ready(MODEL, "1")
    assert client.get_server_metadata().name == "bascule"
    assert client.get_model_metadata(MATRIX).platform == "bascule_package"
    index = client.get_model_repository_index()
    assert (MATRIX, "READY") in [(model.name, model.state) for model in index.models]
    (before,) = client.get_inference_statistics(MATRIX).model_stats
    result = client.infer(MATRIX, [matrix_input(17)], request_id="r1")
    (after,) = client.get_inference_statistics(MATRIX, "1").model_stats
    assert after.inference_count - before.inference_count == 17
    assert after.inference_stats.success.count - before.inference_stats.success.count == 1
    assert after.inference_stats.compute_infer.ns > before.inference_stats.compute_infer.ns
    assert result.get_response().id == "r1"
    assert result.as_numpy("predict_proba").ravel().tolist() == golden["matrix"][:34]
    wanted = [triton.InferRequestedOutput("predict")]
    result = client.infer(MODEL, charge_inputs(), outputs=wanted, parameters={"mine": 1})
    assert result.as_numpy("predict").tolist() == golden["predict"]
    assert result.as_numpy("predict_proba") is None
    client.unload_model(MODEL)
    assert not client.is_model_ready(MODEL)
    client.load_model(MODEL)
    assert client.is_model_ready(MODEL)
    with pytest.raises(InferenceServerException, match="no parameters"):
        client.load_model(MODEL, config="{}")
    with pytest.raises(InferenceServerException, match="'99' is not live") as refused:
        client.infer(MODEL, charge_inputs(), "99")
    assert refused.value.status() == "StatusCode.NOT_FOUND"
    with pytest.raises(InferenceServerException, match="fraud/none") as refused:
        client.infer("fraud/none", [matrix_input(1)])
    assert refused.value.status() == "StatusCode.NOT_FOUND"
    answers: queue.Queue = queue.Queue()
    calls = 20
    for _ in range(calls):
        client.async_infer(
            MATRIX, [matrix_input(1)], lambda result, error: answers.put((result, error))
        )
    assert [answers.get(timeout=60)[1] for _ in range(calls)] == [None] * calls
    check_compressed(client, golden)
    check_stream(client, golden)
    client.close()


def check_compressed(client: triton.InferenceServerClient, golden: dict[str, list[float]]) -> None:
    for algorithm in ("gzip", "deflate"):
        result = client.infer(MATRIX, [matrix_input(257)], compression_algorithm=algorithm)
        assert result.as_numpy("predict_proba").ravel().tolist() == golden["matrix"]


def check_stream(client: triton.InferenceServerClient, golden: dict[str, list[float]]) -> None:
    """Answers come in the order of their requests, errors among them."""
    for algorithm in (None, "gzip"):
        answers: queue.Queue = queue.Queue()
        client.start_stream(
            lambda result, error, answers=answers: answers.put((result, error)),
            compression_algorithm=algorithm,
        )
        for i in range(40):
            client.async_stream_infer(
                "fraud/none" if i == 3 else MATRIX,
                [matrix_input(1 + i)],
                request_id=str(i),
                enable_empty_final_response=i % 2 == 0,
            )
        for i in range(40):
            result, error = answers.get(timeout=60)
            if i == 3:
                assert "fraud/none" in error.message()
                continue
            response = result.get_response()
            assert response.id == str(i)
            assert response.parameters["triton_final_response"].bool_param
            proba = result.as_numpy("predict_proba").ravel().tolist()
            assert proba == golden["matrix"][: 2 * (1 + i)]
        client.stop_stream()
        assert answers.empty()


async def check_async(url: str, golden: dict[str, list[float]]) -> None:
    async with triton_aio.InferenceServerClient(url) as client:
        results = await asyncio.gather(
            *(client.infer(MATRIX, [matrix_input(3)]) for _ in range(50))
        )
    for result in results:
        assert result.as_numpy("predict_proba").ravel().tolist() == golden["matrix"][:6]

    async def requests():
        for i in range(20):
            yield {"model_name": MATRIX, "inputs": [matrix_input(3)], "request_id": str(i)}

    async with triton_aio.InferenceServerClient(url) as client:
        ids = []
        async for result, error in client.stream_infer(requests()):
            assert error is None
            assert result.as_numpy("predict_proba").ravel().tolist() == golden["matrix"][:6]
            ids.append(result.get_response().id)
        assert ids == [str(i) for i in range(20)]


if __name__ == "__main__":
    address = f"127.0.0.1:{sys.argv[1]}"
    expected = json.loads((pathlib.Path(sys.argv[2]) / "golden.json").read_text())
    check(address, expected)
    asyncio.run(check_async(address, expected))
