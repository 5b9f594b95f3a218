"""Detector of commit-per-row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from subsecond.diagnose.code import in_loop
from subsecond.diagnose.detector import chain, detector, place
from subsecond.diagnose.evidence import grouped
from subsecond.model.facts import Facts
from subsecond.model.finding import Suspicion
from subsecond.model.trace import Span, Trace
from subsecond_agent import protocol

MIN_COMMITS = 3


@detector
class CommitPerRow:
    """A loop ends its transaction in every round.

    Why it is slow: a commit waits until the log has reached the disk (or the replica), some milliseconds each, takes
    two round trips, and makes the ORM fetch anew what it touches next. A failure half-way leaves half of it done.

    What to do: one commit after the loop; a savepoint (`session.begin_nested()`) per row where one may fail alone;
    batches of a thousand where there are very many.

    When it is fine: each row is work of its own that must be kept even if the next one fails (a queue).

    Rule: at least 3 transactions in one request that were begun at one place, the place or one of its callers standing
    in a loop, and that ended with a commit after a writing statement. Call site: the place that began them.
    The seconds are those from begin to commit.
    """

    phase: ClassVar[int | None] = 2

    def find(self, traces: Sequence[Trace], facts: Facts) -> Iterator[Suspicion]:
        for trace in traces:
            written = [span for span in trace.spans if span.name == protocol.SPAN_TRANSACTION and _wrote(trace, span)]
            for site, spans in grouped(written, lambda span: span.site).items():
                looped = any(in_loop(frame, facts.root) for frame in spans[0].stack)
                if site is None or len(spans) < MIN_COMMITS or not looped:
                    continue
                yield Suspicion(
                    kind="commit-per-row",
                    phase=self.phase,
                    request=trace.request,
                    title=f"{len(spans)} commits in a loop",
                    site=place(site),
                    fingerprint=site.function,
                    seconds=sum(span.seconds for span in spans),
                    evidence=(f"begun at {chain(spans[0])}",),
                    untestable="a trial never changes what is written",
                )


def _wrote(trace: Trace, span: Span) -> bool:
    """Whether it ended with a commit and a statement that writes ran in the meantime, on the same connection."""
    if span.attributes.get(protocol.OUTCOME) != "commit":
        return False
    return any(
        other.name == protocol.SPAN_QUERY
        and span.start <= other.start <= span.end
        and str(other.attributes.get(protocol.FINGERPRINT, ""))[:6] in ("insert", "update", "delete")
        for other in trace.spans
    )
