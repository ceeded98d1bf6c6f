"""Clients that others wrote, unchanged and with their defaults, against the real process."""

from __future__ import annotations

import numpy as np
import pytest

MODEL = "fraud/charge"
MATRIX = "fraud/matrix"

InferenceServerException = pytest.importorskip(
    "tritonclient.utils", reason="tritonclient is in the extra `test`"
).InferenceServerException
tritonhttp = pytest.importorskip("tritonclient.http", reason="tritonclient is in the extra `test`")


@pytest.fixture
def triton(server):
    with tritonhttp.InferenceServerClient(f"127.0.0.1:{server.port}") as client:
        yield client


def inputs_of(rows, binary=True):
    """One tensor per column; NaN is a missing number."""
    columns = {
        "amount": (
            "FP64",
            np.array([np.nan if r["amount"] is None else r["amount"] for r in rows], np.float64),
        ),
        "age": ("INT64", np.array([r["age"] for r in rows], np.int64)),
        "country": ("BYTES", np.array([r["country"] for r in rows], dtype=np.object_)),
    }
    out = []
    for name, (datatype, values) in columns.items():
        one = tritonhttp.InferInput(name, [len(rows)], datatype)
        one.set_data_from_numpy(values, binary_data=binary)
        out.append(one)
    return out


def test_tritonclient_finds_the_server_and_its_models(triton):
    assert triton.is_server_live()
    assert triton.is_server_ready()
    assert triton.is_model_ready(MODEL)
    assert triton.is_model_ready(MODEL, "1")
    assert not triton.is_model_ready("fraud/none")
    assert "binary_tensor_data" in triton.get_server_metadata()["extensions"]
    metadata = triton.get_model_metadata(MODEL)
    assert [one["name"] for one in metadata["inputs"]] == ["amount", "age", "country"]


def test_tritonclient_reads_the_repository(triton):
    extensions = triton.get_server_metadata()["extensions"]
    assert {"model_repository", "statistics"} <= set(extensions)
    index = {
        one["name"]: (one["version"], one["state"]) for one in triton.get_model_repository_index()
    }
    assert index[MODEL] == ("1", "READY")


def test_tritonclient_unloads_and_loads(triton, packed):
    row = packed.rows[:1]
    triton.infer(MODEL, inputs_of(row))
    triton.unload_model(MODEL)
    assert not triton.is_model_ready(MODEL)
    with pytest.raises(InferenceServerException, match=MODEL):
        triton.infer(MODEL, inputs_of(row))
    index = {one["name"]: one["state"] for one in triton.get_model_repository_index()}
    assert index[MODEL] == "UNAVAILABLE"
    triton.load_model(MODEL)
    assert triton.is_model_ready(MODEL)
    triton.infer(MODEL, inputs_of(row))
    with pytest.raises(InferenceServerException, match="no parameters"):
        triton.load_model(MODEL, config="{}")
    with pytest.raises(InferenceServerException, match="fraud/none"):
        triton.load_model("fraud/none")


def test_tritonclient_counts_what_was_answered(triton, packed):
    def counts():
        (one,) = triton.get_inference_statistics(MODEL, "1")["model_stats"]
        return one

    before = counts()
    triton.infer(MODEL, inputs_of(packed.rows[:7]))
    with pytest.raises(InferenceServerException):
        triton.infer(MODEL, inputs_of([{"amount": 1.0, "age": 1, "country": "DE" * 200_000}]))
    after = counts()
    assert int(after["inference_count"]) - int(before["inference_count"]) == 7
    assert int(after["execution_count"]) - int(before["execution_count"]) == 1
    stats, old = after["inference_stats"], before["inference_stats"]
    assert stats["fail"]["count"] - old["fail"]["count"] == 1
    parts = ("compute_input", "compute_infer", "compute_output")
    assert stats["success"]["ns"] == sum(stats[part]["ns"] for part in parts)
    assert all(stats[part]["ns"] > old[part]["ns"] for part in parts)
    everything = triton.get_inference_statistics()["model_stats"]
    assert (MODEL, "1") in [(one["name"], one["version"]) for one in everything]


@pytest.mark.parametrize("rows", [1, 3, 257])
def test_tritonclients_defaults_give_the_bits_of_python(triton, packed, rows):
    """Binary both ways, and no outputs named; 257 rows go to a worker."""
    some = (packed.rows * 2)[:rows]
    result = triton.infer(MODEL, inputs_of(some), request_id="r\u00e9quest")
    python = packed.scorer.predict_proba(some)
    got = result.as_numpy("predict_proba")
    assert got.dtype == np.float64
    assert got.tobytes() == np.asarray(python, np.float64).tobytes()
    assert result.get_response()["id"] == "r\u00e9quest"


