"""Detector of several-sessions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from subsecond.diagnose.detector import detector, place, spot
from subsecond.diagnose.evidence import checkouts, grouped, waited
from subsecond.model.experiment import Experiment
from subsecond.model.facts import Facts
from subsecond.model.finding import Suspicion
from subsecond.model.trace import Span, Trace
from subsecond_agent import protocol


@detector
class SeveralSessions:
    """One request takes a connection from the pool several times.

    Why it is slow: each session waits for a connection, begins and ends a transaction of its own (two round
    trips more than its statements), and sees its own snapshot. Under load it is worse: with a pool of 5,
    requests that each need several connections queue for them.

    What to do: open one session for the request and hand it to the helpers, or inline what they do. One session
    that commits half-way gives its connection back and asks for it again: commit once, at the end.

    When it is fine: a second database, or work that must commit on its own (an audit record).

    Rule: at least two check-outs of one pool in one request. Call site: the place that opens the most
    sessions; all places are listed. The seconds are the waits for the connections beyond the first.
    """

    phase: ClassVar[int | None] = 2

    def find(self, traces: Sequence[Trace], facts: Facts) -> Iterator[Suspicion]:
        for trace in traces:
            for taken in grouped(checkouts(trace), lambda span: span.attributes.get(protocol.DB_POOL)).values():
                if len(taken) < 2:
                    continue
                places = sorted(grouped(taken, trace.opener).items(), key=lambda item: -len(item[1]))
                yield Suspicion(
                    kind="several-sessions",
                    phase=self.phase,
                    request=trace.request,
                    title=_title(taken, len(places)),
                    site=place(places[0][0]),
                    seconds=sum(waited(span) for span in taken[1:]),
                    evidence=tuple(f"{len(spans)} × opened at {spot(frame)}" for frame, spans in places),
                    experiments=(
                        Experiment(
                            fix="one-connection",
                            saves={trace.request: {protocol.COUNT_CHECKOUTS: len(taken) - 1}},
                            note="what it saves shows with round trips (--rtt) and under load",
                        ),
                    ),
                )


def _title(taken: Sequence[Span], places: int) -> str:
    title = f"{len(taken)} check-outs from {places} {'place' if places == 1 else 'places'}"
    sessions = {span.parent for span in taken}
    if len(sessions) == 1 and None not in sessions:
        return f"{title}, by one session that ends its transaction in between"
    return title
