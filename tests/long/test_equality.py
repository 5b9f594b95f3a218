"""The two versions of the platform, asked the same at length: every answer equal, field by field."""

from __future__ import annotations

import datetime as dt
import http.client
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import pytest
from contract_comparison import Answer, answer_differences
from contract_facts import Facts, read_facts
from contract_requests import Request, all_requests

from tests.long.asking import any_requests
from tests.long.figures import SCALE, Run, scaled
from tests.long.ground import Ground, platform

pytestmark = pytest.mark.long
DATA_SEEDS = (20260101, 7, 4242)
FIRST_DAY = dt.date(2026, 10, 14)
LAST_DAY = dt.date(2026, 12, 20)
BY_CHANCE = 420
"""Requests by chance on the data of each seed, beside the list of the contract's test."""


def facts_of(ground: Ground, after: int) -> Facts:
    """Facts of a day that has a case of every rule: the `after`-th such day from the first on."""
    day = FIRST_DAY
    while day < LAST_DAY:
        try:
            facts = read_facts(ground.state["databases"]["legacy"], day)
        except AssertionError:  # the day has not all cases
            pass
        else:
            if after == 0:
                return facts
            after -= 1
        day += dt.timedelta(days=1)
    raise AssertionError(f"no day from {FIRST_DAY} on has a case of every rule")


def requests_of(facts: Facts, number: int, seed: int) -> list[Request]:
    """The contract's own list made from these facts (of the later seeds a half), and some by chance; each once."""
    listed = all_requests(facts)
    kept = listed[:: max(2 if number else 1, round(1 / SCALE))]
    return list(dict.fromkeys([*kept, *islice(any_requests(facts, seed), scaled(BY_CHANCE, 20))]))


def ask(ground: Ground, tokens: dict[str, str], version: str, request: Request) -> Answer:
    """Send the request to one version."""
    headers = {"Authorization": f"Bearer {tokens[request.token]}"} if request.token else {}
    if request.authorization is not None:
        headers["Authorization"] = request.authorization
    connection = http.client.HTTPConnection("127.0.0.1", ground.port(version), timeout=60)
    try:
        connection.request("GET", request.path, headers=headers)
        response = connection.getresponse()
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
    finally:
        connection.close()


def compared(ground: Ground, requests: list[Request]) -> Iterator[tuple[Request, int, list[str]]]:
    """Each request with the status of its answer and what differs; two at a time, as there are two workers."""
    tokens = ground.tokens()

    def pair(request: Request) -> tuple[Request, int, list[str]]:
        legacy, optimized = (ask(ground, tokens, version, request) for version in ("legacy", "optimized"))
        return request, optimized.status, answer_differences(legacy, optimized)

    with ThreadPoolExecutor(2) as pool:
        yield from pool.map(pair, requests)


def test_equality_at_length(tmp_path: Path, run: Run) -> None:
    """Legacy against optimized on small data of three seeds and days: the contract's requests, and more by chance."""
    statuses: Counter[int] = Counter()
    different: list[str] = []
    crashed = 0
    for number, seed in enumerate(DATA_SEEDS):
        (tmp_path / str(seed)).mkdir()
        with platform(tmp_path / str(seed), "small", seed) as ground:
            facts = facts_of(ground, number)
            for request, status, lines in compared(ground, requests_of(facts, number, seed)):
                statuses[status] += 1
                different += [f"seed {seed}: {request}: {'; '.join(lines[:4])}"] if lines else []
            crashed += ground.errors("legacy") + ground.errors("optimized")
    run.figures.update({"requests": statuses.total(), "different": len(different)})
    run.figures |= {f"answered {status}": count for status, count in sorted(statuses.items())}
    assert not different, f"{len(different)} of {statuses.total()} differ\n" + "\n".join(different[:15])
    assert not crashed
    assert not [status for status in statuses if status >= 500]
    assert statuses.total() >= scaled(3000)
    assert statuses[200] > statuses.total() / 3
