"""The clock of a verdict: what a run computed and waited for, once where it waited for several things at a time."""

from __future__ import annotations

import pytest

from subsecond.measure.clock import clock_of
from subsecond_agent import protocol


def run(seconds: float, cpu: float, **waits: float) -> float:
    names = {
        "database": protocol.WAIT_DATABASE, "driver": protocol.WAIT_CPU, "http": protocol.WAIT_HTTP,
        "logs": protocol.WAIT_LOGS,
    }  # fmt: skip
    return clock_of(
        {"seconds": seconds, "cpu_seconds": cpu, "waits": {names[name]: one for name, one in waits.items()}}
    )


def test_waits_are_added_to_what_was_computed_and_interference_is_not() -> None:
    assert run(0.300, 0.010, database=0.050, driver=0.005) == pytest.approx(0.055)
    assert run(0.300, 0.020, http=0.100, logs=0.010) == pytest.approx(0.120)


def test_calls_at_once_last_as_long_as_the_longest() -> None:
    """Three calls of 30 ms by three threads: 90 ms of waiting in a request of 33 ms. Else serial calls cost no more."""
    at_once, one_by_one = run(0.033, 0.003, http=0.090), run(0.094, 0.004, http=0.090)
    assert at_once == pytest.approx(0.033)
    assert one_by_one == pytest.approx(0.094)
