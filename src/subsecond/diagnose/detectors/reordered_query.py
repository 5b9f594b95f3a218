"""Detector of reordered-query."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from subsecond.diagnose.detector import chain, detector, place, seconds
from subsecond.diagnose.evidence import database_of, print_of, queries, shortened, text, values
from subsecond.model.facts import Facts
from subsecond.model.finding import Suspicion
from subsecond.model.trace import Span, Trace
from subsecond.sql.fingerprint import operation, tables
from subsecond_agent import protocol

MIN_ROWS = 2
"""A single row has no order."""
_ORDER = " order by "


@detector
class ReorderedQuery:
    """The same rows are fetched again in another order.

    Why it is slow: the second statement sends, plans, fetches and maps what the program already holds; sorting a list
    of it takes a thousandth of that.

    What to do: fetch once, and `sorted(rows, key=…)` for the second order; or a window function
    (`row_number() OVER (ORDER BY …)`) where only the place in the other order is wanted.

    When it is fine: each statement has a LIMIT: the first rows of two orders are different rows. Or the order cannot
    be made in Python (a collation of the database's).

    Rule: two statements of one request that are equal but for their ORDER BY, with equal values, of one database, with
    no LIMIT, at least two rows, and no write to their tables in between. Call site: the later one; cause: the first.
    """

    phase: ClassVar[int | None] = 2

    def find(self, traces: Sequence[Trace], facts: Facts) -> Iterator[Suspicion]:
        for trace in traces:
            for first, later in _reordered(trace):
                yield Suspicion(
                    kind="reordered-query",
                    phase=self.phase,
                    request=trace.request,
                    title=f"the {later.attributes.get(protocol.DB_ROWS)} rows of an earlier statement in another order",
                    site=place(later.site),
                    cause=place(first.site),
                    fingerprint=print_of(later),
                    queries=1,
                    seconds=seconds([later]),
                    evidence=(
                        f"first: {shortened(print_of(first))}",
                        f"fetched at {chain(first)}",
                        f"again: {shortened(print_of(later))}",
                        f"fetched at {chain(later)}",
                    ),
                    saves={trace.request: {protocol.COUNT_QUERIES: 1}},
                    untestable="its rows would have to be sorted by the app: no switch can do that in a running one",
                )


def _reordered(trace: Trace) -> Iterator[tuple[Span, Span]]:
    """(the first, a later one) for each further order of the same rows."""
    groups: dict[tuple[str, str, str], dict[str, Span]] = {}
    for span in queries(trace):
        statement = print_of(span)
        if operation(text(span)) != "SELECT":
            written = set(tables(statement))
            groups = {key: known for key, known in groups.items() if not written & set(tables(key[0]))}
            continue
        rows = span.attributes.get(protocol.DB_ROWS)
        head, found, order = statement.rpartition(_ORDER)
        if not found:
            head, order = statement, ""
        if not isinstance(rows, int) or rows < MIN_ROWS or ")" in order.replace("()", "") or _is_cut(statement):
            continue
        known = groups.setdefault((head, values(span), database_of(trace, span)), {})
        if known and order not in known:
            yield next(iter(known.values())), span
        known.setdefault(order, span)


def _is_cut(statement: str) -> bool:
    return any(word in statement for word in (" limit ", " offset ", " fetch first "))
