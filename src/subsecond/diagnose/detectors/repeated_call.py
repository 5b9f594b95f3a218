"""Detector of repeated-call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from subsecond.diagnose.deeply import computed, cpu, functions, pairs
from subsecond.diagnose.detector import chain_of, detector, place
from subsecond.model.deep import FunctionCalls
from subsecond.model.experiment import Experiment, Learn
from subsecond.model.facts import Facts
from subsecond.model.finding import Place, Suspicion
from subsecond.model.trace import Trace

MIN_REPEATS = 3
MIN_SHARE = 0.05
"""Of the request's CPU, that the repeats take: with less, a trial would hardly show it (3 % of the request)."""
MIN_SAMPLED = 0.02
"""Seconds over all profiled runs: with fewer than four samples of 5 ms nothing is measured (as `hot-loop`)."""


@detector
class RepeatedCall:
    """A function is called again and again with equal arguments, and computes the same each time.

    Why it is slow: the average rating of one location is computed for each of its rooms; a pattern is compiled, a
    tree expanded, a text parsed for every row. No statement shows it: the processor does.

    What to do: compute it before the loop, or once for each different argument: a dictionary, a `cached_property`,
    `functools.cache` for a pure function of plain values (never a method: it keeps its objects alive).

    When it is fine: the call is cheaper than looking its answer up; the answer may change in between.

    Rule: in the deep run, at least 3 calls more than there were different arguments, half of all calls or more, each
    with the same result as its equals, and by the profile these repeats take at least 5 % of the request's CPU (and
    four samples of it). Where the repeats send statements, `loop-invariant-query` says it. Where one such function
    calls another, the outer one is named. Call site: the line that calls it first; cause: the function. The seconds are
    CPU, shared out by calls.
    """

    phase: ClassVar[int | None] = 5

    def find(self, traces: Sequence[Trace], facts: Facts) -> Iterator[Suspicion]:
        for trace, run in pairs(traces, facts):
            spent = cpu(trace.request, facts)
            runs = sum(one.request == trace.request for one in facts.profiled)
            least = max(MIN_SAMPLED / max(1, runs), MIN_SHARE * computed(trace.request, facts))
            found: list[tuple[FunctionCalls, float]] = []
            for one in sorted(functions(run), key=lambda told: len(told.stack)):
                repeats = one.calls - one.distinct
                whole = spent.get((one.file, one.function), (0.0, 0.0))[1]
                cost = whole * repeats / one.calls if one.calls else 0.0
                if not _repeats(one) or cost < least:
                    continue
                if any(_is_called_by(one, outer) for outer, _ in found):
                    continue
                found.append((one, cost))
            for one, cost in found:
                own = Place(file=one.file, line=one.line, function=one.function)
                yield Suspicion(
                    kind="repeated-call",
                    phase=self.phase,
                    request=trace.request,
                    title=f"{one.function} called {one.calls:,} times with {one.distinct:,} different arguments",
                    site=place(one.stack[0]) if one.stack else own,
                    cause=own,
                    fingerprint=one.function,
                    seconds=cost,
                    evidence=(f"first called at {chain_of(one.stack)}",),
                    experiments=(
                        Experiment(
                            fix="memoise",
                            parameters={"scope": "request"},
                            learn={"function": Learn(what="function", chain=((one.file, one.line),))},
                            # a table of 60 entries, copied 250 times: a fifth of the time, where the real fix gave
                            # four fifths (benchmarks/prediction, library: labels)
                            fidelity="lower bound",
                            note="arguments are compared and results copied at each call, which a real fix does not",
                        ),
                    ),
                )


def _repeats(one: FunctionCalls) -> bool:
    repeats = one.calls - one.distinct
    nameless = one.function.endswith("<lambda>")
    if one.generator or nameless or one.unlike or repeats < MIN_REPEATS or repeats < one.calls / 2:
        return False
    if any(told.calls > 1 and told.queries >= told.calls for told in one.arguments):
        return False
    return all(told.result is not None for told in one.arguments if told.calls > 1)


def _is_called_by(one: FunctionCalls, outer: FunctionCalls) -> bool:
    return any((frame.file, frame.function) == (outer.file, outer.function) for frame in one.stack)
