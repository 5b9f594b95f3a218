"""How a finding's statements grow with what the request is asked for: an exponent, fitted on counts and rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from subsecond.diagnose.evidence import print_of, queries
from subsecond.model.finding import Finding
from subsecond.model.growth import Grown
from subsecond.model.trace import Trace
from subsecond_agent import protocol

FEWEST_SIZES = 4
LEAST_FACTOR = 8
MUST_DOUBLE = 2
"""Times that the request's statements or rows must have grown over the sizes: else the parameter is none of size."""
MOST_OFF = 0.15
"""Of a logarithm, that a point may lie beside the line: more, and it levels off or jumps."""


def growth_of(finding: Finding, grown: Sequence[Grown]) -> float | None:
    """0 does not grow, 1 as the request asks for more, 2 with its square; None where it is not known."""
    found: list[float] = []
    for runs in _by_parameter(finding.request, grown).values():
        sizes = sorted(runs)
        if len(sizes) < FEWEST_SIZES or sizes[-1] < LEAST_FACTOR * sizes[0]:
            continue
        wholes = [[_whole(runs[size], count) for size in sizes] for count in _COUNTS]
        if not any(whole[-1] >= MUST_DOUBLE * max(1, whole[0]) for whole in wholes):
            continue
        exponents = [_exponent(sizes, [_mine(runs[size], finding, count) for size in sizes]) for count in _COUNTS]
        found += [one for one in exponents if one is not None]
    return max(found, default=None)


_COUNTS = (protocol.COUNT_QUERIES, protocol.COUNT_ROWS)


def _by_parameter(request: str, grown: Sequence[Grown]) -> Mapping[str, dict[int, Trace]]:
    found: dict[str, dict[int, Trace]] = {}
    for one in grown:
        if one.request == request:
            found.setdefault(one.parameter, {})[one.size] = one.trace
    return found


def _whole(trace: Trace, count: str) -> int:
    return trace.counts.get(count, 0)


def _mine(trace: Trace, finding: Finding, count: str) -> int:
    """Statements of the finding, or the rows that they returned."""
    spans = [
        span
        for span in queries(trace)
        if finding.fingerprint and finding.fingerprint in (print_of(span), span.attributes.get(protocol.LAZY_LOAD))
    ]
    if count == protocol.COUNT_QUERIES:
        return len(spans)
    return sum(rows for span in spans if isinstance(rows := span.attributes.get(protocol.DB_ROWS), int))


def _exponent(sizes: Sequence[int], amounts: Sequence[int]) -> float | None:
    """The slope of the line through the logarithms, None where they lie on none."""
    if min(amounts) < 1:
        return None
    xs, ys = [math.log(size) for size in sizes], [math.log(amount) for amount in amounts]
    middle_x, middle_y = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - middle_x) ** 2 for x in xs)
    slope = sum((x - middle_x) * (y - middle_y) for x, y in zip(xs, ys, strict=True)) / spread
    off = max(abs(y - middle_y - slope * (x - middle_x)) for x, y in zip(xs, ys, strict=True))
    return round(slope, 2) + 0.0 if off <= MOST_OFF else None
