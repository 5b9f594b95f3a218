"""Detector of excessive-logging."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from subsecond.diagnose.detector import chain, detector, place, seconds, spot
from subsecond.diagnose.evidence import grouped
from subsecond.model.experiment import Experiment, Learn
from subsecond.model.facts import Facts
from subsecond.model.finding import Suspicion
from subsecond.model.trace import Span, Trace
from subsecond_agent import protocol

MIN_RECORDS = 10
"""From one line in one request: a loop writes it. A request has a handful of records that are meant for a reader."""
MIN_SHARE = 0.005
"""Of the request's seconds, in handlers alone: building the arguments costs as much again or more (`json.dumps`)."""
MEANT = ("WARNING", "ERROR", "CRITICAL")


@detector
class ExcessiveLogging:
    """A log record is written for each row.

    Why it is slow: a record costs 8 to 25 µs in the logging package, its handler's writing on top, and what is most
    of it the making of its arguments: dumping a whole dictionary as JSON for a line that nobody reads.

    What to do: one record per request with the figures that matter; the rest at DEBUG, behind `isEnabledFor`, or gone.
    Pass arguments to the logger instead of a finished text, and nothing that is dear to make.

    When it is fine: the record is a warning; an audit trail that somebody has to keep.

    Rule: at least 10 records from one line in one request, below WARNING, that take half a per cent of its seconds or
    more in handlers. Lines of one function are one finding. Call site: the line that takes longest.
    """

    phase: ClassVar[int | None] = 5

    def find(self, traces: Sequence[Trace], facts: Facts) -> Iterator[Suspicion]:
        for trace in traces:
            logs = [span for span in trace.spans if span.name == protocol.SPAN_LOG and span.stack and not _meant(span)]
            loops = [group for group in grouped(logs, lambda span: span.site).values() if len(group) >= MIN_RECORDS]
            of_function = grouped((span for group in loops for span in group), _function)
            for (file, function), spans in of_function.items():
                if seconds(spans) < MIN_SHARE * trace.seconds:
                    continue
                lines = sorted(grouped(spans, lambda span: span.site).values(), key=seconds, reverse=True)
                yield Suspicion(
                    kind="excessive-logging",
                    phase=self.phase,
                    request=trace.request,
                    title=f"{len(spans)} records from {len(lines)} {'line' if len(lines) == 1 else 'lines'} in a loop",
                    site=place(lines[0][0].site),
                    fingerprint=function,
                    seconds=seconds(spans),
                    evidence=(
                        *(f"{len(group)} × at {spot(group[0].site)}" for group in lines),
                        f"called by {chain(lines[0][0])}",
                        "the seconds are the handlers' alone: making the arguments comes on top",
                    ),
                    experiments=(
                        Experiment(
                            fix="silence-logger",
                            learn={"sites": Learn(what="places", functions=((file, function),))},
                            saves={trace.request: {protocol.COUNT_LOGS: len(spans)}},
                            fidelity="lower bound",
                            note="arguments are still made, as they would be with a higher level",
                        ),
                    ),
                )


def _meant(span: Span) -> bool:
    return span.attributes.get(protocol.LOG_LEVEL) in MEANT


def _function(span: Span) -> tuple[str, str]:
    return span.stack[0].file, span.stack[0].function
