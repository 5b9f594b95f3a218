"""Detector of sort-in-app."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from subsecond.diagnose.code import is_plain_sort, role
from subsecond.diagnose.deeply import Fetched, cpu, fetched
from subsecond.diagnose.detector import chain, detector, place
from subsecond.diagnose.evidence import shortened
from subsecond.model.facts import Facts
from subsecond.model.finding import Suspicion
from subsecond.model.trace import Frame, Trace

MIN_ROWS = 100
"""A sort of 100 objects by two attributes takes 20 µs to 50 µs; below that nobody could measure it."""


@detector
class SortInApp:
    """Rows are fetched and then put in order in Python, by columns that ORDER BY could sort by.

    Why it is slow: the sort itself is cheap. What it keeps from happening is dear: as long as the order is made in
    Python, the statement cannot have a LIMIT, and every row is fetched, made an object, sorted, and most thrown away.

    What to do: `ORDER BY` the same columns, with the primary key last so that the order is whole; then LIMIT, and an
    index that gives the order.

    When it is fine: the key is computed from what the database does not have (a distance to a point given by the
    client, unless it computes it too); all rows are needed anyway and are few; the order of texts is the language's
    own, and the database's collation is another.

    Rule: in the deep run, at least 100 objects of one statement (for each call of the function) whose column was read
    by the key of a `sorted` or `.sort`, the key being made of attributes alone. Where a page is cut from what was
    sorted, `paginate-in-app` says the same of it and more, and this kind keeps silent. Call site: the line of the sort;
    cause: the place of the statement. The seconds are those of the processor in the key.
    """

    phase: ClassVar[int | None] = 3

    def find(self, traces: Sequence[Trace], facts: Facts) -> Iterator[Suspicion]:
        for one in fetched(traces, facts):
            if one.reads.entity is None or one.reads.objects < MIN_ROWS or one.limited or one.by_relation:
                continue
            for name, stack in one.reads.read_at.items():
                told = role(stack, name, facts.root)
                if told is None or told[0] != "sort" or not is_plain_sort(told[1], facts.root, stack[0], name):
                    continue
                if one.reads.columns[name] < MIN_ROWS * _calls(one, told[1]):
                    continue
                key = cpu(one.trace.request, facts).get((stack[0].file, stack[0].function), (0.0, 0.0))
                model = one.reads.entity.rpartition(":")[2]
                yield Suspicion(
                    kind="sort-in-app",
                    phase=self.phase,
                    request=one.trace.request,
                    title=f"{one.reads.columns[name]:,} {model} sorted in Python by {name}",
                    site=place(told[1]),
                    cause=place(one.span.site),
                    fingerprint=one.fingerprint,
                    queries=len(one.spans),
                    seconds=key[1],
                    evidence=(shortened(one.fingerprint), f"fetched at {chain(one.span)}"),
                    untestable="the order has to be written into the statement: no switch can do that in a running app",
                )
                break


def _calls(one: Fetched, frame: Frame) -> int:
    """How often the function that sorts was called: many short sorts are not one long one."""
    return max(
        (told.calls for told in one.deep.functions if (told.file, told.function) == (frame.file, frame.function)),
        default=1,
    )
