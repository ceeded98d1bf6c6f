"""Client: the HTTP interface of a Bascule server (docs/http-api.md), by the standard library."""

from __future__ import annotations

import http.client
import json
import math
import os
import ssl
import threading
import urllib.parse
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

from bascule.engine import Engine
from bascule.errors import InputError, ServerError
from bascule.package import Package

Json: TypeAlias = dict[str, Any]


class Client:
    """A server's models, versions, tags, scores, labels, reports and promotions.

    url      "http://127.0.0.1:8080"; default: the environment's BASCULE_URL, then that address
    token    a bearer token; default: BASCULE_TOKEN
    actor    who acts, for the history of a server that runs without tokens
    timeout  seconds to wait for an answer
    ca_file    who signed the certificate of an https server, in PEM; default: BASCULE_CA_FILE, then
               the machine's CAs
    cert_file, key_file  this client's own, where the server asks for a certificate; default:
               BASCULE_CERT_FILE, BASCULE_KEY_FILE

    Answers are the server's JSON. Every method raises ServerError with the server's sentence when
    it answers with an error, and with status 0 when none answers. Threads may share a client; each
    has a connection of its own.
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        actor: str | None = None,
        timeout: float = 30.0,
        ca_file: str | os.PathLike[str] | None = None,
        cert_file: str | os.PathLike[str] | None = None,
        key_file: str | os.PathLike[str] | None = None,
    ) -> None:
        self.url = (url or os.environ.get("BASCULE_URL") or "http://127.0.0.1:8080").rstrip("/")
        self._parts = urllib.parse.urlsplit(self.url)
        if self._parts.scheme not in ("http", "https") or not self._parts.hostname:
            raise InputError(f"{self.url!r} is no address; expected http://host:port")
        self._headers = {"Accept": "application/json", "User-Agent": "bascule-python"}
        token = token or os.environ.get("BASCULE_TOKEN")
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        if actor:
            self._headers["X-Bascule-Actor"] = actor
        self._timeout = timeout
        self._context = self._tls(
            ca_file or os.environ.get("BASCULE_CA_FILE"),
            cert_file or os.environ.get("BASCULE_CERT_FILE"),
            key_file or os.environ.get("BASCULE_KEY_FILE"),
        )
        self._local = threading.local()

    # The server.

    def about(self) -> Json:
        """The server's version, and the formats and operators that it knows."""
        return self._json("GET", "/v1/about")

    def ready(self) -> bool:
        """True when the server answers and is ready to score."""
        try:
            return bool(self._json("GET", "/v1/health/ready").get("ready"))
        except ServerError:
            return False

    def serving(self) -> Json:
        """What the server has loaded, desired and actual, and the state of shadow and log."""
        return self._json("GET", "/v1/serving")

    # Models, versions, tags.

    def models(self) -> list[Json]:
        """Every model with its tags."""
        return _list(self._json("GET", "/v1/models"), "models")

    def create(
        self,
        name: str,
        *,
        kind: str,
        owner: str,
        label_window_days: float | None = None,
        segments: Sequence[str] | None = None,
        columns: Mapping[str, str] | None = None,
        extra_columns: str | None = None,
        policy: Mapping[str, Any] | None = None,
    ) -> Json:
        """Makes a new application. `push` never does: a misspelt name must not become a model."""
        body = _given(
            name=name,
            kind=kind,
            owner=owner,
            label_window_days=label_window_days,
            segments=None if segments is None else list(segments),
            columns=columns,
            extra_columns=extra_columns,
            policy=policy,
        )
        return self._json("POST", "/v1/models", body)

    def model(self, name: str) -> Json:
        """One model with its settings, policy and tags."""
        return self._json("GET", _path(name))

    def set_policy(self, name: str, policy: Mapping[str, Any]) -> Json:
        """What a report must show before a promotion; the whole policy, not a change of it."""
        return self._json("PUT", _path(name, "policy"), dict(policy))

    def push(
        self, package: Package | bytes | str | os.PathLike[str], name: str | None = None
    ) -> str:
        """Pushes a package, its bytes or its file; gives its version, "v7".

        name   the model; default: the name it was packed with
        The same bytes pushed again give the same version again.
        """
        if isinstance(package, Package):
            data = package.bytes
        else:
            data = package if isinstance(package, bytes) else Path(package).read_bytes()
        name = name or Engine(data).manifest.get("model")
        if name is None:
            raise InputError(
                "the package names no model; pass push(package, name=...), or pack it with name=..."
            )
        answer = self._json("POST", _path(name, "versions"), data)
        return str(answer["version"])

    def versions(self, name: str) -> list[Json]:
        """Every version of a model, with digest, notes, metrics and tags."""
        return _list(self._json("GET", _path(name, "versions")), "versions")

    def version(self, name: str, version: str | int) -> Json:
        """One version by number, digest or tag, with its inputs, outputs and steps."""
        return self._json("GET", _path(name, "versions", version))

    def download(self, name: str, version: str | int) -> bytes:
        """The bytes of a version's package."""
        return self._request("GET", _path(name, "versions", version, "package"))[0]

    def tags(self, name: str) -> list[Json]:
        """Every tag with its version, digest and revision."""
        return _list(self._json("GET", _path(name, "tags")), "tags")

    def tag(
        self,
        name: str,
        tag: str,
        version: str | int,
        *,
        revision: int | None = None,
        reason: str | None = None,
        force: bool = False,
        dry_run: bool = False,
    ) -> Json:
        """Points a tag at a version: "production" (its first version), "candidate/wider-trees".

        revision   the tag's revision that this change was decided on; 0 for a tag that must not
                   exist; default: the one it has now. ServerError 412 when the tag has moved.
        """
        path = _path(name, "tags", tag)
        if revision is None:
            revision = self._revision(path)
        body = _given(
            version=_version(version), reason=reason, force=force or None, dry_run=dry_run or None
        )
        return self._json("PUT", path, body, _condition(revision))

    def untag(self, name: str, tag: str, *, reason: str | None = None) -> Json:
        """Deletes a tag; gives its last state."""
        path = _path(name, "tags", tag)
        return self._json("DELETE", path, _given(reason=reason), _condition(self._revision(path)))

    def history(
        self,
        name: str,
        tag: str | None = None,
        *,
        after: int | None = None,
        limit: int | None = None,
    ) -> Json:
        """{"events": [...], "verified": true}: who moved which tag when and why, oldest first."""
        path = _path(name, "history") if tag is None else _path(name, "history", tag)
        return self._json("GET", path + _query(after=after, limit=limit))

    # Scores, labels, decisions.

    def score(
        self,
        name: str,
        row: Mapping[str, Any],
        *,
        outputs: Sequence[str] | None = None,
        version: str | int | None = None,
        **envelope: Any,
    ) -> Json:
        """Scores one row, a mapping of columns.

        envelope   id, key, entity, segments, amount, time, as in docs/http-api.md
        None, NaN and pd.NA are a missing value. Gives the server's answer for this row.
        """
        body = {"row": _plain(row), **_plain(envelope)}
        if outputs is not None:
            body["outputs"] = list(outputs)
        return self._json("POST", _path(name, "score") + _query(version=version), body)

    def score_rows(
        self,
        name: str,
        rows: Sequence[Mapping[str, Any]],
        *,
        outputs: Sequence[str] | None = None,
        version: str | int | None = None,
    ) -> Json:
        """Scores many rows, each an envelope {"row": {...}, "key": ...}; a bad one has "error"."""
        body = _given(
            rows=[_plain(row) for row in rows], outputs=None if outputs is None else list(outputs)
        )
        return self._json("POST", _path(name, "score") + _query(version=version), body)

    def label(
        self,
        name: str,
        key: str,
        value: Any,
        *,
        amount: float | None = None,
        source: str | None = None,
        observed_at: datetime | str | None = None,
        reverses: bool = False,
    ) -> Json:
        """What became of the row with this key."""
        label = _given(
            key=key,
            value=value,
            amount=amount,
            source=source,
            observed_at=observed_at,
            reverses=reverses or None,
        )
        return self.labels(name, [label])

    def labels(self, name: str, labels: Sequence[Mapping[str, Any]]) -> Json:
        """Many labels: {"key", "value", "amount"?, "source"?, "observed_at"?, "reverses"?}."""
        return self._json("POST", _path(name, "labels"), {"labels": [_plain(x) for x in labels]})

    def decide(
        self, name: str, key: str, action: str, *, propensity: float = 1.0, explored: bool = False
    ) -> Json:
        """What was done with the row of this key, and how probable that was."""
        decision = {"key": key, "action": action, "propensity": propensity, "explored": explored}
        return self._json("POST", _path(name, "decisions"), {"decisions": [decision]})

    def log(
        self,
        name: str,
        *,
        key: str | None = None,
        since: datetime | str | None = None,
        limit: int | None = None,
    ) -> list[Json]:
        """Logged scores, newest first, each with shadow scores, decision and label."""
        query = _query(key=key, since=_plain(since), limit=limit)
        return _list(self._json("GET", _path(name, "log") + query), "scores")

    # Report, promotion, roll-back.

    def report(
        self,
        name: str,
        candidate: str,
        *,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
    ) -> Json:
        """Compares a candidate with production on the rows that both scored."""
        body = _given(candidate=candidate, since=since, until=until)
        return self._json("POST", _path(name, "reports"), body)

    def promote(
        self,
        name: str,
        candidate: str,
        report: str | Mapping[str, Any] | None = None,
        *,
        reason: str | None = None,
        force: bool = False,
        dry_run: bool = False,
    ) -> Json:
        """Moves `production` to the candidate's version.

        report   the passing report (or its id) of exactly these two versions
        """
        report_id = report["id"] if isinstance(report, Mapping) else report
        body = _given(
            candidate=candidate,
            report=report_id,
            reason=reason,
            force=force or None,
            dry_run=dry_run or None,
        )
        revision = self._revision(_path(name, "tags", "production"))
        return self._json("POST", _path(name, "promotions"), body, _condition(revision))

    def rollback(
        self,
        name: str,
        to: str | int | None = None,
        *,
        reason: str | None = None,
        dry_run: bool = False,
    ) -> Json:
        """Moves `production` back: to the version it was promoted from, or to `to`."""
        body = _given(
            to=None if to is None else _version(to), reason=reason, dry_run=dry_run or None
        )
        return self._json("POST", _path(name, "rollbacks"), body)

    # Tokens: for admins.

    def tokens(self) -> list[Json]:
        """Every token with its name, role and state; never the secret."""
        return _list(self._json("GET", "/v1/tokens"), "tokens")

    def create_token(
        self, name: str, role: str, *, expires_at: datetime | str | None = None
    ) -> Json:
        """Makes a token; the answer's "token" is shown this once.

        role        viewer, scorer, publisher, promoter, operator or admin
        expires_at  a time with its zone, or RFC 3339; default: never
        """
        body = _given(name=name, role=role, expires_at=expires_at)
        return self._json("POST", "/v1/tokens", body)

    def revoke_token(self, token: int) -> Json:
        """Ends a token, by its id, at once."""
        return self._json("DELETE", f"/v1/tokens/{token}")

    # Requests.

    def _tls(
        self,
        ca: str | os.PathLike[str] | None,
        certificate: str | os.PathLike[str] | None,
        key: str | os.PathLike[str] | None,
    ) -> ssl.SSLContext | None:
        """How to speak to an https server; read once."""
        if self._parts.scheme != "https":
            return None
        try:
            context = ssl.create_default_context(cafile=ca)
            if certificate:
                context.load_cert_chain(certificate, key)
        except OSError as error:  # ssl.SSLError is one
            raise InputError(f"a file for https cannot be used: {error}") from None
        return context

    def _revision(self, path: str) -> int:
        """The tag's revision now; 0 when there is no such tag."""
        try:
            return int(self._json("GET", path)["revision"])
        except ServerError as error:
            if error.status == 404:
                return 0
            raise

    def _json(
        self,
        method: str,
        path: str,
        body: Json | bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Json:
        data, kind = self._request(method, path, body, headers)
        if "json" not in kind:
            raise ServerError(
                0,
                "internal",
                f"{self.url}{path} answered {kind or 'nothing'}, "
                "expected JSON; is this a Bascule server?",
            )
        answer: Json = json.loads(data)
        return answer

    def _request(
        self,
        method: str,
        path: str,
        body: Json | bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[bytes, str]:
        """The answer's body and its content type."""
        sent = {**self._headers, **(headers or {})}
        data = body if isinstance(body, bytes) or body is None else _encode(body)
        if data is not None:
            sent["Content-Type"] = (
                "application/octet-stream" if isinstance(body, bytes) else "application/json"
            )
        response, answer = self._exchange(method, path, data, sent)
        if response.status >= 300:
            raise _server_error(response.status, answer)
        return answer, response.headers.get("Content-Type", "")

    def _exchange(
        self, method: str, path: str, data: bytes | None, headers: Mapping[str, str]
    ) -> tuple[http.client.HTTPResponse, bytes]:
        reused = getattr(self._local, "connection", None) is not None
        try:
            connection = self._connection()
            connection.request(method, self._parts.path + path, data, dict(headers))
            response = connection.getresponse()
            return response, response.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            # A server closes an idle connection when it likes; only a GET can safely be sent again.
            if reused and method == "GET":
                return self._exchange(method, path, data, headers)
            raise ServerError(
                0,
                "unavailable",
                f"no answer from {self.url}: {error}; is the server running ('bascule serve')?",
            ) from None

    def _connection(self) -> http.client.HTTPConnection:
        if getattr(self._local, "connection", None) is None:
            host, port = str(self._parts.hostname), self._parts.port
            if self._parts.scheme == "https":
                self._local.connection = http.client.HTTPSConnection(
                    host, port, timeout=self._timeout, context=self._context
                )
            else:
                self._local.connection = http.client.HTTPConnection(
                    host, port, timeout=self._timeout
                )
        connection: http.client.HTTPConnection = self._local.connection
        return connection

    def close(self) -> None:
        """Closes this thread's connection; the next call opens a new one."""
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            self._local.connection = None

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _path(name: str, *rest: str | int) -> str:
    """The path of a model's route; a version is written as it is, a tag's slash stays raw."""
    if name.count("/") != 1:
        raise InputError(f"{name!r} is no model's name; expected two segments, 'fraud/charge'")
    parts = [name, *(str(part) for part in rest)]
    return "/v1/models/" + "/".join(urllib.parse.quote(part, safe="/:") for part in parts)


def _query(**parameters: Any) -> str:
    given = {key: value for key, value in parameters.items() if value is not None}
    return f"?{urllib.parse.urlencode(given, quote_via=urllib.parse.quote)}" if given else ""


def _condition(revision: int) -> dict[str, str]:
    return {"If-Match": f'"{revision}"'} if revision else {"If-None-Match": "*"}


def _version(version: str | int) -> str:
    return f"v{version}" if isinstance(version, int) else version


def _given(**members: Any) -> Json:
    return {key: _plain(value) for key, value in members.items() if value is not None}


def _list(answer: Json, key: str) -> list[Json]:
    found: list[Json] = answer[key]
    return found


def _plain(value: Any) -> Any:
    """A value as JSON has it: NaN and pd.NA are null, numpy's scalars are Python's."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if type(value).__name__ == "NAType" or (isinstance(value, float) and math.isnan(value)):
        return None
    return value


def _encode(body: Json) -> bytes:
    try:
        return json.dumps(body, allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError) as error:
        raise InputError(f"this cannot be sent as JSON: {error}") from None


def _server_error(status: int, answer: bytes) -> ServerError:
    try:
        found = json.loads(answer)
        return ServerError(status, str(found["code"]), str(found["error"]))
    except (ValueError, KeyError, TypeError):
        text = answer[:200].decode("utf-8", "replace")
        return ServerError(status, "internal", f"the server answered {status}: {text}")
