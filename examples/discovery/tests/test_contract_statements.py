"""What the optimised version costs: statements, sessions, the time a connection is held, log lines."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from contract_platform import Platform
from contract_requests import Request

pytestmark = pytest.mark.xdist_group("discovery-contract")

LISTING = "/v1/discovery?city=lisbon&date=2026-10-14"
DETAIL = "/v1/locations/1/detail?date=2026-10-14"
COLD = 4  # statements that a worker sends once in five minutes: settings, categories, statuses, add-ons
STAGE = re.compile(r"[a-z]+;dur=[0-9]+\.[0-9]")

# path, statements
COSTS = (
    (LISTING, 8),
    (f"{LISTING}&page_size=100", 8),
    (f"{LISTING}&lat=38.7&lng=-9.1", 8),
    (f"{LISTING}&add_ons=projector,whiteboard&category=meeting-room&capacity_min=2&start_time=09:00&end_time=12:00", 8),
    ("/v1/discovery?date=2026-10-14", 7),  # no city, so no look-up of it
    (f"{LISTING}&page=1000", 2),
    (f"{LISTING}&category=nothing", 1),
    (f"{LISTING}&add_ons=projector,nothing", 1),
    ("/v1/discovery?city=lisbon&date=2026-12-25", 1),  # a holiday
    ("/v1/discovery?city=atlantis", 1),
    ("/v1/discovery?capacity_min=x", 0),
    (DETAIL, 5),
    ("/v1/locations/2/detail?date=2026-10-14", 5),
    ("/v1/locations/999999/detail", 2),
    ("/healthz", 0),
)


@pytest.fixture(scope="module")
def costs(platform: Platform) -> dict[str, dict[str, Any]]:
    """What each path cost in a worker that has answered before; `cold` is that first answer."""
    token = platform.tokens["user1"]
    paths = ["cold", *(path for path, _ in COSTS), "stranger"]
    asked = {"cold": [LISTING, None], "stranger": [DETAIL, platform.tokens["user3"]]}
    found = platform.probe("count", [asked.get(path, [path, token]) for path in paths])
    return dict(zip(paths, found, strict=True))


@pytest.mark.parametrize(("path", "statements"), COSTS)
def test_statements(costs: dict[str, dict[str, Any]], path: str, statements: int) -> None:
    assert costs[path]["statements"] == statements


def test_the_first_request_reads_what_is_remembered(costs: dict[str, dict[str, Any]]) -> None:
    assert costs["cold"]["statements"] == 8 + COLD


def test_who_may_not_read_costs_one_statement(costs: dict[str, dict[str, Any]]) -> None:
    assert costs["stranger"]["status"] == 403
    assert costs["stranger"]["statements"] == 1


def test_one_session_at_most_which_is_given_back_before_the_response_is_built(costs: dict[str, dict[str, Any]]) -> None:
    for path, cost in costs.items():
        assert cost["checkouts"] == (1 if cost["statements"] else 0), path
        assert cost["returned"] == cost["checkouts"], path
        assert cost["in_use_at_build"] == 0, path


def test_one_log_line_a_request_at_most(costs: dict[str, dict[str, Any]]) -> None:
    assert {cost["lines"] for cost in costs.values()} == {0, 1}


def test_the_answer_says_how_long_its_stages_took(costs: dict[str, dict[str, Any]]) -> None:
    for path, stages in (
        (LISTING, ["auth", "cache", "config", "query", "details", "build", "keep", "total"]),
        (DETAIL, ["auth", "config", "permission", "query", "details", "build", "total"]),
    ):
        parts = costs[path]["timing"].split(", ")
        assert all(STAGE.fullmatch(part) for part in parts), parts
        assert [part.partition(";")[0] for part in parts] == stages


def test_no_error_with_more_clients_than_connections(platform: Platform) -> None:
    """Two workers with five connections each, forty requests at once."""
    paths = [LISTING, DETAIL, f"{LISTING}&lat=38.7&lng=-9.1", "/v1/locations/2/detail?date=2026-10-14"] * 30
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda path: platform.ask("optimized", Request(path, "user1")), paths))
    assert {answer.status for answer in answers} == {200}, platform.errors("optimized")
    assert all("server-timing" in answer.headers for answer in answers)
