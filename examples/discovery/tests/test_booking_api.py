"""Booking as a client meets it, in both versions."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import psycopg
import pytest
from booking_ground import BookingGround, Item

pytestmark = pytest.mark.xdist_group("discovery-booking")

EVERYWHERE, SOMEWHERE, NOBODY = 1, 2, 5  # users: may book everywhere, at location 2, nowhere


@pytest.fixture(params=["legacy", "optimized"])
def ground(request: pytest.FixtureRequest, bookings: BookingGround) -> BookingGround:
    """One version of the platform."""
    return bookings.on(request.param)


def listed(ground: BookingGround, item: Item, window: tuple[str, str] | None = None) -> dict[str, Any]:
    """The item as discovery shows it."""
    times = f"&start_time={window[0]}&end_time={window[1]}" if window else ""
    for page in range(1, 6):
        path = f"/v1/discovery?city={item.city}&date={item.day}&page_size=100&page={page}{times}"
        for found in ground.ask("GET", path, None).json["items"]:
            if found["id"] == item.id:
                return dict(found)
    raise AssertionError(f"discovery does not show item {item.id}")


def test_a_booking_is_priced_and_shown_as_discovery_does(ground: BookingGround) -> None:
    item = ground.item(rules=1)
    before = listed(ground, item, ("10:00", "11:20"))
    assert before["available"] is True
    made = ground.book(EVERYWHERE, item.wish("10:00", "11:20", attendees=2, notes=" window seat "))
    assert made.status == 201, made
    booking = made.json
    assert made.headers["location"].endswith(f"/v1/bookings/{booking['id']}")
    assert (booking["status"], booking["total"], booking["currency"]) == ("confirmed", before["price"], "EUR")
    assert (booking["date"], booking["start_time"], booking["end_time"]) == (str(item.day), "10:00", "11:20")
    assert (booking["item"]["id"], booking["attendees"], booking["notes"]) == (item.id, 2, "window seat")
    factor = ground.sql(
        "SELECT factor FROM price_rules WHERE item_id = %s AND weekday = %s ORDER BY id", item.id, item.day.weekday()
    )[0]
    exact = (item.hourly_price * factor * 80 / 60).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert booking["total"] == str(exact)
    assert ground.ask("GET", f"/v1/bookings/{booking['id']}", EVERYWHERE).json == booking
    assert listed(ground, item, ("10:00", "11:20"))["available"] is False
    assert ground.jobs(booking["id"]) == ["booking.created"]
    held = ground.sql(
        "SELECT item_id, lower(during), upper(during) FROM item_holds WHERE booking_id = %s", booking["id"]
    )
    at = dt.datetime.combine(item.day, dt.time(10))
    assert held == [(item.id, at, at + dt.timedelta(minutes=80))]


def wrong_wishes(item: Item, ground: BookingGround) -> dict[str, tuple[dict[str, Any], str | None]]:
    """Bodies that break a rule, and the parameter that is named."""
    day = item.day
    closed = ground.sql(
        "SELECT weekday FROM generate_series(0, 6) weekday WHERE NOT EXISTS"
        " (SELECT FROM location_hours h WHERE h.location_id = %s AND h.weekday = weekday.weekday)",
        item.location_id,
    )
    holiday = ground.sql(
        "SELECT day FROM holidays JOIN cities USING (country) WHERE slug = %s AND day > current_date LIMIT 1", item.city
    )[0]
    too_early = (dt.datetime.combine(day, item.opens) - dt.timedelta(minutes=15)).strftime("%H:%M")
    too_late = (dt.datetime.combine(day, item.closes) + dt.timedelta(minutes=15)).strftime("%H:%M")
    found: dict[str, tuple[dict[str, Any], str | None]] = {
        "yesterday": (item.wish(date=str(dt.date.today() - dt.timedelta(days=7))), "start_time"),
        "holiday": (item.wish(date=str(holiday)), "date"),
        "before opening": (item.wish(too_early, "13:00"), "start_time"),
        "after closing": (item.wish("12:00", too_late), "end_time"),
        "too many": (item.wish(attendees=item.capacity + 1), "attendees"),
        "nobody": (item.wish(attendees=0), "attendees"),
        "end before start": (item.wish("13:00", "12:00"), "end_time"),
        "no length": (item.wish("13:00", "13:00"), "end_time"),
        "no item": (item.wish(item_id=None), "item_id"),
        "item as text": (item.wish(item_id=str(item.id)), "item_id"),
        "item as truth": (item.wish(item_id=True), "item_id"),
        "no day": (item.wish(date="2026-02-30"), "date"),
        "no time": (item.wish("noon", "13:00"), "start_time"),
        "long notes": (item.wish(notes="x" * 501), "notes"),
        "odd notes": (item.wish(notes="a\x00b"), "notes"),
        "half a letter": (item.wish(notes="\ud83e"), "notes"),
        "unknown field": (item.wish(color="red"), None),
    }
    if closed:
        shut = next(day + dt.timedelta(days=n) for n in range(7) if (day + dt.timedelta(days=n)).weekday() == closed[0])
        found["closed"] = (item.wish(date=str(shut)), "date")
    return found


def test_rules(ground: BookingGround) -> None:
    item = ground.item()
    jobs = "SELECT count(*) FROM procrastinate.procrastinate_jobs"
    before = ground.sql("SELECT count(*) FROM bookings"), ground.sql(jobs)
    wishes = wrong_wishes(item, ground)
    while "closed" not in wishes:
        wishes = wrong_wishes(ground.item(), ground)
    for name, (wish, parameter) in wishes.items():
        assert ground.book(EVERYWHERE, wish).error == (400, "invalid_parameter", parameter), name
    for body in ("", "[]", "null", "{", "1" * 5000, "[" * 100_000):
        assert ground.ask("POST", "/v1/bookings", EVERYWHERE, body).error == (400, "invalid_parameter", None), body[:9]
    assert ground.book(EVERYWHERE, item.wish(), key="two words").error == (400, "invalid_parameter", "Idempotency-Key")
    assert (ground.sql("SELECT count(*) FROM bookings"), ground.sql(jobs)) == before


def test_notice(bookings: BookingGround) -> None:
    """A booking begins at least the item's notice from now, by the location's own clock."""
    item = bookings.item()
    now = bookings.sql("SELECT now() AT TIME ZONE timezone FROM cities WHERE slug = %s", item.city)[0]
    until_noon = (dt.datetime.combine(item.day, dt.time(12)) - now) // dt.timedelta(minutes=1)
    bookings.sql("UPDATE items SET min_notice = %s WHERE id = %s", until_noon + 5, item.id)
    assert bookings.book(EVERYWHERE, item.wish("12:00", "12:15")).error == (400, "invalid_parameter", "start_time")
    assert bookings.book(EVERYWHERE, item.wish("12:30", "12:45")).status == 201


def test_who_may_book_what(ground: BookingGround) -> None:
    item = next(item for item in ground.items(40) if item.location_id != SOMEWHERE)
    inactive = ground.sql("SELECT min(id) FROM items WHERE status <> 1")[0]
    shut = ground.sql("SELECT min(i.id) FROM items i JOIN locations l ON l.id = location_id WHERE l.status <> 1")[0]
    nothing = ground.sql("SELECT max(id) + 1 FROM items")[0]
    assert ground.book(NOBODY, item.wish()).error == (403, "forbidden", None)
    assert ground.book(SOMEWHERE, item.wish()).error == (403, "forbidden", None)
    assert ground.book(SOMEWHERE, item.wish(item_id=nothing)).error == (403, "forbidden", None)
    for unknown in (inactive, shut, nothing, 2**31 - 1):
        assert ground.book(EVERYWHERE, item.wish(item_id=unknown)).error == (404, "not_found", None), unknown
    assert ground.ask("POST", "/v1/bookings", None, item.wish()).error == (401, "unauthorized", None)
    ground.sql("INSERT INTO permissions (id, user_id, scope) SELECT max(id) + 1, 6, 'booking:create' FROM permissions")
    assert ground.book(6, item.wish()).status == 201


def test_a_conflict_says_what_is_free(ground: BookingGround) -> None:
    item = ground.item()
    noon = dt.datetime.combine(item.day, dt.time(12))
    hour = dt.timedelta(hours=1)
    ground.sql(
        "INSERT INTO item_blocks (item_id, starts_at, ends_at, reason) VALUES (%s, %s, %s, 'cleaning')",
        item.id, noon + 3 * hour, noon + 4 * hour,
    )  # fmt: skip
    ground.sql(
        "INSERT INTO bookings (item_id, user_id, starts_at, ends_at, status, attendees, total, source, notes,"
        " created_at, updated_at) VALUES (%s, 3, %s, %s, 'pending', 1, 0, 'app', '', now(), now())",
        item.id, noon + hour, noon + 2 * hour,
    )  # fmt: skip
    ground.booked(EVERYWHERE, item.wish("12:00", "13:00"))
    for start, end in (
        ("12:00", "13:00"),
        ("12:30", "12:40"),
        ("13:10", "13:20"),
        ("14:30", "15:01"),
        ("11:00", "17:00"),
    ):
        refused = ground.book(3, item.wish(start, end))
        assert refused.error == (409, "conflict", None), (start, end)
    shown = listed(ground, item)["slots"]
    assert refused.json["error"]["free"] == [
        {"start": slot["start"], "end": slot["end"]} for slot in shown if slot["available"]
    ]
    assert 0 < len(refused.json["error"]["free"]) < len(shown)
    # What touches is no overlap.
    ground.booked(3, item.wish("11:30", "12:00"))
    ground.booked(3, item.wish("14:00", "15:00"))


def test_the_database_itself_refuses_an_overlap(bookings: BookingGround) -> None:
    """A hold that somebody wrote without locking the item: the constraint stops both that one's neighbour and us."""
    item = bookings.item()
    hold = "INSERT INTO item_holds VALUES (%s, %s, tsrange(%s, %s))"
    at = dt.datetime.combine(item.day, dt.time(12))
    bookings.sql(hold, -item.id, item.id, at, at + dt.timedelta(hours=1))
    with pytest.raises(psycopg.errors.ExclusionViolation):
        bookings.sql(hold, -item.id - 1, item.id, at + dt.timedelta(minutes=59), at + dt.timedelta(hours=2))
    refused = bookings.book(EVERYWHERE, item.wish("12:30", "13:30"))
    assert refused.error == (409, "conflict", None)
    assert bookings.sql("SELECT count(*) FROM bookings WHERE item_id = %s AND starts_at = %s", item.id, at) == [0]


