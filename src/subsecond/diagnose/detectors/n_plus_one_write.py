"""Detector of n-plus-one-write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from subsecond.diagnose.detector import chain, detector, place, seconds
from subsecond.diagnose.evidence import grouped, queries, shape, shortened, text, values
from subsecond.model.facts import Facts
from subsecond.model.finding import Suspicion
from subsecond.model.trace import Span, Trace
from subsecond.sql.fingerprint import WRITING, operation
from subsecond_agent import protocol

MIN_REPEATS = 3
"""As for reading: two from one line are as often a pair as a loop."""


@detector
class NPlusOneWrite:
    """The same writing statement is sent once per row.

    Why it is slow: each row pays a round trip, and holds the locks of all rows before it for that much longer.

    What to do: one statement with many rows: `session.add_all` and one flush, `session.execute(insert(Visit), rows)`;
    an UPDATE with a WHERE that says which rows, where they all change in the same way.

    When it is fine: few rows; each needs what the database gave back for the one before.

    Rule: INSERT, UPDATE or DELETE statements, grouped by fingerprint and the whole chain of own frames, at least 3 in
    one request with different values, each for one set of values. Call site: the place that sends them.
    """

    phase: ClassVar[int | None] = 2

    def find(self, traces: Sequence[Trace], facts: Facts) -> Iterator[Suspicion]:
        for trace in traces:
            for (fingerprint, _), spans in grouped(_single_writes(trace), shape).items():
                if len(spans) < MIN_REPEATS or len({values(span) for span in spans}) < MIN_REPEATS:
                    continue
                yield Suspicion(
                    kind="n-plus-one-write",
                    phase=self.phase,
                    request=trace.request,
                    title=f"{len(spans)} × one writing statement",
                    site=place(spans[0].site),
                    fingerprint=fingerprint,
                    queries=len(spans),
                    seconds=seconds(spans),
                    evidence=(shortened(fingerprint), f"called by {chain(spans[0])}"),
                    untestable="a trial never changes what is written",
                )


def _single_writes(trace: Trace) -> Iterator[Span]:
    for span in queries(trace):
        if operation(text(span)) in WRITING and protocol.EXECUTEMANY not in span.attributes:
            yield span
