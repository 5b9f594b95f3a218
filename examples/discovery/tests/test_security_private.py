"""Nothing personal in logs and traces: a journey full of marked words, and then every file is searched for them."""

from __future__ import annotations

import time
from pathlib import Path
from urllib.parse import quote

import pytest
from booking_ground import DEMO_PASSWORD, BookingGround, send
from site_ground import GROUP, Visitor

pytestmark = pytest.mark.xdist_group(GROUP)

USER = 33
NAME = "Quirina Zweiundsiebzig"
COMPANY = "Zwetschgenhof Ltd"
NOTES = "wheelchair for aunt Euphrosyne"
EMAIL = "euphrosyne.zweiundsiebzig@example.com"
PASSWORD = "zwiebelkuchen-7391"
LATITUDE, LONGITUDE = "38.7317391", "-9.1417391"
LONGEST_WAIT = 30.0  # seconds until a worker has exported its spans


def texts(var: Path) -> dict[str, str]:
    """Every file that is written while the platform runs, but for the data and the CRM's own."""
    files = [path for folder in ("log", "otlp") for path in (var / folder).rglob("*") if path.is_file()]
    return {str(path.relative_to(var)): path.read_text(errors="replace") for path in files}


def test_a_journey_leaves_nothing_personal_behind(ground: BookingGround) -> None:
    before = ground.sql("SELECT name, company FROM users WHERE id = %s", USER)[0]
    ground.sql("UPDATE users SET name = %s, company = %s WHERE id = %s", NAME, COMPANY, USER)
    ground.sql("INSERT INTO permissions (user_id, scope, location_id) VALUES (%s, 'booking:create', NULL),"
               " (%s, 'location:read', NULL)", USER, USER)  # fmt: skip
    try:
        tokens = journey(ground)
    finally:
        ground.sql("UPDATE users SET name = %s, company = %s WHERE id = %s", *before, USER)
        ground.sql("DELETE FROM permissions WHERE user_id = %s", USER)
    marked = f"marked-{ground.version}"
    assert send(ground.port, "GET", f"/v1/discovery?city={marked}").status == 404
    await_export(ground)
    found = texts(ground.var)
    assert any(name.startswith("otlp/") and "discovery" in text for name, text in found.items()), list(found)
    assert any(name == f"log/{ground.version}.log" and text for name, text in found.items())
    personal = [NAME, "Quirina", COMPANY, NOTES, "Euphrosyne", EMAIL, PASSWORD, DEMO_PASSWORD, LATITUDE, LONGITUDE,
                f"user{USER}@example.com", *tokens]  # fmt: skip
    for name, text in found.items():
        for word in personal:
            for form in {word, quote(word), word.lower()}:
                assert form not in text, f"{name} holds {form!r}: …{text[max(0, text.find(form) - 200) :][:400]}…"


def journey(ground: BookingGround) -> list[str]:
    """Logs in wrongly and rightly, searches, reads, books, fails to book, cancels; the secrets that it used."""
    visitor, item = Visitor(ground.port), ground.item()
    assert visitor.post("/login", {"email": EMAIL, "password": PASSWORD}).status == 400
    visitor.log_in(USER)
    assert NAME in visitor.get("/bookings").text
    near = f"lat={LATITUDE}&lng={LONGITUDE}"
    assert visitor.get(f"/?city=lisbon&{near}").status == 200
    assert visitor.get(f"/?city={quote(NAME)}&{near}").status == 404
    page = visitor.get(f"/book?item={item.id}&date={item.day}")
    form = {name: page.hidden(name) for name in ("csrf", "key", "item", "date")}
    form |= {"start_time": "12:00", "minutes": "60", "attendees": "1", "notes": NOTES}
    made = visitor.send("POST", "/book", form)
    assert made.status == 303, made.visible
    assert visitor.send("POST", "/book", form | {"key": "other"}).status == 409
    assert visitor.send("POST", "/book", form | {"key": "more", "notes": NOTES * 50}).status == 400
    assert visitor.get(f"/locations/{item.location_id}?date={item.day}").status == 200
    assert visitor.post(f"{made.headers['location']}/cancel", {}, made.headers["location"]).status == 303
    token = ground.token(USER)
    for path in ("/v1/me", f"/v1/discovery?{near}", "/v1/bookings"):
        assert ground.ask("GET", path, USER).status == 200
    wrong = {"Authorization": f"Bearer {token}x"}
    assert send(ground.port, "GET", "/v1/me", None, wrong).status == 401
    bad = ground.ask("POST", "/v1/bookings", USER, {"item_id": 1, "notes": NOTES, "date": NAME})
    assert bad.status == 400
    return [token, *visitor.cookies.values()]


def await_export(ground: BookingGround) -> None:
    """Waits until the spans of the version's last booking are in the files."""
    until = time.monotonic() + LONGEST_WAIT
    while time.monotonic() < until:
        traces = ground.var / "otlp" / "traces.jsonl"
        if traces.exists() and "/v1/bookings" in traces.read_text(errors="replace"):
            time.sleep(3)  # what was under way at that moment
            return
        time.sleep(0.5)
    raise AssertionError(f"no span of a booking within {LONGEST_WAIT:.0f} s")