def test_the_same_key_is_answered_the_same_and_done_once(ground: BookingGround) -> None:
    item, key = ground.item(), "order-1"
    first = ground.book(EVERYWHERE, item.wish(), key)
    assert first.status == 201
    again = ground.book(EVERYWHERE, item.wish(attendees=1), key)  # 1 is what was meant
    assert (again.status, again.text, again.headers["location"]) == (201, first.text, first.headers["location"])
    assert (first.headers.get("idempotent-replayed"), again.headers.get("idempotent-replayed")) == (None, "true")
    ground.ask("POST", f"/v1/bookings/{first.json['id']}/cancel", EVERYWHERE)
    assert ground.book(EVERYWHERE, item.wish(), key).text == first.text
    reused = ground.book(EVERYWHERE, item.wish("14:00", "15:00"), key)
    assert reused.error == (409, "idempotency_key_reused", "Idempotency-Key")
    other = ground.book(3, item.wish(), key)  # another user's key is another key
    assert other.status == 201 and other.json["id"] != first.json["id"]
    assert ground.jobs(first.json["id"]) == ["booking.created", "booking.cancelled"]


def test_a_refused_request_leaves_its_key_free(ground: BookingGround) -> None:
    item, key = ground.item(), "order-2"
    made = ground.booked(EVERYWHERE, item.wish())
    assert ground.book(EVERYWHERE, item.wish("12:30", "13:30"), key).error == (409, "conflict", None)
    ground.ask("POST", f"/v1/bookings/{made['id']}/cancel", EVERYWHERE)
    assert ground.book(EVERYWHERE, item.wish("12:30", "13:30"), key).status == 201


