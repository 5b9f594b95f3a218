"""The systems outside: the cache service, the collector of telemetry, and the keys of the auth service."""

from __future__ import annotations

import base64
import gzip
import http.client
import json
import time
from typing import Any
from urllib.parse import urlsplit

import pytest
from parts_ground import DETAIL, VERSIONS, PartsGround, wait_for

pytestmark = pytest.mark.xdist_group("discovery-parts")

SEARCH = "/v1/discovery?city=madrid&date=2026-10-14&page_size=3"


def attributes(found: dict[str, Any]) -> dict[str, Any]:
    """OTLP's list of attributes as a dict."""
    return {one["key"]: next(iter(one["value"].values())) for one in found["attributes"]}


def spans(parts: PartsGround) -> list[dict[str, Any]]:
    """Attributes of every span so far, with the application's name and the span's id."""
    found = []
    for line in parts.lines("traces").splitlines():
        for resource in json.loads(line)["resourceSpans"]:
            name = attributes(resource["resource"])["service.name"]
            for scope in resource["scopeSpans"]:
                found += [{**attributes(s), "service": name, "trace": s["traceId"]} for s in scope["spans"]]
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_the_cache_service_answers_what_was_asked_for_before(parts: PartsGround, version: str) -> None:
    own = parts.get(SEARCH, version).answer
    asked = f"{SEARCH}&cache=true"
    assert parts.get(asked, version).answer.json == own.json, "not computed yet: its own answer"

    def computed() -> bool:
        port = urlsplit(parts.state["cache_url"]).port
        connection = http.client.HTTPConnection("127.0.0.1", port or 0, timeout=10)
        connection.request("GET", f"/results/{namespace(parts, version)}?{SEARCH.partition('?')[2]}")
        answer = connection.getresponse()
        good = answer.status == 200 and json.loads(answer.read()) == own.json and 0 <= int(answer.headers["Age"]) <= 60
        connection.close()
        return good

    wait_for(computed, 20)
    again = parts.get(asked, version)
    assert again.answer.json == own.json
    if version == "optimized":
        assert again.cache == "cache-service; hit"
        assert parts.get(SEARCH).cache.startswith("discovery;"), "not asked without cache=true"
    wrong = parts.get("/v1/discovery?capacity_min=x&cache=true", version)
    assert wrong.status == 400


def namespace(parts: PartsGround, version: str) -> str:
    """The short name of a version's database."""
    code = f"from discovery.keyvalue.client import namespace; print(namespace({parts.state['databases'][version]!r}))"
    return parts.python(code).strip()


@pytest.mark.parametrize("version", VERSIONS)
def test_requests_are_seen_by_the_collector_without_what_was_asked(parts: PartsGround, version: str) -> None:
    trace = f"{VERSIONS.index(version) + 1:032x}"
    at = parts.on(version)
    connection = http.client.HTTPConnection("127.0.0.1", at.port, timeout=60)
    headers = {"traceparent": f"00-{trace}-00000000000000aa-01", "Authorization": f"Bearer {at.token(1)}"}
    connection.request("GET", "/v1/discovery?city=faro&lat=38.98765&lng=-9.12345&date=2026-10-14", headers=headers)
    status = connection.getresponse().status
    connection.close()
    parts.get("/v1/nothing-here", version)
    wait_for(lambda: [span for span in spans(parts) if span["trace"] == trace], 30)
    seen = next(span for span in spans(parts) if span["trace"] == trace)
    assert seen == {
        "http.request.method": "GET",
        "http.route": "/v1/discovery",
        "http.response.status_code": str(status),
        "service": f"discovery-{version}",
        "trace": trace,
    }
    wait_for(lambda: trace in parts.lines("logs"), 30)
    wait_for(lambda: f"discovery-{version}" in parts.lines("metrics"), 30)
    assert "http.server.request.duration" in parts.lines("metrics")
    everything = "".join(parts.lines(kind) for kind in ("traces", "metrics", "logs"))
    for private in ("38.98765", "faro", "user1@", at.token(1), "nothing-here"):
        assert private not in everything


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"", {}, 200),  # a request about nothing
        (gzip.compress(b""), {"Content-Encoding": "gzip"}, 200),
        (b"\xff\xff", {}, 400),
        (b"not gzip", {"Content-Encoding": "gzip"}, 400),
        (gzip.compress(b"\x00" * 30_000_000), {"Content-Encoding": "gzip"}, 400),
        (b"", {"Content-Encoding": "br"}, 400),
    ],
    # named, because gzip writes the time into its bytes: each process would call the tests otherwise
    ids=["nothing", "nothing packed", "no message", "not packed", "too large unpacked", "unknown packing"],
)
def test_the_collector_refuses_what_is_no_export(
    parts: PartsGround, body: bytes, headers: dict[str, str], status: int
) -> None:
    port = urlsplit(parts.state["otlp_url"]).port or 0
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", "/v1/traces", body, {"Content-Type": "application/x-protobuf", **headers})
    assert connection.getresponse().status == status
    connection.close()


def test_keys_are_replaced_in_mid_run(parts: PartsGround) -> None:
    """Tokens of the old key stay good in both versions, those of the new one are good at once, in every worker."""
    old = {user: parts.token(user) for user in (1, 2)}
    before = keys(parts)
    for version in VERSIONS:
        assert {parts.get(DETAIL, version, 1).status for _ in range(6)} == {200}
    assert "new key" in parts.command("rotate-keys")
    after = keys(parts)
    assert [key["kid"] for key in after[1:]] == [key["kid"] for key in before]
    assert time.time() + 3600 <= after[1]["good_until"] <= time.time() + 3700, "as long as a token lives"
    parts._tokens.clear()
    new = parts.token(1)
    assert header(new)["kid"] == after[0]["kid"] != header(old[1])["kid"]
    for version in VERSIONS:
        assert {parts.get(DETAIL, version, 1).status for _ in range(10)} == {200}
        parts._tokens[1] = old[1]
        assert {parts.get(DETAIL, version, 1).status for _ in range(10)} == {200}
        parts._tokens[1] = new
    parts.command("rotate-keys")
    assert len(keys(parts)) == 3
    assert "new key" not in parts.command("up"), "a start keeps the keys"
    assert [key["kid"] for key in keys(parts)][1] == after[0]["kid"]


def keys(parts: PartsGround) -> list[dict[str, Any]]:
    """The keys that the auth service publishes."""
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(parts.state["auth_url"]).port or 0, timeout=10)
    connection.request("GET", "/.well-known/jwks.json")
    found: list[dict[str, Any]] = json.loads(connection.getresponse().read())["keys"]
    connection.close()
    return found


def header(token: str) -> dict[str, Any]:
    """A token's header."""
    return dict(json.loads(base64.urlsafe_b64decode(token.partition(".")[0] + "==")))
