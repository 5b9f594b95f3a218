"""Detector of cacheable-response."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from subsecond.diagnose.detector import detector, place
from subsecond.diagnose.evidence import answering, queries, selects
from subsecond.durations import text as shown
from subsecond.model.experiment import Experiment
from subsecond.model.facts import Facts
from subsecond.model.finding import Suspicion
from subsecond.model.trace import Trace
from subsecond_agent import protocol

MIN_SECONDS = 0.1
"""A stored answer costs a look-up, a wrong one a user: below a tenth of a second nobody thanks for it (Nielsen: felt as
at once)."""


@detector
class CacheableResponse:
    """The same question is answered anew each time, at great cost, though nothing was written.

    Why it is slow: the whole request is repeated for an answer that is the same until its data changes.

    What to do: first what makes it slow; then keep the answer for as long as it may be old, under a key of all that it
    depends on (path, query, user or rights, language), and forget it when its tables are written. `ETag` and
    `Cache-Control` where clients may keep it themselves. Let one request make it while the others wait.

    When it is fine: answers must be the newest, or hardly anybody asks the same twice.

    Rule: a GET that answered below 300 with at least one statement, all of them reading, taking 100 ms or more in
    every recorded run. The trial answers from memory and compares: it tests whether the answer is the same each time,
    not how quick it would be. It has no seconds: what it gives is the share of requests that ask the same again.
    """

    phase: ClassVar[int | None] = 4

    def find(self, traces: Sequence[Trace], facts: Facts) -> Iterator[Suspicion]:
        by_request: dict[str, list[Trace]] = {}
        for trace in traces:
            by_request.setdefault(trace.request, []).append(trace)
        for runs in by_request.values():
            if not all(_may_be_kept(trace) for trace in runs):
                continue
            first = runs[0]
            yield Suspicion(
                kind="cacheable-response",
                phase=self.phase,
                request=first.request,
                title=f"it reads only, and takes {shown(min(trace.seconds for trace in runs))} each time",
                site=place(answering(first, facts.root)),
                fingerprint=first.route or first.path,
                seconds=0.0,
                evidence=tuple(_evidence(first)),
                experiments=(
                    Experiment(
                        fix="remember-response", fidelity="upper bound",
                        note="an answer from memory is always quicker: what was tested is that it is the same",
                    ),
                ),
            )  # fmt: skip


def _evidence(trace: Trace) -> Iterator[str]:
    yield f"{len(selects(trace))} statements, none of which writes"
    if calls := sum(span.name == protocol.SPAN_HTTP for span in trace.spans):
        yield f"{calls} calls of other services, whose answers may change at any time"


def _may_be_kept(trace: Trace) -> bool:
    sent = queries(trace)
    good = trace.status is not None and trace.status < 300 and trace.error is None
    reads = bool(sent) and len(sent) == len(selects(trace))
    calls = any(
        span.name == protocol.SPAN_HTTP and span.attributes.get(protocol.HTTP_METHOD) not in ("GET", "HEAD")
        for span in trace.spans
    )
    return trace.method == "GET" and good and reads and not calls and trace.seconds >= MIN_SECONDS
