"""How many pairs a start has: as many as five starts have time for, fewer requests only at the very last."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subsecond.model.target import RequestSpec
from subsecond.prove import rounds
from subsecond.prove.rounds import PACES, Pace, Series, planned

SECONDS = st.floats(0.001, 3.0)


def series(name: str, taken: float, near: float) -> Series:
    spec = RequestSpec(name=name, method="GET", url=f"/{name}")
    return Series(spec, [spec], cost=taken, taken=taken, near=near)


def needed(pace: Pace, requests: list[Series]) -> float:
    return sum(pace.seconds(one) for one in requests)


@given(st.lists(st.tuples(SECONDS, SECONDS), min_size=1, max_size=6), st.floats(0.01, 300.0))
def test_what_fits_is_asked_and_no_less(costs: list[tuple[float, float]], seconds: float) -> None:
    requests = [series(f"r{number}", *one) for number, one in enumerate(costs)]
    pace, timed = planned(requests, seconds)
    assert list(timed) == requests[: len(timed)] and timed  # the first, which has a promise, is never left out
    if len(timed) > 1:
        assert needed(pace, list(timed)) <= seconds
    richer = PACES[: PACES.index(pace)]
    assert all(needed(one, requests) > seconds for one in richer)
    if len(timed) < len(requests):
        assert pace == PACES[-1] and needed(pace, requests[: len(timed) + 1]) > seconds


def test_other_parameters_that_find_more_cost_more() -> None:
    light, heavy = series("light", 0.1, 0.1), series("heavy", 0.1, 0.9)
    assert planned([light], 5.0)[0] == PACES[0]
    assert planned([heavy], 5.0)[0].pairs < PACES[0].pairs


def test_a_request_above_a_second_has_two_pairs_and_one_warm_up() -> None:
    assert PACES[0].of(series("slow", 1.5, 1.5)) == Pace(2, 1)


@pytest.mark.parametrize(
    ("starting", "grace", "starts"),
    [(5.0, 0.0, 10), (9.0, 0.0, 6), (13.0, 0.0, 1), (13.0, 30.0, 5), (20.0, 30.0, 1), (5.0, 30.0, 10)],
)
def test_five_starts_may_end_a_little_behind_the_time(
    starting: float, grace: float, starts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]

    def passes(seconds: float) -> None:
        now[0] += seconds

    monkeypatch.setattr(rounds, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(rounds, "_one_start", lambda *said: passes(0.1))
    sides = SimpleNamespace(arms={}, start_afresh=lambda number: passes(starting))
    course = rounds.run(sides, [series("one", 0.001, 0.001)], 60.0, lambda one: False, lambda said: None, grace=grace)  # type: ignore[arg-type]
    assert course.starts == starts
    assert course.enough == (starts >= 5)
    assert now[0] <= 60.0 + grace + starting + 1
