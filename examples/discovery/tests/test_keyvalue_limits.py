"""Too many requests: who is refused, for how long, and who is not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from booking_ground import send
from parts_ground import VERSIONS, PartsGround

pytestmark = pytest.mark.xdist_group("discovery-parts")

LIMIT = 600
CHEAP = "/v1/discovery?capacity_min=x"  # answered with 400 before the database is asked


@pytest.mark.parametrize("version", VERSIONS)
def test_a_user_beyond_the_limit_is_told_when_to_come_back(parts: PartsGround, version: str) -> None:
    user = 101 + VERSIONS.index(version)
    at = parts.on(version)
    at.token(user)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: at.ask("GET", CHEAP, user), range(LIMIT + 20)))
    statuses = [answer.status for answer in answers]
    # A minute may end on the way; then the count begins anew, and nobody is refused too early.
    assert set(statuses) <= {400, 429}
    assert statuses.count(400) >= LIMIT
    while (refused := at.ask("GET", CHEAP, user)).status != 429:
        pass
    assert refused.error == (429, "rate_limited", None)
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert at.ask("GET", "/v1/bookings", user).status == 429, "everything counts together"
    assert at.ask("GET", "/healthz", user).status == 200
    assert at.ask("GET", CHEAP, 110).status == 400, "another user is not concerned"
    assert at.ask("GET", CHEAP, None).status == 400


def test_the_demo_user_and_this_machine_may_send_as_much_as_they_can(parts: PartsGround) -> None:
    for user in (1, None):
        with ThreadPoolExecutor(8) as pool:
            statuses = set(pool.map(lambda _, user=user: parts.ask("GET", CHEAP, user).status, range(LIMIT + 50)))
        assert statuses == {400}


def test_a_limit_of_ones_own(parts: PartsGround) -> None:
    with parts.by_hand("optimized", "/dev/null", DISCOVERY_RATE_LIMIT="3") as port:
        headers = {"Authorization": f"Bearer {parts.token(120)}"}
        answers = [send(port, "GET", CHEAP, None, headers).status for _ in range(5)]
    assert answers[:3] == [400, 400, 400]
    assert 429 in answers[3:]
