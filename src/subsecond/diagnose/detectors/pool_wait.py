"""Detector of pool-wait."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from subsecond.diagnose.detector import detector, place, spot
from subsecond.diagnose.evidence import checkouts, grouped, waited
from subsecond.durations import text as shown
from subsecond.model.experiment import Experiment
from subsecond.model.facts import Facts
from subsecond.model.finding import Suspicion
from subsecond.model.trace import Trace
from subsecond_agent import protocol

MIN_SHARE = 0.05
"""Of the request's seconds; a connection that lies ready is handed out in microseconds."""
MIN_SECONDS = 0.002


@detector
class PoolWait:
    """The request waits for its connections.

    Why it is slow: no connection lies ready. Either there is no pool (`NullPool`, a new engine for each request), so
    that each session connects anew, with a handshake, a login and the session's settings; or the pool is smaller than
    what runs at the same time; or each check-out first asks the server whether it is there (`pool_pre_ping`), one
    round trip each.

    What to do: one engine per process, made at start, with a pool as large as what one worker runs at the same time;
    fewer sessions per request; `pool_recycle` in place of the ping where the network is good.

    When it is fine: behind a pooler (PgBouncer) that hands connections out at once, without a pool in front.

    Rule: the waits of all check-outs of a request are 5 % of it or more and 2 ms, in every recorded run. The
    application's first connections, which a warm process has, do not count: it was asked before. Call site: the place
    that waited longest.
    """

    phase: ClassVar[int | None] = 2

    def find(self, traces: Sequence[Trace], facts: Facts) -> Iterator[Suspicion]:
        by_request: dict[str, list[Trace]] = {}
        for trace in traces:
            by_request.setdefault(trace.request, []).append(trace)
        for runs in by_request.values():
            if not all(_waits(trace) for trace in runs):
                continue
            trace = min(runs, key=_waited)
            taken = checkouts(trace)
            places = sorted(
                grouped(taken, trace.opener).items(), key=lambda item: -sum(waited(span) for span in item[1])
            )
            yield Suspicion(
                kind="pool-wait",
                phase=self.phase,
                request=trace.request,
                title=f"{shown(_waited(trace))} spent waiting for {len(taken)} connections",
                site=place(places[0][0]),
                seconds=_waited(trace),
                evidence=tuple(
                    f"{shown(sum(waited(span) for span in spans))} for {len(spans)} at {spot(frame)}"
                    for frame, spans in places
                ),
                experiments=(
                    Experiment(
                        fix="one-connection",
                        saves={trace.request: {protocol.COUNT_CHECKOUTS: len(taken) - 1}},
                        fidelity="lower bound",
                        note="one wait is left, which a pool would spare too",
                    ),
                )
                if len(taken) > 1
                else (),
                untestable="" if len(taken) > 1 else "how connections are pooled is set when the app starts",
            )


def _waited(trace: Trace) -> float:
    return sum(waited(span) for span in checkouts(trace))


def _waits(trace: Trace) -> bool:
    return _waited(trace) >= max(MIN_SHARE * trace.seconds, MIN_SECONDS)
