"""Detector of static-lookup."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from subsecond.diagnose.deeply import cpu, functions, inside, pairs
from subsecond.diagnose.detector import chain, detector, seconds
from subsecond.diagnose.detector import place as place_of
from subsecond.diagnose.evidence import print_of, queries, shortened
from subsecond.model.deep import FunctionCalls
from subsecond.model.experiment import Experiment, Learn
from subsecond.model.facts import Facts
from subsecond.model.finding import Place, Suspicion
from subsecond.model.trace import Span, Trace
from subsecond.sql.fingerprint import operation, tables
from subsecond_agent import protocol

MIN_SHARE = 0.01
"""Of the request's seconds: what is below a third of a trial's smallest margin (3 %) is not worth a cache's risk."""
ROW_SECONDS, OBJECT_SECONDS = 2e-6, 7e-6
"""What a row, or an object of the ORM, takes at least to be made (measured: SQLite, two columns, 1,000 rows): a profile
has no sample of a function that takes less than its period."""


@detector
class StaticLookup:
    """What never changes from request to request is read from the database, and put together, in each of them.

    Why it is slow: settings, statuses, rates: a round trip, the rows, the objects, and often a loop that makes a
    dictionary of them, for an answer that was the same a second ago.

    What to do: remember the result for a while (a minute is enough) or until it is written, per process, with a way
    to forget it: an administrator's change has to show within the time that was promised. Hand out values, not ORM
    objects: those belong to their session.

    When it is fine: the answer must be the newest one at any moment; the function reads what the request is about.

    Rule: an own function whose statements all read without any value bound, which gave the same result, for the same
    arguments (those that hold an object of the app's own, such as `self`, cannot be compared: the result decides), in
    the deep runs of at least two requests that ask for different things, nothing among the target's requests writing
    to its tables; at least one per cent of the request. Of functions that call each other, the innermost. Call site:
    the statement; cause: the function. The seconds are the statements' and the function's CPU, or what its rows take
    at least to be made where the profile saw less.
    """

    phase: ClassVar[int | None] = 5

    def find(self, traces: Sequence[Trace], facts: Facts) -> Iterator[Suspicion]:
        for trace, run in pairs(traces, facts):
            spent = cpu(trace.request, facts)
            taken: set[int] = set()
            # the innermost first: the one with the longest chain above it
            for one in sorted(functions(run), key=lambda told: -len(told.stack)):
                spans = [span for span in queries(trace) if inside(span, one)]
                if not spans or taken & {id(span) for span in spans} or not _is_static(one, spans, run, facts):
                    continue
                taken |= {id(span) for span in spans}
                computed = spent.get((one.file, one.function), (0.0, 0.0))[1]
                cost = seconds(spans) + max(computed, _rows(spans) * _row_seconds(spans, run))
                if cost < MIN_SHARE * trace.seconds:
                    continue
                yield self.suspicion(trace, one, spans, cost)

    def suspicion(self, trace: Trace, one: FunctionCalls, spans: Sequence[Span], cost: float) -> Suspicion:
        """A function that gives the same in every request."""
        rows = _rows(spans)
        saves = {trace.request: {protocol.COUNT_QUERIES: len(spans)}}
        function = Learn(what="function", chain=((one.file, one.line),))
        return Suspicion(
            kind="static-lookup",
            phase=self.phase,
            request=trace.request,
            title=f"{one.function.rpartition('.')[2]} reads the same {rows:,} rows in every request",
            site=place_of(spans[0].site),
            cause=Place(file=one.file, line=one.line, function=one.function),
            fingerprint=print_of(spans[0]),
            queries=len(spans),
            seconds=cost,
            evidence=(
                shortened(print_of(spans[0])),
                f"called by {chain(spans[0])}",
                "same arguments and same result in the deep runs of other requests",
                *(("it returns objects of the ORM: remember their values, not them",) if one.entity_bound else ()),
            ),
            experiments=(
                Experiment(
                    fix="memoise", parameters={"scope": "process"}, learn={"function": function}, saves=saves,
                    note="as long as the remembered result may be used",
                ),
                *_of_its_caller(one, saves),
            ),
        )  # fmt: skip


def _rows(spans: Sequence[Span]) -> int:
    return sum(told for span in spans if isinstance(told := span.attributes.get(protocol.DB_ROWS), int))


def _row_seconds(spans: Sequence[Span], run: Trace) -> float:
    """For one row: dearer where the deep run saw objects made of them."""
    reads = run.deep.reads if run.deep is not None else ()
    made = {print_of(run.spans[one.span]) for one in reads if one.span is not None and one.entity is not None}
    return OBJECT_SECONDS if any(print_of(span) in made for span in spans) else ROW_SECONDS


def _of_its_caller(one: FunctionCalls, saves: dict[str, dict[str, int]]) -> tuple[Experiment, ...]:
    """Where the function itself cannot be remembered: what returns objects belongs to its session."""
    if not one.stack:
        return ()
    return (
        Experiment(
            fix="memoise", parameters={"scope": "process"}, saves=saves, fidelity="estimate",
            learn={"function": Learn(what="function", chain=((one.stack[0].file, one.stack[0].line),))},
            note="as if its caller cost nothing",
        ),
    )  # fmt: skip


def _is_static(one: FunctionCalls, spans: Sequence[Span], run: Trace, facts: Facts) -> bool:
    for span in spans:
        bound = span.attributes.get(protocol.VALUES)
        if operation(str(span.attributes.get(protocol.DB_TEXT, ""))) != "SELECT" or bound:
            return False
        if " where " in print_of(span):
            return False
    mine = _answer(one)
    if mine is None:
        return False
    others = [other for other in facts.deep if _asks_another_thing(other, run)]
    answers = {
        (other.method, other.path, other.query): _answer(told)
        for other in others
        for told in functions(other)
        if (told.file, told.line) == (one.file, one.line)
    }
    if not answers or any(answer != mine for answer in answers.values()):
        return False
    read = {table for span in spans for table in tables(print_of(span))}
    sent = [print_of(span) for trace in facts.deep for span in queries(trace)]
    return not any(operation(statement) != "SELECT" and read & set(tables(statement)) for statement in sent)


def _asks_another_thing(other: Trace, run: Trace) -> bool:
    return (other.path, other.query) != (run.path, run.query)


def _answer(one: FunctionCalls) -> tuple[str, str] | None:
    """(arguments, result) where all calls had the same ones, and a result that can be compared between requests.

    Arguments that cannot be are empty: what reads without a value answers by its rows alone.
    """
    if one.unlike or one.distinct != 1 or len(one.arguments) != 1:
        return None
    told = one.arguments[0]
    if told.result is None or told.result.startswith("~"):
        return None
    return "" if told.hash.startswith("~") else told.hash, told.result
