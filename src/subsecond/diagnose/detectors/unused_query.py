"""Detector of unused-query."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from subsecond.diagnose.deeply import Fetched, fetched
from subsecond.diagnose.detector import chain, detector, place, seconds
from subsecond.diagnose.evidence import grouped, shortened
from subsecond.model.experiment import Experiment, Learn
from subsecond.model.facts import Facts
from subsecond.model.finding import Suspicion
from subsecond.model.trace import Trace

MIN_ROWS = 2
"""One row of which nothing is read answers whether there is one."""


@detector
class UnusedQuery:
    """Rows are fetched and nothing of them is read.

    Why it is slow: the statement, its rows and their objects are all for nothing: a list that a later change made
    superfluous, or one that is fetched before the check that would have ended the request (a holiday, an empty
    result, a missing right). There it is useless on this request and needed on others.

    What to do: remove it; or move it below the check that decides whether it is needed. Where the response depends on
    how many rows there are, and on nothing else of them, let the database count (`SELECT count(*)`), or ask `EXISTS`.

    When it is fine: it is sent for its effect (a lock, a check that the rows are there, filling the session's
    identity map for what follows).

    Rule: in the deep run, a SELECT that was not sent for a relationship fetched at least 2 rows, made new objects, and
    of no row or object that came with it a column or relation was read. It is a suspicion: the rows' number may have
    been looked at. The trial runs the request with no rows in its place: an equal response proves it, and all
    requests that send it are tried, so that it shows where it is needed. Where the response is another one, it runs
    with other values in the rows: an equal response proves that their number is all that is used. Call site: the place
    of the statement.
    """

    phase: ClassVar[int | None] = 2

    def find(self, traces: Sequence[Trace], facts: Facts) -> Iterator[Suspicion]:
        groups: dict[tuple[str, int], list[Fetched]] = {}
        for one in fetched(traces, facts):
            groups.setdefault((one.trace.request, id(one.span)), []).append(one)
        for group in groups.values():
            first = group[0]
            rows = max(one.reads.rows for one in group)
            spans = first.spans
            if first.by_relation or rows < MIN_ROWS or not spans or not _is_unread(group):
                continue
            statement = {"statements": Learn(what="statements", fingerprint=first.fingerprint)}
            site = max(grouped(spans, lambda span: span.stack).values(), key=len)[0]
            yield Suspicion(
                kind="unused-query",
                phase=self.phase,
                request=first.trace.request,
                title=f"{rows:,} rows fetched, and nothing of them read in this request",
                site=place(site.site),
                fingerprint=first.fingerprint,
                queries=len(spans),
                seconds=seconds(spans),
                evidence=(shortened(first.fingerprint), f"called by {chain(site)}"),
                experiments=(
                    Experiment(
                        fix="empty", parameters={"sites": None}, learn=statement, fidelity="upper bound",
                        note="with no rows in its place the response is the same",
                    ),
                    Experiment(
                        fix="perturb", parameters={"sites": None}, learn=statement, fidelity="upper bound",
                        note="with other values in its rows the response is the same: at most their number is used",
                    ),
                ),
            )  # fmt: skip


def _is_unread(group: Sequence[Fetched]) -> bool:
    """Rows that carry whole objects are read to reach those: then the objects' own columns say what was used."""
    carried = {one.reads.entity.rpartition(":")[2].rpartition(".")[2] for one in group if one.reads.entity}
    for one in group:
        read = {name for name, times in one.reads.columns.items() if times}
        if one.reads.again or one.reads.relations or read - (set() if one.reads.entity else carried):
            return False
    return True
