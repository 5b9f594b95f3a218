"""What administrators change, and that discovery shows it: holidays and items at once, settings in due time."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from booking_ground import Answer, BookingGround
from site_ground import GROUP, Visitor

pytestmark = pytest.mark.xdist_group(GROUP)

ADMIN = 1
ITEM = {
    "location_id": 1,
    "category": "meeting-room",
    "name": "The Aquarium",
    "floor": 2,
    "capacity": 7,
    "hourly_price": "0.10",
    "day_price": "1",
    "slot_minutes": 60,
    "min_notice": 0,
}


def ask(ground: BookingGround, method: str, path: str, body: Any = None) -> Answer:
    return ground.ask(method, f"/v1/admin{path}", ADMIN, body)


def search(ground: BookingGround, **query: object) -> Any:
    text = "&".join(f"{name}={value}" for name, value in query.items())
    answer = ground.ask("GET", f"/v1/discovery?{text}", None)
    assert answer.status == 200, answer
    return answer.json


def working_day(ahead: int) -> dt.date:
    """A day on which the demo location is open (it closes on Sundays)."""
    day = dt.date.today() + dt.timedelta(days=ahead)
    return day if day.weekday() != 6 else day + dt.timedelta(days=1)


def test_a_holiday_shows_at_once_and_goes_at_once(ground: BookingGround) -> None:
    day = working_day(45)
    for _ in range(3):  # by now every worker's answers are remembered
        assert search(ground, city="lisbon", date=day)["holiday"] is None
    added = ask(ground, "POST", "/holidays", {"country": "pt", "day": str(day), "name": "Day of the Test"})
    assert added.status == 201
    assert added.json == {"id": added.json["id"], "country": "PT", "day": str(day), "name": "Day of the Test"}
    for _ in range(4):
        found = search(ground, city="lisbon", date=day)
        assert (found["holiday"], found["items"]) == ({"name": "Day of the Test"}, [])
    assert search(ground, city="berlin", date=day)["holiday"] is None
    assert ground.ask("GET", f"/v1/items/1?date={day}", None).json["slots"] == []

    same = ask(ground, "POST", "/holidays", {"country": "PT", "day": str(day), "name": "Day of the Test"})
    assert same.error[:2] == (409, "conflict")
    listed = ask(ground, "GET", f"/holidays?country=PT&year={day.year}&page_size=100").json["holidays"]
    assert added.json in listed
    assert ask(ground, "DELETE", f"/holidays/{added.json['id']}").status == 204
    assert ask(ground, "DELETE", f"/holidays/{added.json['id']}").status == 404
    for _ in range(4):
        assert search(ground, city="lisbon", date=day)["holiday"] is None


def test_an_item_is_offered_changed_and_taken_away(ground: BookingGround) -> None:
    day = working_day(46)
    query = {"city": "lisbon", "date": day, "category": "meeting-room"}
    before = search(ground, **query)
    added = ask(ground, "POST", "/items", ITEM)
    assert added.status == 201, added
    number = added.json["id"]
    assert added.json["hourly_price"] == "0.10" and added.json["day_price"] == "1.00"
    assert added.json["status"]["code"] == "active" and added.json["location"]["city"] == "lisbon"
    assert number == max(ground.sql("SELECT id FROM items"))
    first = search(ground, **query)["items"][0]
    assert (first["id"], first["name"], first["hourly_price"]) == (number, "The Aquarium", "0.10")

    changed = ask(ground, "PATCH", f"/items/{number}", {"name": "The Tank", "attributes": {"fish": 3, "wet": True}})
    assert changed.json["name"] == "The Tank" and changed.json["capacity"] == 7
    shown = search(ground, **query)["items"][0]
    assert (shown["name"], shown["attributes"]) == ("The Tank", {"fish": 3, "wet": True})
    assert [row["id"] for row in ask(ground, "GET", "/items?search=the+TANK").json["items"]] == [number]

    assert ask(ground, "PATCH", f"/items/{number}", {"status": "paused"}).json["status"]["code"] == "paused"
    assert search(ground, **query)["total"] == before["total"]
    assert ground.ask("GET", f"/v1/items/{number}", None).status == 404
    assert ask(ground, "GET", f"/items/{number}").json["status"]["code"] == "paused"


@pytest.mark.parametrize(
    ("changes", "parameter"),
    [
        ({"location_id": 999_999}, "location_id"),
        ({"category": "castle"}, "category"),
        ({"name": " "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "\ud800"}, "name"),
        ({"floor": 1.5}, "floor"),
        ({"capacity": True}, "capacity"),
        ({"capacity": 10**400}, "capacity"),
        ({"hourly_price": 5}, "hourly_price"),
        ({"hourly_price": "5.001"}, "hourly_price"),
        ({"hourly_price": "-1"}, "hourly_price"),
        ({"slot_minutes": 45}, "slot_minutes"),
        ({"status": ["active"]}, "status"),
        ({"attributes": {"a": {"b": 1}}}, "attributes"),
        ({"attributes": {"a": 10**400}}, "attributes"),
        ({"colour": "red"}, None),
    ],
)
def test_a_wrong_field_is_named(playground: BookingGround, changes: dict[str, Any], parameter: str | None) -> None:
    answer = ask(playground, "PATCH", "/items/1", changes)
    assert answer.error == (400, "invalid_parameter", parameter)


@pytest.mark.parametrize(
    "body", ["", "[]", "nonsense", "[" * 50_000, '{"name": NaN}', "null", '{"a": 1' + "0" * 5000 + "}"]
)
def test_a_body_that_is_no_object_is_refused(playground: BookingGround, body: str) -> None:
    assert ask(playground, "POST", "/items", body).error[:2] == (400, "invalid_parameter")


def test_a_huge_body_is_refused(playground: BookingGround) -> None:
    assert ask(playground, "POST", "/items", '{"name": "' + "x" * 200_000 + '"}').status == 413


def test_a_missing_field_is_named(playground: BookingGround) -> None:
    for name in ITEM:
        body = {key: value for key, value in ITEM.items() if key != name}
        assert ask(playground, "POST", "/items", body).error == (400, "invalid_parameter", name)


def setting(ground: BookingGround, name: str) -> dict[str, Any]:
    found = ask(ground, "GET", f"/config?search={name}").json["settings"]
    return next(row for row in found if row["name"] == name)


def test_a_setting_shows_at_once_in_legacy(playground: BookingGround) -> None:
    ground = playground.on("legacy")
    row = setting(ground, "discovery.page_size")
    try:
        answer = ask(ground, "PATCH", f"/config/{row['id']}", {"value": "7"})
        assert answer.json == row | {"value": "7"}
        assert search(ground, city="lisbon", date=working_day(47))["page_size"] == 7
    finally:
        ask(ground, "PATCH", f"/config/{row['id']}", {"value": row["value"]})


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("discovery.page_size", ["0", "101", "many", "", "1e2", " 5"]),
        ("discovery.max_candidates", ["0", "501", "-1"]),
        ("pricing.currency", ["euro", "", "EUR "]),
        ("pricing.vat", ["a lot", "0.1234567"]),
        ("discovery.show_ratings", ["yes", "True"]),
    ],
)
def test_a_value_that_would_break_something_is_refused(ground: BookingGround, name: str, values: list[str]) -> None:
    row = setting(ground, name)
    for value in [*values, 5, None, "x" * 501, "\x00"]:
        assert ask(ground, "PATCH", f"/config/{row['id']}", {"value": value}).error[2] == "value"
    assert setting(ground, name) == row


def test_groups_and_unknown_rows_are_no_settings(playground: BookingGround) -> None:
    group = playground.sql("SELECT min(id) FROM config WHERE kind = 'group'")[0]
    for number in (group, 999_999, 2**40):
        assert ask(playground, "PATCH", f"/config/{number}", {"value": "1"}).status == 404


def test_pages_of_lists(playground: BookingGround) -> None:
    for path, name in (("/items", "items"), ("/holidays", "holidays"), ("/config", "settings")):
        first = ask(playground, "GET", f"{path}?page_size=7").json
        second = ask(playground, "GET", f"{path}?page_size=7&page=2").json
        assert len(first[name]) == len(second[name]) == 7
        assert not {row["id"] for row in first[name]} & {row["id"] for row in second[name]}
        assert first["pages"] == -(-first["total"] // 7)
        assert ask(playground, "GET", f"{path}?page_size=&page=0").json["page_size"] == 50
        assert ask(playground, "GET", f"{path}?page=1000000").json[name] == []
        assert ask(playground, "GET", f"{path}?page=x").error == (400, "invalid_parameter", "page")


def test_the_pages_do_the_same(playground: BookingGround) -> None:
    visitor, day = Visitor(playground.port), working_day(48)
    visitor.log_in(ADMIN)
    form = {"country": "PT", "day": str(day), "name": "Day of the Page"}
    assert visitor.post("/admin/holidays", form, "/admin/holidays").status == 303
    shown = visitor.get(f"/?city=lisbon&date={day}").visible
    assert "Day of the Page" in shown and "nothing is let" in shown
    again = visitor.post("/admin/holidays", form, "/admin/holidays")
    assert again.status == 409 and "Not added" in again.visible
    number = playground.sql("SELECT id FROM holidays WHERE name = 'Day of the Page'")[0]
    assert visitor.post(f"/admin/holidays/{number}/remove", {}, "/admin/holidays").status == 303
    assert "Day of the Page" not in visitor.get(f"/?city=lisbon&date={day}").visible

    wrong = visitor.post("/admin/items/1", ITEM | {"floor": "cellar"}, "/admin/items/1")
    assert wrong.status == 400 and "floor must be a whole number" in wrong.visible
    assert 'value="cellar"' in wrong.text
