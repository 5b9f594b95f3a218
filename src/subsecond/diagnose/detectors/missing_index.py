"""Detector of missing-index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from subsecond.diagnose.detector import detector
from subsecond.diagnose.indexes import PHASE, advice_on, spans_of, suspicion
from subsecond.model.facts import Facts
from subsecond.model.finding import Suspicion
from subsecond.model.trace import Trace


@detector
class MissingIndex:
    """A statement reads a whole table, or far more of it than it needs, because no index leads to its rows.

    Why it is slow: the database reads every row and throws nearly all of them away; twice the rows, twice the time.
    In a loop it does so each time.

    What to do: build the index that the finding names. Columns compared with `=` come first, the most selective one
    leading, then the one range or the columns of ORDER BY. On PostgreSQL use `CREATE INDEX CONCURRENTLY`, outside a
    transaction (Alembic: `autocommit_block()`; Django: `atomic = False`), so that writers go on; if it fails, drop
    the invalid index that is left. Each index makes writes dearer: one that serves several statements is better than
    one for each.

    When it is fine: the table is small, or most of its rows are needed.

    Rule: the plan, on a copy of the database and with the recorded values, reads at least 1,000 rows and 30 % of the
    table in vain (the defaults of the pg_qualstats family), and fetching the rest by an index costs less than half
    (dexter's rule) by the planner's formulas or by the planner itself, where HypoPG is there. The statements take at
    least 1 % of the request (not asked on SQLite, which finds its rows while they are fetched). How many rows each
    condition leaves is counted on the copy. An index for several statements is one finding. Call site: the place whose
    statements take longest.
    """

    phase: ClassVar[int | None] = PHASE

    def find(self, traces: Sequence[Trace], facts: Facts) -> Iterator[Suspicion]:
        if facts.database is None:
            return
        advice = advice_on(facts.database)
        for trace in traces:
            for one in advice.ordinary:
                if spans := spans_of(trace, one.proposals, advice):
                    yield suspicion("missing-index", trace, spans, one, advice)
