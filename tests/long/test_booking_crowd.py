"""No double booking, with the number of tries that a quick test has no time for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from booking_crowd import check, rush
from booking_ground import BookingGround
from contract_platform import started

from tests.long.figures import Run, scaled

pytestmark = pytest.mark.long
CLIENTS = 50


@pytest.fixture(scope="module")
def bookings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BookingGround]:
    """A platform of its own with small data."""
    with started(tmp_path_factory.mktemp("bookings")) as (state, environment):
        yield BookingGround(state, environment)


def test_booking_under_concurrency(bookings: BookingGround, run: Run) -> None:
    """50 clients book six items of the optimized version at random times, cancel some, repeat some requests."""
    items, tries = bookings.items(6), scaled(10_000, CLIENTS)
    crowd = rush(bookings, items, clients=CLIENTS, tries=tries, seed=3)
    run.figures |= {
        "clients": CLIENTS,
        "tries": sum(crowd.statuses.values()),
        "booked": crowd.statuses[201],
        "conflicts": crowd.statuses[409],
        "other answers": sum(crowd.statuses.values()) - crowd.statuses[201] - crowd.statuses[409],
        "cancelled": len(crowd.cancelled),
        "seconds": round(crowd.seconds, 1),
        "tries/s": round(tries / crowd.seconds, 1),
    }
    check(bookings, items, crowd)
    run.figures["overlapping"] = 0
