"""Detector of count-all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import ClassVar

from subsecond.diagnose.detector import chain, detector, place, seconds
from subsecond.diagnose.evidence import grouped, places, print_of, selects, shortened
from subsecond.model.database import DatabaseFacts
from subsecond.model.experiment import Experiment, Learn
from subsecond.model.facts import Facts
from subsecond.model.finding import Suspicion
from subsecond.model.trace import Span, Trace
from subsecond.sql.fingerprint import tables
from subsecond_agent import protocol

MIN_COUNTED = 1_000
"""Rows: fewer are counted in a tenth of a millisecond, whatever the database."""
MIN_SHARE = 0.05
"""Of the request's seconds: a trial shows 3 % at best, and a total that is not exact any more costs its users."""
_COUNT = re.compile(r"^select count\((?:\*|\?|[\w.]+)\)(?: as \w+)? from (?!.* group by )")


@detector
class CountAll:
    """All rows that match are counted, in each request.

    Why it is slow: a page needs twenty rows and its index finds them at once; the total beside it ("1 to 20 of
    183,412") has to look at every one of them. No index spares that: PostgreSQL has to see whether each row is visible.

    What to do: fetch one row more than the page shows, to know whether there is a next one, and leave the total out;
    ask `EXISTS` where the question is whether there is any; count up to a limit (`SELECT count(*) FROM (SELECT 1 …
    LIMIT 1001)`: "more than 1,000"); take the planner's estimate (`pg_class.reltuples`) for a whole table; keep a total
    that is written along, or remember it for a minute.

    When it is fine: the number is what the request is for, and it has to be exact and new.

    Rule: a SELECT of a `count` alone, without GROUP BY, whose conditions leave 1,000 rows or more (counted on a copy of
    the database), and which takes 5 % of the request or more. Where it reads far more rows than it counts,
    `missing-index` says so. Call site: the place of the statement; the seconds are the statement's.
    """

    phase: ClassVar[int | None] = 3

    def find(self, traces: Sequence[Trace], facts: Facts) -> Iterator[Suspicion]:
        if facts.database is None:
            return
        for trace in traces:
            counts = [span for span in selects(trace) if _COUNT.match(print_of(span))]
            for fingerprint, spans in grouped(counts, print_of).items():
                counted = _counted(fingerprint, facts.database)
                if counted < MIN_COUNTED or seconds(spans) < MIN_SHARE * trace.seconds:
                    continue
                tried = _experiments(trace.request, spans)
                yield Suspicion(
                    kind="count-all",
                    phase=self.phase,
                    request=trace.request,
                    title=f"{counted:,.0f} rows of {', '.join(tables(fingerprint))} are counted",
                    site=place(spans[0].site),
                    fingerprint=fingerprint,
                    queries=len(spans),
                    seconds=seconds(spans),
                    evidence=(shortened(fingerprint), f"called by {chain(spans[0])}"),
                    experiments=tried,
                    untestable="" if tried else "the function that answers the request counts: nothing can pass it by",
                )


def _counted(fingerprint: str, database: DatabaseFacts) -> float:
    """Rows that the conditions leave of the largest table, as counted; all of its rows without conditions."""
    counted = [one.rows for (statement, _), one in database.matching.items() if statement == fingerprint]
    if counted or " where " in fingerprint:
        return max(counted, default=0.0)
    known = [database.table(name) for name in tables(fingerprint)]
    return max((table.rows for table in known if table is not None), default=0.0)


def _experiments(request: str, spans: Sequence[Span]) -> tuple[Experiment, ...]:
    """The number from memory, where a function of its own counts."""
    if len(spans[0].stack) < 2:
        return ()
    return (
        Experiment(
            fix="memoise", parameters={"scope": "process"}, fidelity="estimate",
            learn={"function": Learn(what="function", chain=places(spans[0]))},
            saves={request: {protocol.COUNT_QUERIES: len(spans)}},
            note="as if the function that counts cost nothing",
        ),
    )  # fmt: skip
