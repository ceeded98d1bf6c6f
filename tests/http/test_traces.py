"""Traces: W3C Trace Context in and out, and spans as an OpenTelemetry collector reads them."""

from __future__ import annotations

import base64
import json
import re
import socket
import time

import pytest
from collector import Collector, Fault, attributes
from test_request_log import MODEL, ROW, SCORE, metric, wait_for_metric

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
OURS = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-(0[01])")
EXPORTED = "bascule_traces_exported_total"
DROPPED = "bascule_traces_dropped_total"


@pytest.fixture
def collect():
    started = []

    def collect(*faults: Fault) -> Collector:
        started.append(Collector(*faults))
        return started[-1]

    yield collect
    for one in started:
        one.close()


@pytest.fixture
def start(start_server, packed, tmp_path):
    """Starts a server with a live model; nothing but what a caller samples is traced."""

    def start(endpoint: str, every: int = 0):
        server = start_server(tmp_path, f"--trace-endpoint={endpoint}", f"--trace-every={every}")
        server.client.create(MODEL, kind="yes/no", owner="risk")
        server.client.tag(MODEL, "production", server.client.push(packed.package))
        return server

    return start


def sampled(number: int) -> dict[str, str]:
    return {"traceparent": f"00-{TRACE}-{number:016x}-01"}


# ---- Trace Context


@pytest.mark.parametrize("flags", ["00", "01"])
def test_the_answer_is_in_the_trace_of_its_caller(server, flags):
    answer = server.request("POST", SCORE, {"row": ROW}, traceparent=f"00-{TRACE}-{SPAN}-{flags}")
    trace, span, ours = OURS.fullmatch(answer.headers["traceparent"]).groups()
    assert (trace, ours) == (TRACE, flags)
    assert span not in (SPAN, "0" * 16)


@pytest.mark.parametrize(
    ("given", "flags"),
    [
        (f"01-{TRACE}-{SPAN}-01", "01"),
        (f"cc-{TRACE}-{SPAN}-01-what-comes-later", "01"),
        (f"00-{TRACE}-{SPAN}-ff", "01"),  # flags without a meaning are not passed on
        (f"00-{TRACE}-{SPAN}-fe", "00"),
    ],
)
def test_later_versions_and_flags_are_read_as_far_as_they_are_known(server, given, flags):
    answer = server.request("GET", "/v1/health/live", traceparent=given)
    assert OURS.fullmatch(answer.headers["traceparent"]).group(1, 3) == (TRACE, flags)


@pytest.mark.parametrize(
    "given",
    [
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-01.",
        f"01-{TRACE}-{SPAN}-01.more",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{SPAN}-1",
        f"0-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-0x",
        "nonsense",
    ],
)
def test_what_cannot_be_read_begins_a_new_trace(server, given):
    answer = server.request("GET", "/v1/health/live", traceparent=given, tracestate="vendor=value")
    trace, _, flags = OURS.fullmatch(answer.headers["traceparent"]).groups()
    assert trace not in (TRACE, "0" * 32)
    assert flags == "00"
    assert "tracestate" not in answer.headers


def test_two_traceparents_are_none(server):
    with server.connect() as connection:
        header = f"traceparent: 00-{TRACE}-{SPAN}-01\r\n"
        connection.send(f"GET /ping HTTP/1.1\r\nHost: a\r\n{header}{header}\r\n".encode())
        answer = connection.read()
    assert TRACE not in answer.headers["traceparent"]


@pytest.mark.parametrize(
    ("given", "passed"),
    [
        (["foo=1, b@r=x y,,"], "foo=1, b@r=x y,,"),
        (["foo=1", "bar=2"], "foo=1,bar=2"),
        (["foo=1", "Bar=2"], None),
        (["foo"], None),
        (["foo=" + "x" * 257], None),
        ([",".join(f"k{i}=v" for i in range(33))], None),
    ],
)
def test_the_state_is_passed_on_when_it_is_one(server, given, passed):
    lines = [f"traceparent: 00-{TRACE}-{SPAN}-01", *(f"tracestate: {one}" for one in given)]
    with server.connect() as connection:
        head = "\r\n".join(["GET /ping HTTP/1.1", "Host: a", *lines])
        connection.send(head.encode() + b"\r\n\r\n")
        answer = connection.read()
    assert answer.headers.get("tracestate") == passed
    assert TRACE in answer.headers["traceparent"]


def test_who_sends_no_trace_gets_none(server):
    assert "traceparent" not in server.request("POST", SCORE, {"row": ROW}).headers


# ---- Spans


