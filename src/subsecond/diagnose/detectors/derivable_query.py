"""Detector of derivable-query."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import ClassVar

from subsecond.diagnose.deeply import Fetched, fetched
from subsecond.diagnose.detector import chain, detector, place, seconds
from subsecond.diagnose.evidence import places, shortened
from subsecond.model.entity import Entity
from subsecond.model.experiment import Experiment, Learn
from subsecond.model.facts import Facts
from subsecond.model.finding import Suspicion
from subsecond.model.trace import Trace
from subsecond.sql.fingerprint import tables
from subsecond_agent import protocol

_BY_KEY = re.compile(r" where (?:\w+\.)?(\w+) (?:in \(\?\+\)|= \?)$")


@detector
class DerivableQuery:
    """A statement asks for what an earlier one of the same request has brought.

    Why it is slow: a helper that takes ids looks names up which stand in the objects that the ids were taken from; a
    row is fetched by its key once more. A round trip, a plan, rows and objects, for values at hand.

    What to do: pass the objects (or a dictionary of them) instead of their ids; `session.get` where the object is in
    the session already: it sends nothing.

    When it is fine: the row may have changed in between, and the newest is wanted.

    Rule: in the deep run, a SELECT of one table by its primary key alone, not sent for a relationship, all of whose
    rows either led to objects that an earlier statement of the request had brought, or are plain rows of columns that
    the entity's objects, brought earlier and no fewer, have. Equal statements with equal values are `duplicate-query`.
    Call site: the place of the statement; cause: where the rows were fetched first.
    """

    phase: ClassVar[int | None] = 2

    def find(self, traces: Sequence[Trace], facts: Facts) -> Iterator[Suspicion]:
        earlier: dict[str, list[Fetched]] = {}
        for one in fetched(traces, facts):
            known = earlier.setdefault(one.trace.request, [])
            source = _source(one, known, facts)
            if source is not None:
                spans = one.spans
                yield Suspicion(
                    kind="derivable-query",
                    phase=self.phase,
                    request=one.trace.request,
                    title=f"its {one.reads.rows:,} rows stand in objects that were fetched before",
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
                    experiments=(
                        Experiment(
                            fix="memoise", parameters={"scope": "process"}, fidelity="estimate",
                            learn={"function": Learn(what="function", chain=places(one.span))},
                            saves={one.trace.request: {protocol.COUNT_QUERIES: len(spans)}},
                            note="as if the function cost nothing",
                        ),
                    ),
                )  # fmt: skip
            known.append(one)


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
        if other.reads.entity != entity.name or other.fingerprint == statement:
            continue
        if reads.entity == entity.name and reads.objects == 0 and reads.again >= reads.rows:
            return other
        columns = {column.key for column in entity.columns} | {column.name for column in entity.columns}
        if reads.entity is None and set(reads.columns) <= columns and reads.rows <= other.reads.objects:
            return other
    return None


def _entity(table: str, facts: Facts) -> Entity | None:
    mine = [entity for entity in facts.entities if entity.table == table and entity.parent is None]
    return mine[0] if len(mine) == 1 else None
