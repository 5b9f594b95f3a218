"""Detector of loop-invariant-query."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar

from subsecond.diagnose.code import batch_functions, in_loop
from subsecond.diagnose.deeply import functions, inside, pairs
from subsecond.diagnose.detector import chain, detector, place, seconds
from subsecond.diagnose.evidence import grouped, print_of, selects, shortened, values
from subsecond.model.deep import FunctionCalls
from subsecond.model.experiment import Experiment, Learn
from subsecond.model.facts import Facts
from subsecond.model.finding import Suspicion
from subsecond.model.trace import Frame, Span, Trace
from subsecond_agent import protocol

MIN_CALLS = 2
"""The second call of a loop is one too many; what grows is the number of the loop's rounds."""


@detector
class LoopInvariantQuery:
    """A loop calls a function that asks the database, with the same arguments in every round.

    Why it is slow: the day's pass of one user is looked up for each room of the list: as many statements as the list
    is long, and often as many sessions, for one answer.

    What to do: call it before the loop and use the result in it.

    When it is fine: the loop waits for the answer to change.

    Rule: an own function that sends statements was called at least twice with equal arguments in the deep run, with
    the same result, sending statements each time, and a frame above it in the recording stands in a loop. It takes the
    place of `duplicate-query` for these statements. Call site: the statement; cause: the line in the loop that calls.
    The first call does not count in statements and seconds.
    """

    phase: ClassVar[int | None] = 2

    def find(self, traces: Sequence[Trace], facts: Facts) -> Iterator[Suspicion]:
        for trace, run in pairs(traces, facts):
            told: set[int] = set()
            # of a price and the setting that it asks for: what is called with equal arguments more often
            wanted = [one for one in functions(run) if _is_invariant(one)]
            for one in sorted(wanted, key=lambda one: (-_spared(one), len(one.stack))):
                spans = [span for span in selects(trace) if inside(span, one) and id(span) not in told]
                for fingerprint, group in grouped(spans, print_of).items():
                    again = [span for equal in grouped(group, values).values() for span in equal[1:]]
                    calling = _loop_above(again[0], one, facts) if again else None
                    if calling is None:
                        continue
                    told |= {id(span) for span in group}
                    found = self.suspicion(trace, one, fingerprint, again)
                    hints = batch_functions(one.file, one.function, facts.root)
                    yield replace(
                        found,
                        cause=place(calling),
                        evidence=(
                            *found.evidence,
                            *(f"a function that may serve stands there: {hint}" for hint in hints),
                        ),
                    )

    def suspicion(self, trace: Trace, one: FunctionCalls, fingerprint: str, again: Sequence[Span]) -> Suspicion:
        """One statement of a function that a loop calls with equal arguments."""
        function = one.function.rpartition(".")[2]
        return Suspicion(
            kind="loop-invariant-query",
            phase=self.phase,
            request=trace.request,
            title=f"{function} asks {len(again)} {'time' if len(again) == 1 else 'times'} more with equal arguments",
            site=place(again[0].site),
            fingerprint=fingerprint,
            queries=len(again),
            seconds=seconds(again),
            evidence=(shortened(fingerprint), f"called by {chain(again[0])}"),
            experiments=(
                Experiment(
                    fix="memoise",
                    parameters={"scope": "request"},
                    learn={"function": Learn(what="function", chain=((one.file, one.line),))},
                    saves={trace.request: {protocol.COUNT_QUERIES: len(again)}},
                ),
            ),
        )


def _is_invariant(one: FunctionCalls) -> bool:
    return _spared(one) > 0


def _spared(one: FunctionCalls) -> float:
    """Statements of all calls but the first with equal arguments, where each sends some and the result is the same."""
    return sum(
        told.queries * (1 - 1 / told.calls)
        for told in one.arguments
        if told.calls >= MIN_CALLS and told.queries >= told.calls and told.result is not None
    )


def _loop_above(span: Span, one: FunctionCalls, facts: Facts) -> Frame | None:
    """The frame above the function, the nearest first, that stands in a loop of its own function."""
    number = next(
        place for place, frame in enumerate(span.stack) if (frame.file, frame.function) == (one.file, one.function)
    )
    return next((frame for frame in span.stack[number + 1 :] if in_loop(frame, facts.root)), None)
