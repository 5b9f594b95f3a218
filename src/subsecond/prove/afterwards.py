"""What was read, read again after the target's own writes and after rows were moved about: did the answers follow?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from urllib.parse import quote

from subsecond.contract.compare import Noise
from subsecond.harness.send import RequestFailed
from subsecond.model.target import RequestSpec
from subsecond.prove.changed import words_near
from subsecond.prove.equality import both, differences
from subsecond.prove.freshness import UNDECLARED, Writer, freshness
from subsecond.prove.from_data import from_data
from subsecond.prove.gate import Case
from subsecond.prove.other_data import otherwise
from subsecond.prove.shown import curl
from subsecond.prove.sides import READS, SIDES
from subsecond.prove.timed import TimedSides
from subsecond.prove.variations import query_of, with_changes

Problem = tuple[str, list[str]]
"""What differs, in one line, and the evidence."""
SHOWN = 6
MOST_NAMED, MOST_KEYED = 24, 8
PATIENCE = 900.0
"""Seconds for all of what is read again."""


def after_writes(case: Case) -> Problem | None:
    """What an answer still said after the target's own writes, though the base's, asked afresh, says otherwise.

    Of fresh copies: the edge values have used up what can be done once, and left rows that no answer survives. Nothing
    is sent where the sides have no copies of the data, or the target declares that answers may be old.
    """
    sides = case.sides()
    writes = [spec for spec in sides.requests if spec.method not in READS]
    wanted: Sequence[RequestSpec] = case.wanted(sides.requests)
    if any(spec.method not in READS for spec in wanted):  # a write that changed may leave what any answer remembers
        wanted = sides.requests
    reads = [spec for spec in wanted if spec.method in READS]
    if not writes or not reads or case.base.target.max_stale_seconds or not sides.isolated:
        return None
    for side in SIDES:
        sides.end(side)
    for spec in (*reads, *writes):
        for side in SIDES:
            sides.ask(side, spec)
    for spec in reads:
        noise = Noise()
        if isinstance(couples := both(sides, spec, noise), str):
            continue
        if not differences(sides, spec, couples, noise, set()):
            continue
        sides.arm("base").restart()  # a base that remembers is no measure of what is true now
        fresh = sides.ask("base", spec)
        if isinstance(fresh, RequestFailed):
            continue
        if found := differences(sides, spec, [(fresh, couples[-1][1])], noise, set()):
            shown = [*map(str, found[:SHOWN]), curl(spec)]
            return f"{spec.name}, after {', '.join(one.name for one in writes)}: {found[0]}", shown
    return None


def after_moves(case: Case) -> Problem | None:
    """What an answer still said after its rows changed underneath, by no request of the target: it was remembered; or
    what the sides answer otherwise of the changed data, alike on both.

    Not asked where the sides have no copies, or the target declares that answers may be old: the speed gate waits so
    long.
    """
    sides = case.sides()
    reads = [spec for spec in case.wanted(sides.requests) if spec.method in READS]
    if not reads or case.base.target.max_stale_seconds or not sides.isolated:
        return None
    moved = TimedSides(sides.arms)
    found = freshness(moved, reads, Writer(moved, ()), 0.0, PATIENCE, thorough=True)
    other = None if found.stale else otherwise(sides, case.wanted(sides.requests), lambda spec: _named(case, spec))
    for side in SIDES:
        sides.end(side)  # the next gate begins with the data as they were
    for spec in reads:
        if why := found.stale.get(spec.name):
            return f"{spec.name}: {why}", [curl(spec), UNDECLARED]
    if other is not None:
        spec, lines = other
        return f"{spec.name}, values in other rows: {lines[0]}", [*map(str, lines[:SHOWN]), curl(spec)]
    return None


def _named(case: Case, spec: RequestSpec) -> list[RequestSpec]:
    """The request with values of its parameters that the app's code has names for, and some with other keys."""
    words = words_near(case.base.tree)
    names = dict.fromkeys([*(name for name, _ in query_of(spec)), *case.sides().read_of(spec)])
    found = (with_changes(spec, {name: quote(value)}).spec for name in names for value in words.get(name, ()))
    keyed = (one.spec for one in from_data(spec, (), case.sides().stored))
    return [*islice(found, MOST_NAMED), *islice(keyed, MOST_KEYED)]
