"""What goes into the score log through the public interface comes out of it again."""

from __future__ import annotations

import pytest

MODEL = "risk/log"
LOG = f"/v1/models/{MODEL}/log"
ROWS = [
    {
        "row": {"amount": 1.5, "age": 30, "country": "DE"},
        "id": "r1",
        "key": "k1",
        "entity": "card-1",
        "segments": {"channel": "web"},
        "amount": 12.5,
        "time": "2026-01-02T03:04:05Z",
    },
    {
        "row": {"amount": 7.25, "age": 70, "country": "FR"},
        "id": "r2",
        "key": "k2",
        "entity": "card-2",
        "segments": {"channel": "shop"},
        "amount": 99.0,
        "time": "2026-02-03T04:05:06Z",
    },
]
DECISIONS = [{"key": "k1", "action": "review", "propensity": 0.25, "explored": True}]
LABELS = [
    {
        "key": "k1",
        "value": 1,
        "amount": 12.5,
        "source": "chargeback",
        "observed_at": "2026-03-01T00:00:00Z",
    },
    {
        "key": "k2",
        "value": False,
        "amount": 0,
        "source": "review",
        "observed_at": "2026-03-02T00:00:00Z",
    },
    {"key": "nobody", "value": 0},
]


@pytest.fixture(scope="module")
def logged(server, packed):
    """Two rows that differ in everything that a caller can say, with what became known later."""
    body = {
        "name": MODEL,
        "kind": "yes/no",
        "owner": "risk",
        "segments": ["channel"],
        "policy": {"threshold": 0.5, "actions": ["pass", "block"]},
    }
    assert server.request("POST", "/v1/models", body).status == 201
    package = packed.repack(MODEL)
    assert server.request("POST", f"/v1/models/{MODEL}/versions", package).status == 201
    server.client.tag(MODEL, "production", "v1")
    twin = packed.repack(MODEL, notes="other bytes, the same scores")
    assert server.request("POST", f"/v1/models/{MODEL}/versions", twin).status == 201
    server.client.tag(MODEL, "candidate/twin", "v2")
    scored = server.request("POST", f"/v1/models/{MODEL}/score", {"rows": ROWS}).json["rows"]
    answer = server.request("POST", f"/v1/models/{MODEL}/decisions", {"decisions": DECISIONS})
    assert answer.json == {"accepted": 1}
    answer = server.request("POST", f"/v1/models/{MODEL}/labels", {"labels": LABELS})
    # A report waits until everything that was scored is in the log.
    server.request("POST", f"/v1/models/{MODEL}/reports", {"candidate": "candidate/twin"})
    entries = server.request("GET", LOG).json["scores"]
    return scored, {entry["key"]: entry for entry in entries}, answer.json


def test_every_column_is_read_back(server, packed, logged):
    scored, entries, counts = logged
    assert counts["accepted"] == 3
    assert "nobody" not in entries
    one, two = entries["k1"], entries["k2"]
    assert [one["event_id"], two["event_id"]] == [row["event_id"] for row in scored]
    assert [one["score"], two["score"]] == [row["score"] for row in scored]
    expected = {
        "id": ("r1", "r2"),
        "amount": (12.5, 99.0),
        "time": ("2026-01-02T03:04:05.000000Z", "2026-02-03T04:05:06.000000Z"),
        "segments": ({"channel": "web"}, {"channel": "shop"}),
        "features": (
            {"age": 30, "amount": 1.5, "country": "DE"},
            {"age": 70, "amount": 7.25, "country": "FR"},
        ),
    }
    for column, values in expected.items():
        assert (one[column], two[column]) == values, column
    assert one["entity_hash"] != two["entity_hash"]
    for entry in (one, two):
        assert entry["version"] == "v1"
        assert entry["tag"] == "production"
        assert entry["threshold"] == 0.5
        assert entry["status"] == "ok"
        assert entry["revision"] == 1
        assert len(entry["shadows"]) == 1
        assert entry["shadows"][0]["tag"] == "candidate/twin"
        assert entry["shadows"][0]["score"] == entry["score"]


def test_a_decision_replaces_the_side_of_the_threshold(logged):
    scored, entries, _ = logged
    assert entries["k1"]["decision"] == {
        "action": "review",
        "propensity": 0.25,
        "explored": True,
        "source": "reported",
    }
    assert entries["k2"]["decision"] == {
        "action": scored[1]["action"],
        "propensity": 1.0,
        "explored": False,
        "source": "derived",
    }


def test_labels_join_on_the_key(logged):
    _, entries, counts = logged
    label = entries["k1"]["label"]
    assert (label["value"], label["amount"], label["source"]) == (1.0, 12.5, "chargeback")
    assert label["observed_at"] == "2026-03-01T00:00:00.000000Z"
    label = entries["k2"]["label"]
    assert (label["value"], label["amount"], label["source"]) == (0.0, 0.0, "review")
    assert counts["unknown_keys"] >= 1


def test_the_log_is_filtered_and_paged(server, logged):
    _, entries, _ = logged
    only = server.request("GET", LOG + "?key=k2").json["scores"]
    assert [entry["key"] for entry in only] == ["k2"]
    newest = server.request("GET", LOG + "?limit=1").json["scores"]
    older = server.request("GET", LOG + f"?limit=1&before={newest[0]['seq']}").json["scores"]
    assert {newest[0]["key"], older[0]["key"]} == set(entries)
    assert server.request("GET", LOG + "?since=2999-01-01T00:00:00Z").json["scores"] == []
    assert server.request("GET", LOG + "?since=yesterday").status == 400
    assert server.request("GET", "/v1/models/no/body/log").status == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("labels", {"labels": []}),
        ("labels", {"labels": [{"key": "a"}]}),
        ("labels", {"labels": [{"key": "", "value": 1}]}),
        ("labels", {"labels": [{"key": "a", "value": None}]}),
        ("labels", {"labels": [{"key": "a", "value": 1, "colour": 1}]}),
        ("labels", {"labels": [{"key": "a", "value": 1, "observed_at": "now"}]}),
        ("decisions", {"decisions": [{"key": "a"}]}),
        ("decisions", {"decisions": [{"key": "a", "action": "b", "propensity": 0}]}),
        ("decisions", {"decisions": [{"key": "a", "action": "b", "propensity": 1.5}]}),
    ],
    ids=str,
)
def test_bad_labels_and_decisions_are_refused_by_name(server, logged, path, body):
    answer = server.request("POST", f"/v1/models/{MODEL}/{path}", body)
    assert answer.status == 400
    assert path in answer.json["error"] or "key" in answer.json["error"]