def test_a_collector_gets_the_spans_of_a_request(start, collect):
    collector = collect()
    server = start(collector.endpoint)
    answer = server.request(
        "POST",
        SCORE + "?tag=production",
        {"row": ROW},
        traceparent=f"00-{TRACE}-{SPAN}-01",
        tracestate="vendor=value",
    )
    (span,) = collector.wait_for(1)
    assert (span["traceId"], span["parentSpanId"]) == (TRACE, SPAN)
    assert span["spanId"] in answer.headers["traceparent"]
    assert span["traceState"] == "vendor=value"
    assert span["name"] == "POST /v1/models/{name}/score"
    assert "status" not in span
    told = attributes(span)
    peer = told.pop("client.address"), told.pop("client.port")
    assert peer[0] == "127.0.0.1"
    assert 0 < peer[1] < 65536
    assert told.pop("http.request.body.size") > 10
    assert told == {
        "http.request.method": "POST",
        "http.route": "/v1/models/{name}/score",
        "url.path": SCORE,
        "url.scheme": "http",
        "http.response.status_code": 200,
        "http.response.body.size": len(answer.body),
        "network.protocol.version": "1.1",
        "bascule.model": MODEL,
        "bascule.version": "v1",
        "bascule.digest": answer.json["digest"],
        "bascule.tag": "production",
        "bascule.rows": 1,
        "bascule.bad_rows": 0,
        "bascule.principal": "local",
        "bascule.event_id": answer.json["event_id"],
    }
    stages = [one for one in collector.spans if one["kind"] == 1]
    assert [one["name"] for one in stages] == ["wait", "parse", "score", "write"]
    at = int(span["startTimeUnixNano"])
    for one in stages:
        assert (one["traceId"], one["parentSpanId"]) == (TRACE, span["spanId"])
        assert int(one["startTimeUnixNano"]) == at
        at = int(one["endTimeUnixNano"])
    assert at <= int(span["endTimeUnixNano"]) <= time.time_ns()
    resource = attributes(json.loads(collector.bodies[0])["resourceSpans"][0]["resource"])
    assert resource["service.name"] == "bascule"
    assert resource["service.instance.id"] == socket.gethostname()


def test_the_spans_are_opentelemetrys(start, collect):
    """Read by the messages that OpenTelemetry publishes: no field but theirs, of their types."""
    service = pytest.importorskip(
        "opentelemetry.proto.collector.trace.v1.trace_service_pb2",
        reason="opentelemetry-proto is not installed here",
    )
    from google.protobuf import json_format

    collector = collect()
    server = start(collector.endpoint)
    server.request("POST", SCORE, {"row": ROW}, tracestate="a=b", **sampled(1))
    server.request("GET", "/no/such/place", **sampled(2))
    collector.wait_for(2)

    def as_base64(match: re.Match) -> str:  # OTLP writes ids in hex, protobuf's JSON does not
        return f'"{match[1]}":"{base64.b64encode(bytes.fromhex(match[2])).decode()}"'

    for body in collector.bodies:
        text = re.sub(r'"(traceId|spanId|parentSpanId)":"(\w+)"', as_base64, body.decode())
        request = json_format.Parse(text, service.ExportTraceServiceRequest())
        for span in request.resource_spans[0].scope_spans[0].spans:
            assert len(span.trace_id) == 16
            assert len(span.span_id) == len(span.parent_span_id) == 8
            assert 0 < span.start_time_unix_nano <= span.end_time_unix_nano
            assert span.flags == 1


def test_errors_of_ours_are_errors_of_the_span(start, collect):
    collector = collect()
    server = start(collector.endpoint)
    server.request("GET", "/no/such/place", **sampled(1))
    server.request("BREW", "/ping", **sampled(2))
    server.request("POST", SCORE, {"row": ROW}, X_Request_Timeout_Ms="x", **sampled(3))
    with server.connect() as connection:
        connection.send(
            f"POST {SCORE} HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
            f"X-Request-Timeout-Ms: 1\r\ntraceparent: {sampled(4)['traceparent']}\r\n\r\n".encode()
            + b"{}  "
        )
        connection.read()
    spans = {int(span["parentSpanId"], 16): span for span in collector.wait_for(4)}
    assert spans[1]["name"] == "GET"
    assert "http.route" not in attributes(spans[1])
    assert attributes(spans[1])["error.type"] == "not_found"
    assert spans[2]["name"] == "HTTP"
    assert attributes(spans[2])["http.request.method"] == "_OTHER"
    assert attributes(spans[2])["http.request.method_original"] == "BREW"
    assert attributes(spans[3])["error.type"] == "invalid"
    assert all("status" not in spans[i] for i in (1, 2, 3))


