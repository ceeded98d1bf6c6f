"""Models, versions, tags and their history, and the promotion that needs a report."""

from __future__ import annotations

import pytest


def test_a_model_is_made_once(server):
    body = {
        "name": "risk/once",
        "kind": "yes/no",
        "owner": "risk",
        "segments": ["channel"],
        "columns": {"key": "id"},
        "policy": {"threshold": 0.5, "actions": ["pass", "block"]},
    }
    made = server.request("POST", "/v1/models", body)
    assert made.status == 201
    assert made.json["policy"]["actions"] == ["pass", "block"]
    assert server.request("POST", "/v1/models", body).status == 409
    shown = server.request("GET", "/v1/models/risk/once").json
    assert shown["columns"] == {"key": "id"}
    assert shown["segments"] == ["channel"]
    assert "risk/once" in [m["name"] for m in server.request("GET", "/v1/models").json["models"]]


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "maybe"},
        {"name": "Risk/X"},
        {"name": "risk"},
        {"owner": ""},
        {"colour": "red"},
        {"policy": {"min_labelled": -1}},
        {"policy": {"treshold": 0.5}},
        {"segments": "web"},
        {"columns": {"kye": "id"}},
        {"extra_columns": "maybe"},
    ],
    ids=str,
)
def test_a_model_that_cannot_be_is_refused(server, change):
    body = {"name": "risk/bad", "kind": "yes/no", "owner": "risk", **change}
    answer = server.request("POST", "/v1/models", body)
    assert answer.status == 400, answer.body
    assert server.request("GET", "/v1/models/risk/bad").status == 404


def test_a_push_never_creates_a_model_and_says_how(server, packed):
    answer = server.request("POST", "/v1/models/no/body/versions", packed.package.bytes)
    assert answer.status == 404
    assert "bascule create no/body" in answer.json["error"]


def test_a_package_packed_for_another_model_is_refused(server, packed):
    server.client.create("risk/other", kind="yes/no", owner="risk")
    answer = server.request("POST", "/v1/models/risk/other/versions", packed.package.bytes)
    assert answer.status == 400
    assert "fraud/charge" in answer.json["error"]


def test_a_package_with_one_bit_flipped_is_refused(server, packed):
    package = bytearray(packed.package.bytes)
    package[len(package) // 2] ^= 1
    answer = server.request("POST", "/v1/models/fraud/charge/versions", bytes(package))
    assert answer.status == 400
    assert server.request("POST", "/v1/models/fraud/charge/versions", b"").status == 400
    garbage = server.request("POST", "/v1/models/fraud/charge/versions", b"x" * 5000)
    assert garbage.status in (400, 413)


def test_the_same_bytes_are_the_same_version(server, packed):
    answer = server.request("POST", "/v1/models/fraud/charge/versions", packed.package.bytes)
    assert answer.status == 200
    assert answer.json["created"] is False
    assert answer.json["version"] == "v1"


def test_a_version_shows_what_it_takes_and_can_be_had_back(server, packed):
    for name in ("v1", "1", "production", packed.package.digest):
        shown = server.request("GET", f"/v1/models/fraud/charge/versions/{name}").json
        assert shown["digest"] == packed.package.digest
        assert [column["name"] for column in shown["inputs"]] == ["amount", "age", "country"]
        assert "production" in shown["tags"]
    back = server.request("GET", "/v1/models/fraud/charge/versions/v1/package")
    assert back.body == packed.package.bytes
    assert server.request("GET", "/v1/models/fraud/charge/versions/v99").status == 404
    assert server.request("GET", "/v1/models/fraud/charge/versions/V!").status == 400


def test_a_tag_moves_only_from_where_it_was_seen(server):
    tag = "/v1/models/fraud/charge/tags/candidate/cas"
    made = server.request("PUT", tag, {"version": "v1"}, If_None_Match="*")
    assert made.status == 200
    assert made.headers["etag"] == '"1"'
    assert server.request("PUT", tag, {"version": "v1"}, If_Match='"7"').status == 412
    assert server.request("GET", tag).headers["etag"] == '"1"'
    assert server.request("PUT", tag, {"version": "v1"}, If_Match="x").status == 400
    gone = server.request("DELETE", tag, {"reason": "done"}, If_Match='"1"')
    assert gone.status == 200
    assert server.request("GET", tag).status == 404


def test_production_asks_for_the_revision(server):
    tag = "/v1/models/fraud/charge/tags/production"
    revision = server.request("GET", tag).headers["etag"]
    dry = {"version": "v1", "force": True, "reason": "try", "dry_run": True}
    assert server.request("PUT", tag, dry, If_Match=revision).status == 200
    assert server.request("DELETE", tag, {}).status == 428


def test_a_tag_may_have_its_slash_encoded(server):
    path = "/v1/models/fraud/charge/tags/candidate%2Fencoded"
    assert server.request("PUT", path, {"version": "v1"}, If_None_Match="*").status == 200
    raw = server.request("GET", "/v1/models/fraud/charge/tags/candidate/encoded")
    assert raw.json["tag"] == "candidate/encoded"
    assert server.request("DELETE", path, {}, If_Match=raw.headers["etag"]).status == 200


def test_the_history_remembers_who_and_is_verified(server):
    answer = server.request("GET", "/v1/models/fraud/charge/history").json
    assert answer["verified"] is True
    first = next(e for e in answer["events"] if e["tag"] == "production")
    assert (first["kind"], first["new_version"], first["actor"]) == ("set", "v1", "anna")
    only = server.request("GET", "/v1/models/fraud/charge/history/production?limit=1").json
    assert [e["seq"] for e in only["events"]] == [first["seq"]]
    assert server.request("GET", "/v1/models/fraud/charge/history?limit=x").status == 400
    assert server.request("GET", "/v1/models/fraud/charge/history?form=x").status == 400


def test_a_candidate_is_not_promoted_without_a_report(server):
    client = server.client
    client.tag("fraud/charge", "candidate/same", "v1")
    answer = server.request(
        "POST", "/v1/models/fraud/charge/promotions", {"candidate": "candidate/same"}
    )
    assert answer.status in (409, 428)
    report = server.request(
        "POST", "/v1/models/fraud/charge/reports", {"candidate": "candidate/same"}
    )
    assert report.status == 409
    assert "same package" in report.json["error"]


def test_metrics_count_what_was_asked(server):
    def rows_scored():
        text = server.request("GET", "/metrics").body.decode()
        assert "process_resident_memory_bytes" in text
        assert 'bascule_live_info{model="fraud/charge",tag="production",version="v1"' in text
        lines = [
            line
            for line in text.splitlines()
            if line.startswith('bascule_rows_scored_total{model="fraud/charge"')
        ]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines)

    before = rows_scored()
    body = {"rows": [{"row": {"amount": 1, "age": 2, "country": "DE"}}] * 3}
    server.request("POST", "/v1/models/fraud/charge/score", body)
    assert rows_scored() == before + 3


def test_about_names_the_operators(server):
    about = server.request("GET", "/v1/about").json
    assert about["formats"] == [1]
    assert about["operators"]["linear"] == [1]