def test_the_same_key_at_the_same_time_makes_one_booking(ground: BookingGround) -> None:
    item, key = ground.item(), "order-3"
    ground.token(EVERYWHERE)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: ground.book(EVERYWHERE, item.wish(), key), range(20)))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    assert ground.sql("SELECT count(*) FROM bookings WHERE item_id = %s AND notes = ''", item.id) == [1]


def test_cancelling(ground: BookingGround) -> None:
    item = ground.item()
    made = ground.booked(EVERYWHERE, item.wish())
    path = f"/v1/bookings/{made['id']}"
    assert ground.ask("POST", f"{path}/cancel", 3).error == (404, "not_found", None)
    assert ground.ask("POST", f"{path}/cancel", None).error == (401, "unauthorized", None)
    done = ground.ask("POST", f"{path}/cancel", EVERYWHERE)
    assert (done.status, done.json) == (200, made | {"status": "cancelled"})
    again = ground.ask("POST", f"{path}/cancel", EVERYWHERE)
    assert (again.status, again.text) == (200, done.text)
    assert ground.jobs(made["id"]) == ["booking.created", "booking.cancelled"]
    assert ground.sql("SELECT count(*) FROM item_holds WHERE booking_id = %s", made["id"]) == [0]
    ground.booked(3, item.wish())