def test_a_caller_decides_what_is_sampled_and_else_chance_does(start, collect):
    collector = collect()
    server = start(collector.endpoint, every=5)
    with server.connect() as connection:
        for i in range(500):
            unsampled = {"traceparent": f"00-{TRACE}-{i + 1:016x}-00"}
            assert connection.request("GET", "/ping", headers=unsampled).status == 200
        for _ in range(500):
            assert connection.request("GET", "/ping").status == 200
        connection.request("GET", "/v1/about", headers=sampled(7))
    server.stop()
    spans = collector.wait_for(1)
    assert [span["name"] for span in spans if span["traceId"] == TRACE] == ["GET /v1/about"]
    begun = [span for span in spans if span["name"] == "GET /ping"]
    assert 50 < len(begun) < 200
    assert all("parentSpanId" not in span for span in begun)
    assert len({span["traceId"] for span in begun}) == len(begun)


def test_grpc_calls_have_the_conventions_of_rpc(start, collect):
    grpc = pytest.importorskip("grpc")
    collector = collect()
    server = start(collector.endpoint)
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:

        def call(method: str, number: int):
            return channel.unary_unary(method).with_call(
                b"", metadata=(("traceparent", sampled(number)["traceparent"]),), timeout=30
            )

        _, good = call("/inference.GRPCInferenceService/ServerLive", 1)
        with pytest.raises(grpc.RpcError) as bad:
            call("/inference.GRPCInferenceService/Nothing", 2)
        with pytest.raises(grpc.RpcError):
            call("/inference.GRPCInferenceService/ModelInfer", 3)
    metadata = dict(good.initial_metadata())
    assert TRACE in metadata["traceparent"]
    assert bad.value.code() is grpc.StatusCode.UNIMPLEMENTED
    spans = {int(span["parentSpanId"], 16): span for span in collector.wait_for(3)}
    told = attributes(spans[1])
    assert spans[1]["name"] == "inference.GRPCInferenceService/ServerLive"
    assert told["rpc.system"] == "grpc"
    assert told["rpc.service"] == "inference.GRPCInferenceService"
    assert told["rpc.method"] == "ServerLive"
    assert told["rpc.grpc.status_code"] == 0
    assert told["network.protocol.version"] == "2"
    assert "http.route" not in told
    assert attributes(spans[2])["rpc.grpc.status_code"] == 12
    assert spans[2]["status"] == {"code": 2}
    assert attributes(spans[3])["error.type"]
    assert "status" not in spans[3]  # what a caller did wrong


# ---- Collectors that fail


@pytest.mark.parametrize(
    "fault", [Fault(503), Fault(429, {"Retry-After": "1"}), Fault(silent=True)]
)
def test_what_the_collector_cannot_take_now_is_sent_again(start, collect, fault):
    collector = collect(fault)
    server = start(collector.endpoint)
    server.request("GET", "/ping", **sampled(1))
    (span,) = collector.wait_for(1)
    assert int(span["parentSpanId"], 16) == 1
    first, second = collector.posts
    assert second - first >= 0.95
    wait_for_metric(server, EXPORTED, 1)
    assert metric(server, DROPPED) == 0


@pytest.mark.parametrize("status", [400, 404, 413, 500, 302])
def test_what_it_refuses_is_dropped_and_counted(start, collect, status):
    collector = collect(Fault(status))
    server = start(collector.endpoint)
    server.request("GET", "/ping", **sampled(1))
    wait_for_metric(server, DROPPED, 1)
    server.request("GET", "/ping", **sampled(2))
    (span,) = collector.wait_for(1)
    assert int(span["parentSpanId"], 16) == 2
    assert len(collector.posts) == 2


def test_a_collector_that_is_down_or_silent_harms_no_request(start):
    with socket.create_server(
        ("127.0.0.1", 0), backlog=8
    ) as silent:  # it accepts, and says nothing
        server = start(f"http://127.0.0.1:{silent.getsockname()[1]}")
        body = {"row": ROW}
        with server.connect() as connection:
            end = time.monotonic() + 60
            while metric(server, DROPPED) == 0:  # the queue is full
                assert time.monotonic() < end
                for i in range(200):
                    answer = connection.request("POST", SCORE, body, sampled(i + 1))
                    assert answer.status == 200
        begun = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - begun < 20


def test_what_waits_is_sent_when_the_server_stops(start, collect):
    collector = collect()
    server = start(collector.endpoint)
    server.request("GET", "/ping", **sampled(1))
    assert server.stop() == 0
    assert len(collector.spans) == 1


def test_an_endpoint_that_is_none_ends_the_start(start):
    with pytest.raises(AssertionError, match="must be http://"):
        start("https://collector:4318")
