"""No double booking while many clients want the same; the run with 10,000 tries is in the repository's tests/long."""

from __future__ import annotations

import pytest
from booking_crowd import check, rush
from booking_ground import BookingGround

pytestmark = [pytest.mark.xdist_group("discovery-booking"), pytest.mark.long]


def test_fifty_clients_want_the_same_items(bookings: BookingGround) -> None:
    items = bookings.items(3)
    crowd = rush(bookings, items, clients=50, tries=1_000, seed=1)
    assert sum(crowd.statuses.values()) == 1_000
    assert min(crowd.statuses[201], crowd.statuses[409]) > 50
    check(bookings, items, crowd)


def test_the_check_notices_a_double_booking(bookings: BookingGround) -> None:
    items = bookings.items(1)
    crowd = rush(bookings, items, clients=4, tries=40, seed=2)
    check(bookings, items, crowd)
    bookings.sql(
        "INSERT INTO bookings (item_id, user_id, starts_at, ends_at, status, attendees, total, source, notes,"
        " created_at, updated_at) SELECT item_id, user_id, starts_at, ends_at, status, 1, 0, 'app', '', now(), now()"
        " FROM bookings WHERE item_id = %s AND status = 'confirmed' LIMIT 1",
        items[0].id,
    )
    with pytest.raises(AssertionError):
        check(bookings, items, crowd)
