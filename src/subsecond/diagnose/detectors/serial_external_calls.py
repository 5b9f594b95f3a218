"""Detector of serial-external-calls."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import ClassVar

from subsecond.diagnose.detector import detector, place, spot
from subsecond.diagnose.evidence import grouped
from subsecond.durations import text as shown
from subsecond.model.facts import Facts
from subsecond.model.finding import Suspicion
from subsecond.model.trace import Frame, Span, Trace
from subsecond_agent import protocol

MIN_SHARE = 0.2
"""Of the request's seconds, that calling at the same time would save: all calls but the longest."""
MIN_SAVED = 0.01
"""Seconds: starting a thread and handing a result over costs some tenths of a millisecond."""


@detector
class SerialExternalCalls:
    """Other services are called one after the other, where they could be called at the same time.

    Why it is slow: the request waits for the sum of their answers in place of the slowest.

    What to do: call them at the same time (a pool of threads, `asyncio.gather`), each with a time-out and what is
    shown when it fails; or keep what changes seldom.

    When it is fine: the second needs what the first answered.

    Rule: at least two calls from different places in one request that do not overlap, and that would save a fifth of
    it and 10 ms if only the longest were waited for. Whether one needs another's answer is not known: it is a
    suspicion. Calls in a loop are `n-plus-one-http`. Call site: the place of the longest.
    """

    phase: ClassVar[int | None] = None

    def find(self, traces: Sequence[Trace], facts: Facts) -> Iterator[Suspicion]:
        for trace in traces:
            calls = sorted(
                (span for span in trace.spans if span.name == protocol.SPAN_HTTP), key=lambda span: span.start
            )
            # the longest of each place: calls of one place are a loop's
            apart = [max(spans, key=lambda span: span.seconds) for spans in grouped(calls, _stack).values()]
            apart.sort(key=lambda span: span.start)
            if len(apart) < 2 or any(one.end > other.start for one, other in itertools.pairwise(apart)):
                continue
            whole = sum(span.seconds for span in apart)
            worst = max(apart, key=lambda span: span.seconds)
            saved = whole - worst.seconds
            if saved < MIN_SAVED or saved < MIN_SHARE * trace.seconds:
                continue
            yield Suspicion(
                kind="serial-external-calls",
                phase=self.phase,
                request=trace.request,
                title=f"{len(apart)} services one after the other: {shown(whole)}, the slowest {shown(worst.seconds)}",
                site=place(_own_place(worst, apart)),
                seconds=saved,
                evidence=tuple(f"{shown(span.seconds)} at {spot(_own_place(span, apart))}" for span in apart),
                untestable="to call them at the same time takes new code, and whether one needs another is not known",
            )


def _stack(span: Span) -> tuple[Frame, ...]:
    return span.stack


def _own_place(span: Span, others: Sequence[Span]) -> Frame | None:
    """The innermost frame that is not part of all the chains: where a helper calls, its caller tells them apart."""
    shared = [set(other.stack) for other in others]
    return next((frame for frame in span.stack if not all(frame in frames for frames in shared)), span.site)
