"""How much of a connection's time is rest: what the rows' objects took is not, and a profile says how much that was."""

from __future__ import annotations

from dataclasses import replace

import pytest

from subsecond.diagnose.detectors.connection_held import ConnectionHeld
from subsecond.model.deep import Profile, ProfileStack
from subsecond.model.facts import NO_FACTS, Facts
from subsecond.model.trace import Frame, Span, Trace
from subsecond_agent import protocol

OPENED, SENT, BUILT = (Frame(file="app.py", line=line, function=name) for line, name in (
    (10, "view"), (11, "view"), (30, "as_text")))  # fmt: skip
ROWS = 1_000
TRACE = Trace(
    request="list", mode="recording", id="1", pid=1, start=0, seconds=0.2, cpu_seconds=0.19, gc_seconds=0.0,
    method="GET", path="/", query="",
    spans=(
        Span(name=protocol.SPAN_CHECKOUT, parent=None, start=0.0, seconds=0.19, stack=(OPENED,)),
        Span(
            name=protocol.SPAN_QUERY, parent=0, start=0.0, seconds=0.02, stack=(SENT,),
            attributes={protocol.DB_ROWS: ROWS},
        ),
    ),
)  # fmt: skip


def profiled(*stacks: ProfileStack) -> Facts:
    """Facts with one profiling run, `stacks` of it."""
    seconds = sum(one.seconds for one in stacks)
    run = replace(TRACE, mode="profiling", profile=Profile(how="signal", period=0.005, seconds=seconds, stacks=stacks))
    return Facts(profiled=(run,))


def spent(at: Frame, library: str | None, seconds: float) -> ProfileStack:
    return ProfileStack(stack=(at,), library=library, seconds=seconds)


@pytest.mark.parametrize(
    ("facts", "idle"),
    [
        # 190 ms held, 20 ms in the statement; without a profile 100 µs a row count as making, 70 ms are left: too few
        (NO_FACTS, None),
        # making took 40 ms where the rows were read: 130 ms of rest
        (profiled(spent(SENT, "sqlalchemy", 0.03), spent(SENT, "psycopg", 0.01), spent(BUILT, None, 0.12)), 0.13),
        # what the ORM computes elsewhere, and what the app's own lines do, is no making
        (profiled(spent(BUILT, "sqlalchemy", 0.09), spent(SENT, None, 0.05)), 0.17),
        # never more than the 100 µs a row: the same line may compute something else of the ORM's
        (profiled(spent(SENT, "sqlalchemy", 0.16)), None),
    ],
)
def test_making_objects_is_no_rest(facts: Facts, idle: float | None) -> None:
    found = list(ConnectionHeld().find([TRACE], facts))
    wanted = [] if idle is None else [f"held for 190 ms, idle for {idle * 1e3:.0f} ms of it"]
    assert [one.title for one in found] == wanted
