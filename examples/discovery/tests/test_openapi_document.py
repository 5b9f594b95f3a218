"""The OpenAPI document: valid, complete, and the same in both versions."""

from __future__ import annotations

import json

import pytest
from booking_ground import BookingGround, send
from site_ground import GROUP, routes

pytestmark = pytest.mark.xdist_group(GROUP)

JSON_BESIDE_V1 = ("/healthz", "/openapi.json")


def document(ground: BookingGround) -> dict:
    answer = send(ground.port, "GET", "/openapi.json")
    assert answer.status == 200
    return answer.json


def test_it_covers_every_route_and_nothing_else(ground: BookingGround) -> None:
    there = {
        (route.template, route.method.lower())
        for route in routes(ground)
        if route.rule.startswith("/v1/") or route.rule in JSON_BESIDE_V1
    }
    described = {(path, method) for path, methods in document(ground)["paths"].items() for method in methods}
    assert described == there


def test_both_versions_publish_the_same(playground: BookingGround) -> None:
    assert document(playground) == document(playground.on("legacy"))


def test_it_is_openapi_3_1_and_every_reference_leads_somewhere(playground: BookingGround) -> None:
    found = document(playground)
    assert found["openapi"].startswith("3.1")
    text = json.dumps(found)
    for name in {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}:
        assert name in found["components"]["schemas"]
    names = [entry["operationId"] for methods in found["paths"].values() for entry in methods.values()]
    assert len(set(names)) == len(names)


def test_empty_and_zero_are_values_of_every_query_parameter(playground: BookingGround) -> None:
    for path, methods in document(playground)["paths"].items():
        for entry in methods.values():
            for parameter in entry.get("parameters", []):
                if parameter["in"] == "query":
                    assert {"", "0"} <= set(parameter["schema"]["anyOf"][-1]["enum"]), (path, parameter["name"])


def test_discovery_has_its_13_parameters(playground: BookingGround) -> None:
    assert len(document(playground)["paths"]["/v1/discovery"]["get"]["parameters"]) == 13


def test_the_page_to_try_it_needs_nothing_from_elsewhere(ground: BookingGround) -> None:
    page = send(ground.port, "GET", "/docs")
    assert page.status == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "//" not in page.text.replace("</", "")
    for path in ("/docs/start.js", "/docs/assets/swagger-ui.css", "/docs/assets/swagger-ui-bundle.js"):
        assert path in page.text
        assert send(ground.port, "GET", path).status == 200
    assert send(ground.port, "GET", "/docs/assets/index.html").status == 404
