"""Detector of filter-in-app."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from subsecond.diagnose.code import asks_whether, role
from subsecond.diagnose.deeply import Fetched, fetched
from subsecond.diagnose.detector import chain, detector, place, seconds, spot
from subsecond.diagnose.evidence import shortened
from subsecond.model.deep import Cluster, ColumnValues
from subsecond.model.experiment import Experiment, Learn
from subsecond.model.facts import Facts
from subsecond.model.finding import Suspicion
from subsecond.model.trace import Frame, Trace
from subsecond_agent import protocol

MIN_ROWS = 10
MIN_ASKED = 5
"""Objects fetched for a yes or no: one EXISTS answers it, and five objects (20 to 50 µs each) take what a local round
trip takes."""
MIN_PUT_ASIDE = 0.5
"""Of the objects that a statement fetched. Below it and MIN_ROWS, a WHERE saves less than it costs to read."""
MOST_VALUES = 50
"""Values of one column that the recording holds (the agent's `reads`)."""


@detector
class FilterInApp:
    """Rows are fetched, looked at and put aside in Python: a WHERE would have left them in the database.

    Why it is slow: each row costs its way over the wire and the making of an object (20 to 50 µs with an ORM)
    before the first `if` looks at it. The cost grows with the table, the answer does not.

    What to do: put the condition into the statement: `.where(Item.capacity >= minimum)`, a join where the condition
    is on another table, `EXISTS` where it asks for links. Mind what the code means by "no filter" (`if minimum and …`
    lets 0 and an empty text pass), and what only a database refuses: PostgreSQL takes no NUL in a text and no number
    beyond its column's.

    When it is fine: few rows are fetched; the condition is one that SQL cannot express; all rows are needed as well
    (a total over all of them).

    Rule: in the deep run, at least 10 objects of one statement, of which half or more had only columns read that decide
    over a row (or sort it), while more was read of others. A condition over a row is an `if` or a comprehension's `if`
    inside a loop, or what `any` or `all` asks of each. Where nothing is read but for these two, 5 objects are enough,
    and those that they never came to count as put aside: a yes or no is all that is wanted. Statements sent for a
    relationship are left to `lazy-load`. Call site: the line of the condition; cause: the place of the statement. The
    seconds are the statement's, as far as they went into rows put aside.
    """

    phase: ClassVar[int | None] = 3

    def find(self, traces: Sequence[Trace], facts: Facts) -> Iterator[Suspicion]:
        for one in fetched(traces, facts):
            reads = one.reads
            if reads.entity is None or one.by_relation:
                continue
            conditions, sorting = _conditions(one, facts)
            whether = _is_a_question(one, conditions, facts)
            if reads.objects < (MIN_ASKED if whether else MIN_ROWS):
                continue
            aside = one.put_aside({*conditions, *sorting})
            number = sum(cluster.objects for cluster in aside)
            if number < MIN_PUT_ASIDE * reads.objects:
                continue
            looked_at = [name for name in conditions if any(name in cluster.columns for cluster in aside)]
            if whether:
                looked_at = list(conditions)
            if not looked_at:
                continue
            model = reads.entity.rpartition(":")[2]
            spans = one.spans
            yield Suspicion(
                kind="filter-in-app",
                phase=self.phase,
                request=one.trace.request,
                title=f"{number:,} of {reads.objects:,} {model} put aside in Python, by {', '.join(looked_at)}",
                site=place(conditions[looked_at[0]]),
                cause=place(one.span.site),
                fingerprint=one.fingerprint,
                queries=len(spans),
                seconds=seconds(spans) * number / reads.objects,
                evidence=(
                    shortened(one.fingerprint),
                    f"fetched at {chain(one.span)}",
                    *(f"{name} looked at in a condition at {spot(conditions[name])}" for name in looked_at),
                    f"{reads.objects - number:,} were used",
                ),
                experiments=_experiments(one, aside, [] if whether else looked_at),
            )


def _conditions(one: Fetched, facts: Facts) -> tuple[dict[str, Frame], set[str]]:
    """(columns that were read in a condition over a row -> where, columns that were read to sort)."""
    found: dict[str, Frame] = {}
    sorting: set[str] = set()
    for name, stack in one.reads.read_at.items():
        told = role(stack, name, facts.root)
        if told is not None and told[0] == "filter":
            found[name] = told[1]
        elif told is not None:
            sorting.add(name)
    return found, sorting


def _is_a_question(one: Fetched, conditions: Mapping[str, Frame], facts: Facts) -> bool:
    """Whether nothing was read of the objects but what `any` or `all` asks."""
    read = {name for name, times in one.reads.columns.items() if times}
    return bool(read) and read <= conditions.keys() and all(asks_whether(conditions[name], facts.root) for name in read)


def _experiments(one: Fetched, aside: Sequence[Cluster], columns: Sequence[str]) -> tuple[Experiment, ...]:
    """By the values of a column that tells the rows apart, as the real filter would; else by the keys of those used."""
    model = (one.reads.entity or "").rpartition(":")[2].rpartition(".")[2]
    number = sum(cluster.objects for cluster in aside)
    used = [cluster for cluster in one.reads.clusters if cluster not in aside]
    kept = Learn(
        what="kept-values",
        fingerprint=one.fingerprint,
        entity=one.reads.entity or "",
        rejected=tuple(cluster.columns for cluster in aside),
    )
    site = one.span.site
    where = Learn(what="place", functions=((site.file, site.function),) if site else ())
    saves = {one.trace.request: {protocol.COUNT_ROWS: number}}
    # of several conditions the trial takes one, and leaves rows that the real filter would not: half of the time was
    # saved where the real one saved three quarters (benchmarks/prediction, library: overdue)
    several = len(columns) > 1
    by_value = [
        Experiment(
            fix="push-filter", parameters={"model": model, "column": name}, saves=saves,
            fidelity="lower bound" if several else "measured",
            note=f"by {name} alone, one of {len(columns)} columns" if several else "",
            learn={"values": replace(kept, column=name), "function": where},
        )
        for name in columns
        if used and all(name in cluster.values and _tells_apart(cluster.values[name]) for cluster in used)
    ]  # fmt: skip
    by_key = Experiment(
        fix="push-filter", parameters={"model": model}, saves=saves, fidelity="upper bound",
        learn={"primary_keys": replace(kept, what="kept-keys"), "function": where},
        note="found by their keys, which may be quicker than the filter itself",
    )  # fmt: skip
    return (*by_value, by_key)


def _tells_apart(values: ColumnValues) -> bool:
    return values.alone and values.distinct is not None and values.distinct <= MOST_VALUES
