"""The site without a browser: forms and the word they send back, headers, and what is shown when something is wrong."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from booking_ground import DEMO_PASSWORD, BookingGround
from site_ground import GROUP, Visitor, routes

pytestmark = pytest.mark.xdist_group(GROUP)

FILTERS = ("city", "date", "start_time", "end_time", "capacity_min", "capacity_max", "category", "add_ons", "lat",
           "lng", "page_size", "cache")  # fmt: skip


EVERYTHING = """
    SELECT (SELECT count(*) FROM bookings), (SELECT count(*) FROM holidays), (SELECT count(*) FROM items),
           (SELECT md5(string_agg(value, ',' ORDER BY id)) FROM config)
"""


def test_every_form_needs_the_word_of_its_own_session(ground: BookingGround, visitor: Visitor) -> None:
    visitor.log_in(1)
    stranger = Visitor(ground.port)
    foreign = stranger.get("/login").hidden("csrf")
    before = ground.sql(EVERYTHING)
    posts = [route for route in routes(ground) if route.method == "POST" and route.endpoint.startswith("site.")]
    assert len(posts) >= 9
    for route in posts:
        for form in ({}, {"csrf": ""}, {"csrf": "wrong"}, {"csrf": foreign}):
            answer = visitor.send("POST", route.path, form)
            assert answer.status == 403, (route, form)
    assert visitor.get("/bookings").status == 200  # still logged in: /logout was refused too
    assert ground.sql(EVERYTHING) == before


def test_the_word_changes_with_the_login(visitor: Visitor) -> None:
    before = visitor.get("/login").hidden("csrf")
    visitor.log_in(1)
    assert visitor.get("/bookings").hidden("csrf") != before
    assert visitor.send("POST", "/logout", {"csrf": before}).status == 403


def test_pages_allow_nothing_inline_or_from_elsewhere(visitor: Visitor) -> None:
    visitor.log_in(1)
    for path in ("/", "/?city=lisbon", "/book?item=1", "/bookings", "/locations/1", "/admin/items", "/nothing-here"):
        page = visitor.get(path)
        if path == "/nothing-here":
            assert page.status == 404
            continue
        assert page.status == 200, (path, page.visible)
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["cache-control"] == "no-store"
        assert not re.search(r"<style|style=|\son\w+=|javascript:", page.text), path
        assert not re.search(r"<script(?![^>]*src=\"/assets/)", page.text), path
        assert not re.search(r"(src|href)=\"(https?:)?//", page.text), path


def test_the_cookie_is_out_of_scripts_reach(visitor: Visitor) -> None:
    made = visitor.get("/login").headers["set-cookie"]
    assert "HttpOnly" in made and "SameSite=Lax" in made


def test_the_form_has_every_filter(visitor: Visitor) -> None:
    page = visitor.get("/?city=lisbon&page=2")
    for name in FILTERS:
        assert f'name="{name}"' in page.text, name
    assert "page=3" in page.text  # the 13th: links to pages


def test_add_ons_that_are_ticked_must_all_be_there(ground: BookingGround, visitor: Visitor) -> None:
    asked = ground.ask("GET", "/v1/discovery?city=lisbon&add_ons=projector,coffee", None).json["total"]
    page = visitor.get("/?city=lisbon&add_ons=projector&add_ons=coffee")
    assert f"{asked} place" in page.visible
    assert page.text.count(" checked") == 2


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("date=2026-13-45", 400, "date must be a date"),
        ("start_time=12:00&end_time=11:00", 400, "end_time must be later"),
        ("city=atlantis", 404, "city"),
        ("capacity_min=many", 400, "capacity_min must be a whole number"),
        ("lat=91&lng=0", 400, "lat must lie between"),
    ],
)
def test_a_wrong_search_is_explained_and_kept(visitor: Visitor, query: str, status: int, words: str) -> None:
    page = visitor.get(f"/?{query}")
    assert page.status == status
    assert words in page.visible
    assert 'role="alert"' in page.text and "Traceback" not in page.text


def test_a_page_beyond_the_last_leads_to_the_last(visitor: Visitor) -> None:
    page = visitor.get("/?city=lisbon&page=900")
    assert page.status == 302
    assert visitor.get(page.headers["location"]).status == 200


def test_what_people_type_is_shown_as_text(visitor: Visitor) -> None:
    page = visitor.get("/?city=" + quote('"><script>alert(1)</script>'))
    assert "<script>alert" not in page.text
    visitor.log_in(1)
    assert "<script>alert" not in visitor.get("/admin/items?search=" + quote("<script>alert(1)</script>")).text


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/\\evil.example", "evil", ""])
def test_logging_in_leads_nowhere_else(visitor: Visitor, back: str) -> None:
    assert visitor.log_in(1, back).headers["location"] == "/"


def test_a_wrong_password(visitor: Visitor) -> None:
    page = visitor.post("/login", {"email": "user1@example.com", "password": "no"})
    assert page.status == 400 and "password is wrong" in page.visible
    assert visitor.get("/bookings").status == 303


def test_booking_conflict_and_cancelling(ground: BookingGround, visitor: Visitor) -> None:
    item = ground.item()
    visitor.log_in(1)
    address = f"/book?item={item.id}&date={item.day}"
    page = visitor.get(address)
    start = re.findall(r'name="start_time" value="([^"]+)" required>', page.text)[0]
    form = {name: page.hidden(name) for name in ("csrf", "key", "item", "date")}
    form |= {"start_time": start, "minutes": str(item.slot_minutes), "attendees": "2", "notes": "a\r\nb"}
    made = visitor.send("POST", "/book", form)
    assert made.status == 303, made.visible
    again = visitor.send("POST", "/book", form)  # the button was pressed twice
    assert again.headers["location"] == made.headers["location"]
    mine = visitor.get(made.headers["location"])
    assert "is booked" in mine.visible and start in mine.visible and "Confirmed" in mine.visible
    assert "is booked" not in visitor.get(made.headers["location"]).visible  # a notice is shown once

    conflict = visitor.send("POST", "/book", form | {"key": "another"})
    assert conflict.status == 409
    assert "Somebody was faster" in conflict.visible
    free = re.findall(r'name="start_time" value="([^"]+)" required>', conflict.text)
    assert start not in free and free

    cancelled = visitor.post(f"{made.headers['location']}/cancel", {}, made.headers["location"])
    assert cancelled.status == 303
    assert "cancelled" in visitor.get(cancelled.headers["location"]).visible
    assert f'value="{start}" required>' in visitor.get(address).text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"attendees": "999"}, "room for"),
        ({"attendees": "two"}, "attendees must be a whole number"),
        ({"start_time": "03:00"}, "open from"),
        ({"start_time": "25:99"}, "start_time must be a time"),
        ({"minutes": "99999"}, "end_time must be a time"),
        ({"date": "2001-01-01"}, "later than now"),
        ({"notes": "x" * 501}, "notes must have"),
    ],
)
def test_a_wrong_booking_is_explained(playground: BookingGround, changes: dict[str, str], words: str) -> None:
    visitor, item = Visitor(playground.port), playground.items(1)[0]
    visitor.log_in(1)
    page = visitor.get(f"/book?item={item.id}&date={item.day}")
    form = {name: page.hidden(name) for name in ("csrf", "key", "item", "date")}
    form |= {"start_time": "12:00", "minutes": "60", "attendees": "1", "notes": ""}
    answer = visitor.send("POST", "/book", form | changes)
    assert answer.status == 400, answer.visible
    assert words in answer.visible


def test_an_expired_login_is_asked_for_again(ground: BookingGround, visitor: Visitor) -> None:
    visitor.log_in(1)
    assert DEMO_PASSWORD not in str(visitor.cookies)
    visitor.cookies["discovery_session"] = visitor.cookies["discovery_session"][:-3] + "AAA"
    page = visitor.get("/bookings")
    assert page.status == 303 and page.headers["location"] == "/login?next=/bookings"
