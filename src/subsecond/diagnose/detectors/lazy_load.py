"""Detector of lazy-load."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from subsecond.diagnose.detector import chain, detector, place, seconds
from subsecond.diagnose.evidence import grouped, print_of, queries, selects, text
from subsecond.model.entity import Entity
from subsecond.model.experiment import Experiment, Learn
from subsecond.model.facts import Facts
from subsecond.model.finding import Suspicion
from subsecond.model.trace import Span, Trace
from subsecond.sql.fingerprint import tables
from subsecond_agent import protocol

MIN_LOADS = 2
"""One lazy load in a request costs what a join would; the second, for another parent or of another relationship of
the same class, is the beginning of the cascade (the case study counts 2 to 4 per parent)."""
MAX_STEPS = 3
"""Relationships, each loaded one by one, that lead to the parents of another."""
READ_ALONE = "only for the objects whose attribute is read: an option on the statement that fetches them all loads more"


@detector
class LazyLoad:
    """A relationship is loaded by attribute access, once for each parent.

    Why it is slow: reading `location.photos` sends a statement that nobody sees in the code; in a loop,
    a property or a template it is sent for each parent. Two to four such relationships per parent are
    common, and each adds a round trip and the making of the objects.

    What to do: load the relationship with the parents. In SQLAlchemy `.options(selectinload(Location.photos))`
    for collections, `joinedload` for a single parent; in Django `prefetch_related` and `select_related`.
    Where only a number is read (an average, a count), let the database compute it.

    When it is fine: the attribute is read on few requests and for few parents.

    Rule: statements that the ORM says were sent by attribute access, at least 2 for relationships of one class
    in one request; a finding for each relationship. Call site: the line that reads the attribute most often;
    cause: the line of the relationship. Where the parents themselves come one by one, by a lazy relationship of others,
    there are never two to load it for: its trial loads that one for all too, and what it saves is of both.
    """

    phase: ClassVar[int | None] = 2

    def find(self, traces: Sequence[Trace], facts: Facts) -> Iterator[Suspicion]:
        for trace in traces:
            loads = [span for span in queries(trace) if protocol.LAZY_LOAD in span.attributes]
            of_class = grouped(loads, lambda span: _relation(span).rpartition(".")[0])
            enough = [span for spans in of_class.values() if len(spans) >= MIN_LOADS for span in spans]
            for relation, spans in grouped(enough, _relation).items():
                through = _through(relation, loads, facts.entities)
                fetched = None if through else _fetched(relation, spans[0], trace, facts.entities)
                readers = sorted(grouped(spans, lambda span: span.stack).values(), key=len, reverse=True)
                yield Suspicion(
                    kind="lazy-load",
                    phase=self.phase,
                    request=trace.request,
                    title=f"{relation} loaded {len(spans)} {'time' if len(spans) == 1 else 'times'}",
                    site=place(readers[0][0].site),
                    cause_symbol=relation,
                    fingerprint=relation,
                    queries=len(spans),
                    seconds=seconds(spans),
                    evidence=(
                        *(f"{len(group)} × read at {chain(group[0])}" for group in readers[:5]),
                        *((f"its parents are loaded one by one too: {', '.join(through)}",) if through else ()),
                        *((f"its parents seem to come from the statement at {chain(fetched)}",) if fetched else ()),
                    ),
                    experiments=(
                        *_experiments(trace.request, relation, spans, facts.entities),
                        *_nested(trace.request, relation, len(spans), through),
                    ),
                )


def _experiments(
    request: str, relation: str, spans: Sequence[Span], entities: Sequence[Entity]
) -> tuple[Experiment, ...]:
    """For all parents of a session at once; the loader option, which needs their statement, where that does not act;
    for those alone whose attribute was read, where loading it for all is too much.

    What is loaded once, and single by its model, can only come along by a join.
    """
    loads = len(spans)
    name, _, key = relation.rpartition(".")
    to_one = any(
        one.key == key and one.direction == "MANYTOONE"
        for entity in entities
        if entity.short == name
        for one in entity.relations
    )
    if loads == 1 and to_one:
        joined = {"relation": relation, "how": "joined"}
        return (Experiment(fix="eager-load", parameters=joined, saves={request: {protocol.COUNT_QUERIES: 1}}),)
    saves = {request: {protocol.COUNT_QUERIES: loads - 1}}
    for_all = tuple(
        Experiment(fix="eager-load", parameters={"relation": relation, "how": how}, saves=saves)
        for how in ("peers", "option")
    )
    statements = {print_of(span) for span in spans}
    if loads == 1 or len(statements) != 1:
        return for_all
    read = Experiment(
        fix="eager-load", parameters={"relation": relation, "how": "read"}, saves=saves, note=READ_ALONE,
        if_more_rows=True,
        learn={"keys": Learn(what="keys", fingerprint=statements.pop())},
    )  # fmt: skip
    return (*for_all, read)


def _through(relation: str, loads: Sequence[Span], entities: Sequence[Entity]) -> list[str]:
    """The lazy relationships that bring the parents of another one by one, the nearest first."""
    targets = {
        f"{entity.short}.{one.key}": one.target.rpartition(":")[2].rpartition(".")[2]
        for entity in entities
        for one in entity.relations
    }
    numbers = {name: len(spans) for name, spans in grouped(loads, _relation).items()}
    found, wanted = list[str](), relation
    for _ in range(MAX_STEPS):
        owner = wanted.rpartition(".")[0]
        leading = [name for name in numbers if targets.get(name) == owner and name not in (relation, *found)]
        if not leading:
            break
        wanted = max(leading, key=lambda name: numbers[name])
        found.append(wanted)
    return found


def _fetched(relation: str, first: Span, trace: Trace, entities: Sequence[Entity]) -> Span | None:
    """The statement that brought the parents: of those before the first load that read their table, the one with most
    rows, the last of equals; None where none did or the app's mapper is not known."""
    owners = [entity for entity in entities if entity.short == relation.rpartition(".")[0]]
    names = {one.table.rpartition(".")[2] for one in owners if one.table}
    before = [
        span
        for span in selects(trace)
        if span.start < first.start
        and protocol.LAZY_LOAD not in span.attributes
        and names & {name.rpartition(".")[2] for name in tables(text(span))}
    ]
    return max(reversed(before), key=_rows, default=None)


def _rows(span: Span) -> int:
    told = span.attributes.get(protocol.DB_ROWS)
    return told if isinstance(told, int) else 0


def _nested(request: str, relation: str, loads: int, through: Sequence[str]) -> tuple[Experiment, ...]:
    if not through or loads == 1:
        return ()
    parameters = {"relation": relation, "how": "peers", "through": list(through)}
    saves = {request: {protocol.COUNT_QUERIES: loads - 1}}
    note = f"together with {', '.join(through)}, which brings its parents one by one: what is saved is of both"
    return (Experiment(fix="eager-load", parameters=parameters, saves=saves, fidelity="upper bound", note=note),)


def _relation(span: Span) -> str:
    return str(span.attributes[protocol.LAZY_LOAD])
