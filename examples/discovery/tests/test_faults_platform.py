"""What README.md promises for the loss of each part: it is really killed, stopped or filled, and requests go on."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest
from booking_ground import send
from parts_ground import DETAIL, LISTING, VERSIONS, PartsGround, Timed, listens, wait_for

pytestmark = [pytest.mark.xdist_group("discovery-parts"), pytest.mark.long]

WORKERS = 2
STORE_TIMEOUT, STORE_PAUSE = 0.2, 3.0  # keyvalue/client.py
SERVICE_TIMEOUT = 0.3  # optimized/listing/precomputed.py, legacy/cache_service.py
MOST_WAITS = 2  # of a request that meets the store first: to connect, and for the answer


def many(parts: PartsGround, path: str, count: int, version: str = "optimized", user: int | None = 1) -> list[Timed]:
    """Answers to the same request, one after the other; all must be good."""
    answers = [parts.get(path, version, user) for _ in range(count)]
    assert {answer.status for answer in answers} == {200}
    return answers


def test_key_value_store_killed(mended: PartsGround) -> None:
    """Discovery works uncached, nobody is limited, hand-started copies work; all comes back by itself."""
    parts = mended
    many(parts, LISTING, 2)
    parts.kill("valkey")
    assert all(answer.cache == "discovery; fwd=bypass" for answer in many(parts, LISTING, 10))
    for version in VERSIONS:
        many(parts, DETAIL, 5, version)
    statuses = {parts.ask("GET", "/v1/discovery?capacity_min=x", 130).status for _ in range(650)}
    assert statuses == {400}, "open: nobody is refused"
    item = parts.item()
    booking = parts.booked(1, item.wish())
    assert parts.ask("POST", f"/v1/bookings/{booking['id']}/cancel", 1).status == 200
    for version in VERSIONS:
        with parts.by_hand(version, "/dev/null") as port:
            assert send(port, "GET", LISTING).status == 200
            assert send(port, "GET", LISTING).status == 200
    parts.command("up")
    wait_for(lambda: parts.get(LISTING).cache == "discovery; hit", 15)


def test_key_value_store_slow(mended: PartsGround) -> None:
    """A worker waits for it once every few seconds, and not longer than it takes to see that it is slow."""
    parts = mended
    usual = sorted(answer.seconds for answer in many(parts, "/healthz", 20))[-1]
    with parts.stopped("valkey"):
        began = time.monotonic()
        answers = many(parts, DETAIL, 60)
        tries = (time.monotonic() - began) / STORE_PAUSE + 1
    slow = [answer.seconds for answer in answers if answer.seconds > STORE_TIMEOUT + usual]
    assert len(slow) <= WORKERS * tries + 5, "else each of them would have waited"
    assert sorted(answer.seconds for answer in answers)[30] < STORE_TIMEOUT + usual
    wait_for(lambda: parts.get(LISTING).cache == "discovery; hit", 15)


def test_cache_service_slow(mended: PartsGround) -> None:
    """It never answers: the application gives its own answer; without `cache=true` it does not even ask."""
    parts = mended
    path = "/v1/discovery?city=porto&date=2026-10-14&page_size=2"
    own = {version: parts.get(path, version) for version in VERSIONS}
    with parts.stopped("cache"):
        for version in VERSIONS:
            asked = parts.get(f"{path}&cache=true", version)
            assert asked.answer.json == own[version].answer.json
            assert SERVICE_TIMEOUT <= asked.seconds < 5
        fresh = [parts.get(f"{path}&page={page}&cache=true") for page in range(2, 22)]
        waited = [answer for answer in fresh if answer.stages()["service"] > 250]
        assert len(waited) < len(fresh) / 2, "a worker asks it once every few seconds"
        assert all("service" not in parts.get(f"{path}&page={page}").stages() for page in range(2, 6))


def test_cache_service_killed(mended: PartsGround) -> None:
    parts = mended
    path = "/v1/discovery?city=porto&date=2026-10-14&page_size=2"
    parts.kill("cache")
    for version in VERSIONS:
        many(parts, f"{path}&cache=true", 5, version)


def test_auth_gone(mended: PartsGround) -> None:
    """Keys that are known go on, also in applications that start meanwhile; a login is impossible."""
    parts = mended
    parts.token(1)
    parts.kill("auth")
    for version in VERSIONS:
        many(parts, DETAIL, 6, version)
        with parts.by_hand(version, "/dev/null") as port:
            assert send(port, "GET", DETAIL, None, {"Authorization": f"Bearer {parts.token(1)}"}).status == 200
    with pytest.raises(OSError, match="refused"):
        parts.token(140)


def test_collector_gone_and_its_disk_full(mended: PartsGround) -> None:
    parts = mended
    parts.kill("otlp")
    for version in VERSIONS:
        many(parts, DETAIL, 10, version)
    parts.command("up")
    file = parts.var / "otlp" / "traces.jsonl"
    file.unlink(missing_ok=True)
    file.symlink_to("/dev/full")
    for version in VERSIONS:
        many(parts, DETAIL, 10, version)
    time.sleep(3)  # let them be sent, and refused
    many(parts, DETAIL, 2)
    file.unlink()
    many(parts, DETAIL, 4)
    wait_for(file.exists, 20)


@pytest.mark.parametrize("version", VERSIONS)
def test_disk_full_for_logs(mended: PartsGround, version: str) -> None:
    """Every line that is written fails: /dev/full says "No space left on device"."""
    parts = mended
    variables = {"DISCOVERY_LOG_FILE": "/dev/full"} if version == "legacy" else {}
    for more in ({}, variables):
        with parts.by_hand(version, "/dev/full", **more) as port:
            for _ in range(5):
                assert send(port, "GET", LISTING).status == 200
                assert send(port, "GET", "/v1/nothing").status == 404


def test_postgresql_restarted(mended: PartsGround) -> None:
    """While it is away requests end with an error in the usual form; afterwards every worker goes on by itself."""
    parts = mended
    for version in VERSIONS:
        many(parts, DETAIL, 12, version)
    port = parts.record("postgres")["port"]
    pids = {name: parts.record(name)["pid"] for name in (*VERSIONS, "worker")}
    os.kill(parts.record("postgres")["pid"], signal.SIGINT)
    wait_for(lambda: not listens(port), 20)
    for version in VERSIONS:
        away = parts.get(DETAIL, version, 1)
        assert away.status in (500, 503)
        assert away.answer.json["error"]["code"] in ("internal_error", "unavailable")
        assert parts.get("/healthz", version).status == 200
    parts.python(
        "from discovery.ground import platform\n"
        f"with platform.exclusive(): platform.start_postgres({port}, platform.alive_records())"
    )
    for version in VERSIONS:
        many(parts, DETAIL, 20, version)
    assert pids == {name: parts.record(name)["pid"] for name in pids}, "nobody was started anew"


def test_postgresql_killed_under_load(mended: PartsGround) -> None:
    """Requests in flight fail; as soon as it is there again no request does."""
    parts = mended
    statuses: list[int] = []
    end = threading.Event()

    def client(number: int) -> None:
        while not end.is_set():
            statuses.append(parts.get(DETAIL, VERSIONS[number % 2], 1).status)

    parts.token(1)
    port = parts.record("postgres")["port"]
    threads = [threading.Thread(target=client, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    os.kill(parts.record("postgres")["pid"], signal.SIGKILL)
    wait_for(lambda: not listens(port), 20)
    parts.python(
        "from discovery.ground import platform\n"
        f"with platform.exclusive(): platform.start_postgres({port}, platform.alive_records())"
    )
    end.set()
    for thread in threads:
        thread.join(60)
    assert set(statuses) <= {200, 500, 503}
    for version in VERSIONS:
        many(parts, DETAIL, 20, version)