def test_what_has_begun_cannot_be_cancelled(ground: BookingGround) -> None:
    past, user = ground.sql(
        "SELECT id, user_id FROM bookings b WHERE ends_at < now() - interval '2 days' AND status = 'confirmed'"
        " AND EXISTS (SELECT FROM users u WHERE u.id = b.user_id) ORDER BY id LIMIT 1"
    )[0]
    assert ground.ask("POST", f"/v1/bookings/{past}/cancel", user).error == (409, "conflict", None)
    assert ground.sql("SELECT status FROM bookings WHERE id = %s", past) == ["confirmed"]


def test_users_see_their_own_bookings_only(ground: BookingGround) -> None:
    item = ground.item()
    made = ground.booked(EVERYWHERE, item.wish())
    foreign = f"/v1/bookings/{made['id']}"
    for path in (foreign, "/v1/bookings/0", "/v1/bookings/2147483648"):
        assert ground.ask("GET", path, 3).error == (404, "not_found", None), path
    for path in (foreign, "/v1/bookings"):
        assert ground.ask("GET", path, None).error == (401, "unauthorized", None), path
    wanted = ground.sql("SELECT id FROM bookings WHERE user_id = %s ORDER BY starts_at DESC, id DESC", 3)
    shown = []
    for page in range(1, len(wanted) // 7 + 2):
        answer = ground.ask("GET", f"/v1/bookings?page={page}&page_size=7", 3).json
        assert (answer["page"], answer["page_size"], answer["total"]) == (page, 7, len(wanted))
        shown += [booking["id"] for booking in answer["bookings"]]
    assert shown == wanted
    assert len(wanted) > 7
    assert ground.ask("GET", "/v1/bookings?page=&page_size=0", 3).json["page_size"] == 20
    assert ground.ask("GET", "/v1/bookings?page_size=1000", 3).json["page_size"] == 100
    assert ground.ask("GET", "/v1/bookings?page=x", 3).error == (400, "invalid_parameter", "page")
