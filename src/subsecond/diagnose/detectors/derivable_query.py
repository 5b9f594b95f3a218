"""Detector of derivable-query."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import ClassVar

from subsecond.diagnose.deeply import Fetched, fetched
from subsecond.diagnose.detector import chain, detector, place, seconds
from subsecond.diagnose.evidence import places, print_of, queries, shortened, text
from subsecond.model.deep import Reads
from subsecond.model.entity import Entity
from subsecond.model.experiment import Experiment, Learn
from subsecond.model.facts import Facts
from subsecond.model.finding import Suspicion
from subsecond.model.trace import Trace
from subsecond.sql.fingerprint import operation, tables
from subsecond_agent import protocol

_BY_KEY = re.compile(r" where (?:\w+\.)?(\w+) (?:in \(\?\+\)|= \?)$")


OWN_FUNCTION = "the function that answers the request sends it: no switch can pass by the one line"


@detector
class DerivableQuery:
    """A statement asks for what an earlier one of the same request has brought.

    Why it is slow: a helper that takes ids looks names up which stand in the objects that the ids were taken from; a
    row is fetched by its key once more. A round trip, a plan, rows and objects, for values at hand.

    What to do: pass the objects (or a dictionary of them) instead of their ids; `session.get` where the object is in
    the session already: it sends nothing.

    When it is fine: the row may have changed in between, and the newest is wanted.

    Rule: in the deep run, a SELECT of one table by its primary key alone, not sent for a relationship, all of whose
    rows led to objects that an earlier statement of the request had brought, or have the keys of rows that one had
    brought (for another session, with a LIMIT: seen where the app read the keys of both), or are plain rows of columns
    that the entity's objects, brought earlier and no fewer, have; and nothing wrote to the table in between. Equal
    statements with equal values are `duplicate-query`; what the ORM reads again because it was expired is none. Call
    site: the place of the statement; cause: where the rows were fetched first.
    """

    phase: ClassVar[int | None] = 2

    def find(self, traces: Sequence[Trace], facts: Facts) -> Iterator[Suspicion]:
        earlier: dict[str, list[Fetched]] = {}
        for one in fetched(traces, facts):
            known = earlier.setdefault(one.trace.request, [])
            source = _source(one, known, facts)
            if source is not None and protocol.COLUMN_LOAD not in one.span.attributes:
                spans = one.spans
                rows = "row stands" if one.reads.rows == 1 else f"{one.reads.rows:,} rows stand"
                yield Suspicion(
                    kind="derivable-query",
                    phase=self.phase,
                    request=one.trace.request,
                    title=f"its {rows} in objects that were fetched before",
                    site=place(one.span.site),
                    cause=place(source.span.site),
                    fingerprint=one.fingerprint,
                    queries=len(spans),
                    seconds=seconds(spans),
                    evidence=(
                        shortened(one.fingerprint),
                        f"called by {chain(one.span)}",
                        f"before: {shortened(source.fingerprint)}",
                        f"fetched at {chain(source.span)}",
                    ),
                    experiments=_experiments(one),
                    untestable="" if _experiments(one) else OWN_FUNCTION,
                )
            known.append(one)


def _experiments(one: Fetched) -> tuple[Experiment, ...]:
    """The function that asks again costs nothing; none where it is the one that answers the request."""
    if len(one.span.stack) < 2:
        return ()
    return (
        Experiment(
            fix="memoise", parameters={"scope": "process"}, fidelity="estimate",
            learn={"function": Learn(what="function", chain=places(one.span))},
            saves={one.trace.request: {protocol.COUNT_QUERIES: len(one.spans)}},
            note="as if the function cost nothing",
        ),
    )  # fmt: skip


def _source(one: Fetched, earlier: Sequence[Fetched], facts: Facts) -> Fetched | None:
    """What brought the same rows before."""
    statement, reads = one.fingerprint, one.reads
    found = _BY_KEY.search(statement)
    if found is None or one.by_relation or not reads.rows or len(tables(statement)) != 1:
        return None
    entity = _entity(tables(statement)[0], facts)
    keys = [column for column in entity.columns if column.primary_key] if entity else []
    if entity is None or len(keys) != 1 or keys[0].name != found.group(1):
        return None
    for other in earlier:
        if other.reads.entity != entity.name or other.fingerprint == statement or _written_between(other, one):
            continue
        again = _keys(reads, keys[0].key)
        if reads.entity == entity.name and again and again <= _keys(other.reads, keys[0].key):
            return other
        if reads.entity == entity.name and reads.objects == 0 and reads.again >= reads.rows:
            return other
        columns = {column.key for column in entity.columns} | {column.name for column in entity.columns}
        if reads.entity is None and set(reads.columns) <= columns and reads.rows <= other.reads.objects:
            return other
    return None


def _entity(table: str, facts: Facts) -> Entity | None:
    mine = [entity for entity in facts.entities if entity.table == table and entity.parent is None]
    return mine[0] if len(mine) == 1 else None


def _keys(reads: Reads, name: str) -> frozenset[str]:
    """Hashes of the primary keys of all objects; empty where the app did not read them all."""
    values = [cluster.values.get(name) for cluster in reads.clusters]
    if reads.others or not all(one is not None and one.distinct == len(one.some) for one in values):
        return frozenset()
    return frozenset(key for one in values if one is not None for key in one.some)


def _written_between(first: Fetched, later: Fetched) -> bool:
    """Whether anything but SELECTs was sent to the table between two statements."""
    sent = queries(later.trace)
    begin = max((number for number, span in enumerate(sent) if span in first.spans), default=0)
    end = min((number for number, span in enumerate(sent) if span in later.spans), default=0)
    table = tables(later.fingerprint)[0]
    return any(operation(text(span)) != "SELECT" and table in tables(print_of(span)) for span in sent[begin:end])
