"""No endpoint without its check: every route of both versions is asked with no, bad and insufficient tokens."""

from __future__ import annotations

from typing import Any

import pytest
from booking_ground import Answer, BookingGround, send
from contract_platform import probe
from site_ground import GROUP, Route, Visitor, routes

pytestmark = pytest.mark.xdist_group(GROUP)

PUBLIC = {
    ("GET", "/healthz"),
    ("GET", "/openapi.json"),
    ("GET", "/docs"),
    ("GET", "/docs/start.js"),
    ("GET", "/docs/assets/<name>"),
    ("GET", "/v1/discovery"),
    ("GET", "/v1/filters"),
    ("GET", "/v1/items/<int:number>"),
    ("GET", "/"),
    ("GET", "/login"),
    ("POST", "/login"),
    ("POST", "/logout"),
    ("GET", "/assets/<path:filename>"),
    ("GET", "/static/<path:filename>"),  # Flask's own, over a folder that does not exist
}
"""What somebody without an account may ask. Everything else must refuse, or send a person to the login page."""
OWN = {"/v1/me", "/v1/bookings", "/v1/bookings/<int:number>", "/v1/bookings/<int:number>/cancel"}
"""Each user's own; whose they are is tried below."""
BAD = ("expired", "other-key", "other-issuer", "unsigned", "shared-secret")
"""Others are tried in token_cases.py."""
BODIES: dict[str, dict[str, Any]] = {
    "/v1/bookings": {"item_id": 1, "date": "2090-01-02", "start_time": "10:00", "end_time": "11:00"}
}


def is_api(route: Route) -> bool:
    return route.rule.startswith("/v1/")


def ask(ground: BookingGround, route: Route, token: str | None) -> Answer:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    body = BODIES.get(route.rule, {}) if route.method in ("POST", "PATCH") else None
    return send(ground.port, route.method, route.path, body, headers)


def guarded(ground: BookingGround) -> list[Route]:
    return [route for route in routes(ground) if is_api(route) and (route.method, route.rule) not in PUBLIC]


def test_every_public_route_exists(ground: BookingGround) -> None:
    assert {(route.method, route.rule) for route in routes(ground)} >= PUBLIC


def test_no_token_and_bad_tokens_are_refused(ground: BookingGround) -> None:
    tokens = probe(ground.environment, "tokens")
    found = guarded(ground)
    assert len(found) >= 15
    for route in found:
        assert ask(ground, route, None).error[:2] == (401, "unauthorized"), route
        for name in BAD:
            assert ask(ground, route, tokens[name]).error[:2] == (401, "unauthorized"), (route, name)


def test_where_a_token_is_optional_a_bad_one_is_refused_too(ground: BookingGround) -> None:
    tokens = probe(ground.environment, "tokens")
    for path in ("/v1/discovery", "/v1/items/1"):
        for name in BAD:
            assert send(ground.port, "GET", path, None, {"Authorization": f"Bearer {tokens[name]}"}).status == 401


def nobody(ground: BookingGround) -> int:
    """A user without any permission."""
    return int(ground.sql("SELECT min(id) FROM users WHERE id > 20 AND id NOT IN (SELECT user_id FROM permissions)")[0])


def test_a_valid_token_is_not_enough(ground: BookingGround) -> None:
    user = nobody(ground)
    for route in guarded(ground):
        answer = ask(ground, route, ground.token(user))
        if route.rule in OWN and route.method == "GET":
            assert answer.status in (200, 404), route
        elif route.rule == "/v1/bookings/<int:number>/cancel":
            assert answer.status == 404, route
        else:
            assert answer.error[:2] == (403, "forbidden"), route


def test_permissions_for_one_location_or_of_a_gone_user_do_not_administer(ground: BookingGround) -> None:
    scopes = {"items": "admin:inventory", "holidays": "admin:holidays", "config": "admin:config"}
    user = nobody(ground)
    for place, scope in scopes.items():
        ground.sql("INSERT INTO permissions (user_id, scope, location_id) VALUES (%s, %s, 1)", user, scope)
        try:
            assert ground.ask("GET", f"/v1/admin/{place}", user).status == 403
        finally:
            ground.sql("DELETE FROM permissions WHERE user_id = %s", user)
    gone = probe(ground.environment, "tokens")["user17"]
    ground.sql("INSERT INTO permissions (user_id, scope, location_id) VALUES (17, 'admin:config', NULL)")
    try:
        answer = send(ground.port, "GET", "/v1/admin/config", None, {"Authorization": f"Bearer {gone}"})
        assert answer.status == 403
    finally:
        ground.sql("DELETE FROM permissions WHERE user_id = 17 AND scope = 'admin:config'")


def test_each_scope_opens_its_own_part_only(ground: BookingGround) -> None:
    user = nobody(ground)
    parts = {"admin:inventory": "items", "admin:holidays": "holidays", "admin:config": "config"}
    for scope, own in parts.items():
        ground.sql("INSERT INTO permissions (user_id, scope, location_id) VALUES (%s, %s, NULL)", user, scope)
        try:
            opened = {part for part in parts.values() if ground.ask("GET", f"/v1/admin/{part}", user).status == 200}
            assert opened == {own}
        finally:
            ground.sql("DELETE FROM permissions WHERE user_id = %s", user)


def pages(ground: BookingGround) -> list[Route]:
    return [
        route
        for route in routes(ground)
        if route.endpoint.startswith("site.") and (route.method, route.rule) not in PUBLIC
    ]


def test_pages_send_strangers_to_the_login(ground: BookingGround, visitor: Visitor) -> None:
    word = visitor.get("/login").hidden("csrf")
    found = pages(ground)
    assert len(found) >= 15
    for route in found:
        query = "?item=1" if route.rule == "/book" else ""
        form = {"csrf": word, "item": "1", "date": "2090-01-02"} if route.method == "POST" else None
        answer = visitor.send(route.method, route.path + query, form)
        assert answer.status == 303, (route, answer.visible)
        assert answer.headers["location"].startswith("/login"), route


def test_administrators_pages_are_not_for_others(ground: BookingGround, visitor: Visitor) -> None:
    visitor.log_in(2)
    word = visitor.get("/bookings").hidden("csrf")
    for route in pages(ground):
        if not route.rule.startswith("/admin"):
            continue
        answer = visitor.send(route.method, route.path, {"csrf": word} if route.method == "POST" else None)
        assert answer.status == 403, (route, answer.visible)
    assert "/admin" not in visitor.get("/").text


def test_users_see_only_their_own_bookings(ground: BookingGround) -> None:
    item = ground.item()
    booked = ground.booked(1, item.wish(notes="for nobody else"))
    mine, other = Visitor(ground.port), Visitor(ground.port)
    mine.log_in(1)
    other.log_in(3)
    page = f"/bookings/{booked['id']}"
    assert "for nobody else" in mine.get(page).visible
    assert other.get(page).status == 404
    assert other.post(f"{page}/cancel", {}, "/bookings").status == 404
    assert ground.ask("GET", f"/v1{page}", 3).status == 404
    listed = ground.ask("GET", "/v1/bookings?page_size=100", 3).json
    own = ground.sql("SELECT count(*) FROM bookings WHERE user_id = 3")[0]
    assert listed["total"] == own
    assert booked["id"] not in {booking["id"] for booking in listed["bookings"]}
    assert ground.sql("SELECT status FROM bookings WHERE id = %s", booked["id"]) == ["confirmed"]
