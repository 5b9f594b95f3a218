"""Detector of over-fetched-columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from subsecond.diagnose.deeply import Fetched, fetched
from subsecond.diagnose.detector import chain, detector, place, seconds
from subsecond.diagnose.evidence import shortened
from subsecond.model.deep import Reads
from subsecond.model.experiment import Experiment
from subsecond.model.facts import Facts
from subsecond.model.finding import Suspicion
from subsecond.model.trace import Trace

MIN_OBJECTS = 100
"""Selecting columns instead of objects was 2.5 to 7 times quicker with 4,000 rows (reference: observing, section 4);
with a few rows no clock shows it."""
MIN_UNREAD = 0.5
"""Of the columns fetched."""
MIN_LONG = 100_000
"""Characters of one unread column in all objects: fetching and decoding them takes a millisecond, beside the disk."""


@detector
class OverFetchedColumns:
    """Whole objects are fetched where a few columns are read.

    Why it is slow: each column costs its way over the wire, its conversion (JSON, decimals and dates most) and its
    place in the object; a long text that nobody reads costs more than all the rest, and an index that holds the
    columns read cannot answer alone.

    What to do: select the columns (`select(Item.id, Item.name)`: rows instead of objects, several times quicker), or
    `load_only(Item.id, Item.name)` where objects are needed, or `defer` the long one. Where only a number is made of
    them (a count, an average), let the database make it.

    When it is fine: few rows; the object is changed and written back; columns differ from call to call.

    Rule: in the deep run, at least 100 objects of one entity by one statement and place, of whose columns half or more
    were read of no object, while at least one was read; or long texts that were read of no object, 100,000 characters
    in all objects together. Call site: the place of the statement. The seconds are the
    statement's: the making of the objects comes on top.
    """

    phase: ClassVar[int | None] = 3

    def find(self, traces: Sequence[Trace], facts: Facts) -> Iterator[Suspicion]:
        for one in fetched(traces, facts):
            reads = one.reads
            unread = [name for name in reads.unread if name not in _keys(one, facts)]
            read = [name for name, times in reads.columns.items() if times]
            long = {name: reads.long[name] * reads.objects for name in unread if name in reads.long}
            long = {name: size for name, size in long.items() if size >= MIN_LONG}
            many = reads.objects >= MIN_OBJECTS and len(unread) >= MIN_UNREAD * len(reads.columns)
            if reads.entity is None or not read or not (many or long):
                continue
            if not many:
                unread = list(long)
            model = reads.entity.rpartition(":")[2]
            columns = [name for name in reads.columns if name not in unread]
            yield Suspicion(
                kind="over-fetched-columns",
                phase=self.phase,
                request=one.trace.request,
                title=_title(unread, long, reads, model),
                site=place(one.span.site),
                fingerprint=one.fingerprint,
                queries=len(one.spans),
                seconds=seconds(one.spans),
                evidence=(
                    shortened(one.fingerprint),
                    f"fetched at {chain(one.span)}",
                    f"read: {', '.join(read)}",
                    f"never read: {', '.join(unread)}",
                    *(f"{name}: {reads.long[name]:,} characters each" for name in long),
                ),
                experiments=(
                    Experiment(
                        fix="load-only",
                        parameters={"model": model.rpartition(".")[2], "columns": columns},
                        fidelity="lower bound",
                        note="rows instead of objects would give more",
                    ),
                ),
            )


def _title(unread: Sequence[str], long: Mapping[str, int], reads: Reads, model: str) -> str:
    size = f", {sum(long.values()) / 1e6:.1f} MB of text" if long else ""
    if set(unread) == set(long):
        return f"{', '.join(unread)} of {reads.objects:,} {model} never read{size}"
    return f"{len(unread)} of {len(reads.columns)} columns of {reads.objects:,} {model} are never read{size}"


def _keys(one: Fetched, facts: Facts) -> set[str]:
    """Attributes of the entity that its objects cannot do without."""
    entity = next((told for told in facts.entities if told.name == one.reads.entity), None)
    return {column.key for column in entity.columns if column.primary_key} if entity else set()
