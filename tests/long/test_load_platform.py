"""Both versions of the platform under load, as benchmarks run them: no request fails."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from contract_facts import Facts, read_facts
from contract_requests import Request

from tests.long.asking import usual
from tests.long.crowd import Answered, Ask, for_seconds, percentile
from tests.long.figures import SCALE, Run
from tests.long.ground import Ground, legacy_with_few_connections, platform

pytestmark = pytest.mark.long
BENCH_DATE = dt.date(2026, 10, 14)
SECONDS = {"optimized": max(3.0, 60 * SCALE), "legacy": max(3.0, 30 * SCALE)}


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """The platform with medium data."""
    with platform(tmp_path_factory.mktemp("medium"), "medium" if SCALE == 1 else "small") as found:
        yield found


@pytest.fixture(scope="module")
def facts(ground: Ground) -> Facts:
    return read_facts(ground.state["databases"]["legacy"], BENCH_DATE)


def asking(facts: Facts, ground: Ground) -> Callable[[int, int], Ask]:
    """What each client asks, the same in every run."""
    tokens = ground.tokens()

    def ask_of(client: int, number: int) -> Ask:
        request: Request = usual(facts, random.Random(f"{client}:{number}"))
        return Ask(request.path, {"Authorization": f"Bearer {tokens[request.token]}"} if request.token else {})

    return ask_of


def record(run: Run, answers: list[Answered], seconds: float) -> None:
    """Requests a second, and how long the two endpoints took."""
    run.figures["requests"] = len(answers)
    run.figures["requests/s"] = f"{len(answers) / seconds:.1f}"
    for name, path in (("discovery", "/v1/discovery"), ("detail", "/v1/locations")):
        took = [answer.seconds for answer in answers if answer.path.startswith(path)]
        if not took:
            continue
        p50, p95 = percentile(took, 0.5), percentile(took, 0.95)
        run.figures[f"{name} p50, p95"] = f"{p50 * 1000:.0f} ms, {p95 * 1000:.0f} ms"


@pytest.mark.parametrize(("version", "clients"), [("optimized", 20), ("legacy", 4)])
def test_load_on_the_platform(
    version: str, clients: int, ground: Ground, facts: Facts, tmp_path: Path, run: Run
) -> None:
    """Medium data; clients ask both endpoints with varied parameters without a pause."""
    ask_of, seconds = asking(facts, ground), SECONDS[version]
    run.figures |= {"clients": clients, "seconds": round(seconds)}
    if version == "legacy":
        with legacy_with_few_connections(ground, tmp_path) as port:
            answers = for_seconds(port, clients, seconds, ask_of)
    else:
        answers = for_seconds(ground.port(version), clients, seconds, ask_of)
    record(run, answers, seconds)
    failed = [answer for answer in answers if answer.status != 200]
    run.figures["failed"] = len(failed)
    assert not failed, failed[:5]
    assert ground.errors(version) == 0