def test_json_and_binary_may_be_mixed(triton, packed):
    rows = [row for row in packed.rows if row["amount"] is not None][:5]
    python = np.asarray(packed.scorer.predict_proba(rows))
    outputs = [
        tritonhttp.InferRequestedOutput("predict_proba", binary_data=False),
        tritonhttp.InferRequestedOutput("predict", binary_data=True),
    ]
    binary, text = inputs_of(rows), inputs_of(rows, binary=False)
    result = triton.infer(MODEL, [text[0], binary[1], text[2]], outputs=outputs)
    assert np.array_equal(result.as_numpy("predict_proba"), python)
    assert np.array_equal(result.as_numpy("predict"), python.argmax(axis=1))


def test_fp16_comes_as_binary_only(triton):
    one = tritonhttp.InferInput("x", [1, 3], "FP16")
    one.set_data_from_numpy(np.ones((1, 3), np.float16))
    triton.infer(MATRIX, [one])
    one._parameters, one._data, one._raw_data = {}, [1, 1, 1], None
    with pytest.raises(InferenceServerException, match="FP16 comes as binary data"):
        triton.infer(MATRIX, [one])


def test_a_version_that_does_not_answer_is_not_found(server, triton, packed):
    with pytest.raises(InferenceServerException, match="'99' is not live") as refused:
        triton.infer(MODEL, inputs_of(packed.rows[:1]), "99")
    assert refused.value.status() == "404"


@pytest.mark.parametrize("algorithm", ["gzip", "deflate"])
def test_both_ways_may_be_packed(triton, packed, algorithm):
    rows = packed.rows[:200]
    result = triton.infer(
        MODEL,
        inputs_of(rows),
        request_compression_algorithm=algorithm,
        response_compression_algorithm=algorithm,
    )
    assert np.array_equal(result.as_numpy("predict_proba"), packed.scorer.predict_proba(rows))


@pytest.mark.parametrize(
    ("datatype", "kind"),
    [("FP64", np.float64), ("FP32", np.float32), ("FP16", np.float16), ("INT8", np.int8)],
)
def test_every_numeric_type_may_fill_a_number(server, triton, datatype, kind):
    values = np.array([[1, -2, 3], [0, 5, -6]], kind)
    one = tritonhttp.InferInput("x", [2, 3], datatype)
    one.set_data_from_numpy(values)
    got = triton.infer(MATRIX, [one]).as_numpy("predict_proba")
    rows = [{"row": dict(zip("abc", row, strict=True))} for row in values.astype(float).tolist()]
    body = {"rows": rows, "outputs": ["predict_proba"]}
    expected = server.request("POST", f"/v1/models/{MATRIX}/score", body).json["rows"]
    assert got.tolist() == [row["outputs"]["predict_proba"] for row in expected]


def test_tritonclient_shows_our_sentence(triton, packed):
    with pytest.raises(tritonhttp.InferenceServerException, match="missing input"):
        triton.infer(MODEL, inputs_of(packed.rows[:1])[:2])
    with pytest.raises(tritonhttp.InferenceServerException, match="live"):
        triton.infer("fraud/none", inputs_of(packed.rows[:1]))


def test_open_inference_openapi_sends_whole_floats(server, packed):
    """It makes 7.0 of 7; an integer tensor takes that."""
    pytest.importorskip("open_inference.openapi")
    from open_inference.openapi.client import OpenInferenceClient
    from open_inference.openapi.types import InferenceRequest

    row = next(row for row in packed.rows if row["amount"] is not None)
    client = OpenInferenceClient(base_url=server.url)
    client.check_server_readiness()
    client.check_model_readiness(MODEL)
    request = InferenceRequest(
        inputs=[
            {"name": "amount", "shape": [1], "datatype": "FP64", "data": [row["amount"]]},
            {"name": "age", "shape": [1], "datatype": "INT64", "data": [row["age"]]},
            {"name": "country", "shape": [1], "datatype": "BYTES", "data": [row["country"]]},
        ]
    )
    answer = client.model_infer(MODEL, request=request)
    python = np.asarray(packed.scorer.predict_proba([row])).ravel().tolist()
    outputs = {one.name: one.data.__root__ for one in answer.outputs}
    assert outputs["predict_proba"] == python
