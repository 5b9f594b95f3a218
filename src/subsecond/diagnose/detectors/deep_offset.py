"""Detector of deep-offset."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from subsecond.diagnose.detector import chain, detector, place, seconds
from subsecond.diagnose.evidence import grouped, print_of, selects, shortened
from subsecond.model.facts import Facts
from subsecond.model.finding import Suspicion
from subsecond.model.trace import Span, Trace
from subsecond_agent import protocol

MIN_SKIPPED = 1_000
"""Rows read in vain from which an index is thought of, too (the default of the pg_qualstats family)."""
MIN_TIMES = 10
"""Rows skipped for each row that came back: below it, a page of the usual size is among the first ten."""


@detector
class DeepOffset:
    """A page far back is fetched with OFFSET: all rows before it are read, put in order and thrown away.

    Why it is slow: OFFSET 50000 LIMIT 20 makes 50,020 rows and returns 20; each page costs more than the one before. A
    crawler, an export or a "last page" link goes there. Rows that are written meanwhile shift the pages: some are shown
    twice, some never.

    What to do: ask for what follows the last row shown (`WHERE (day, id) < (:day, :id) ORDER BY day DESC, id DESC LIMIT
    20`, with an index on the same columns): any page costs what the first does. Where page numbers have to stay, fetch
    the keys of the page from a covering index and join the rows to them, or let nobody go beyond a page that is useful.

    When it is fine: few ever go that far, and it is quick enough for them.

    Rule: a SELECT whose OFFSET was 1,000 or more, and 10 times the rows that it returned or more. Call site: the place
    of the statement. The seconds are the statement's, as far as they went into rows that were skipped.
    """

    phase: ClassVar[int | None] = 3

    def find(self, traces: Sequence[Trace], facts: Facts) -> Iterator[Suspicion]:
        for trace in traces:
            deep = [span for span in selects(trace) if _skipped(span) >= max(MIN_SKIPPED, MIN_TIMES * _rows(span))]
            for fingerprint, spans in grouped(deep, print_of).items():
                worst = max(spans, key=_skipped)
                skipped, rows = _skipped(worst), _rows(worst)
                yield Suspicion(
                    kind="deep-offset",
                    phase=self.phase,
                    request=trace.request,
                    title=f"{skipped:,} rows made and skipped for {rows:,}",
                    site=place(worst.site),
                    fingerprint=fingerprint,
                    queries=len(spans),
                    seconds=seconds(spans) * skipped / (skipped + rows),
                    evidence=(shortened(fingerprint), f"called by {chain(worst)}"),
                    untestable="to go on from the last row takes another statement, and a request that names that row",
                )


def _skipped(span: Span) -> int:
    offset = span.attributes.get(protocol.OFFSET)
    return offset if isinstance(offset, int) else 0


def _rows(span: Span) -> int:
    rows = span.attributes.get(protocol.DB_ROWS)
    return rows if isinstance(rows, int) else 0
