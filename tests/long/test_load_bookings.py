"""All that a user does with the optimized version, under load: searching, looking and booking mixed."""

from __future__ import annotations

import datetime as dt
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from booking_ground import BookingGround, Item, send
from contract_facts import Facts, read_facts
from contract_platform import started

from tests.long.asking import usual
from tests.long.crowd import percentile
from tests.long.figures import SCALE, Run

pytestmark = pytest.mark.long
CLIENTS, SECONDS = 20, max(3.0, 60 * SCALE)
BENCH_DATE = dt.date(2026, 10, 14)
BOOKINGS = 0.25
"""Share of the requests; the others are three listings for a detail page. Few times are wanted by all, so that many of
the bookings are conflicts."""


@dataclass(frozen=True, slots=True)
class Done:
    """One request: what was asked, and the answer."""

    kind: str
    status: int
    text: str
    seconds: float


@pytest.fixture(scope="module")
def bookings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BookingGround]:
    """The platform with medium data."""
    with started(tmp_path_factory.mktemp("medium"), "medium" if SCALE == 1 else "small") as (state, environment):
        yield BookingGround(state, environment)


def ask(ground: BookingGround, facts: Facts, items: list[Item], rng: random.Random) -> Done:
    """One request by chance."""
    begin = time.perf_counter()
    if rng.random() < BOOKINGS:
        hour = rng.randrange(10, 16)
        answer = ground.book(1, rng.choice(items).wish(f"{hour}:00", f"{hour}:30"), f"{rng.random()}")
        return Done("booking", answer.status, answer.text, time.perf_counter() - begin)
    wanted = usual(facts, rng)
    headers = {"Authorization": f"Bearer {ground.token(1)}"} if wanted.token else {}
    answer = send(ground.port, "GET", wanted.path, None, headers)
    kind = "detail" if wanted.path.startswith("/v1/locations") else "discovery"
    return Done(kind, answer.status, answer.text, time.perf_counter() - begin)


def test_load_with_bookings(bookings: BookingGround, run: Run) -> None:
    """Medium data; clients search, look at locations and book without a pause."""
    facts = read_facts(bookings.state["databases"]["legacy"], BENCH_DATE)
    items, deadline = bookings.items(200), time.monotonic() + SECONDS
    bookings.token(1)
    done: list[Done] = []

    def client(number: int) -> None:
        rng = random.Random(f"load:{number}")
        while time.monotonic() < deadline:
            done.append(ask(bookings, facts, items, rng))

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    failed = [one for one in done if one.status not in ((201, 409) if one.kind == "booking" else (200,))]
    run.figures |= {"clients": CLIENTS, "seconds": round(SECONDS), "requests": len(done), "failed": len(failed)}
    run.figures["requests/s"] = f"{len(done) / SECONDS:.1f}"
    for kind in ("discovery", "detail", "booking"):
        took = [one.seconds for one in done if one.kind == kind]
        p50, p95 = percentile(took, 0.5), percentile(took, 0.95)
        run.figures[f"{kind} p50, p95"] = f"{p50 * 1000:.0f} ms, {p95 * 1000:.0f} ms ({len(took)})"
    run.figures["booked"] = sum(one.status == 201 for one in done)
    assert not failed, failed[:5]
