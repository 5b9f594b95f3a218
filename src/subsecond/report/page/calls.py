"""A recorded run as a tree of calls, and which of its functions a diagram shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from subsecond.model.finding import Finding
from subsecond.model.frame import Frame
from subsecond.model.trace import Span, Trace
from subsecond_agent import protocol

LEAVES = (protocol.SPAN_QUERY, protocol.SPAN_HTTP, protocol.SPAN_KEY_VALUE, protocol.SPAN_LOG)
SMALL = 0.01
"""Share of the request's time below which a function without a finding is folded into its caller."""
MOST_FUNCTIONS = 13
"""With people, sessions, tables and services a view then has about 30 boxes."""
DEEPEST = 4
"""Functions in a chain of calls; more make a diagram too wide to be read."""
ENTRIES = 4
"""Functions that the framework calls: the handler and what runs before and after it."""
HEAVY = 0.03
"""Share from which a function with a finding goes before all others."""
HOT = 0.03
"""Share of the profile from which a function is shown that sends nothing."""

Key = tuple[str, str]
"""(file, function)"""


@dataclass
class Call:
    """A function as called from one line of its caller: spans sent below it, in order."""

    frame: Frame
    line: int
    """Of the caller."""
    spans: list[int] = field(default_factory=list)
    calls: dict[tuple[int, str, str], Call] = field(default_factory=dict)
    leaves: dict[int, list[int]] = field(default_factory=dict)
    """Its own spans by the line that sent them."""
    order: list[Call | int] = field(default_factory=list)
    """Calls and lines of `leaves` in the order in which they were first seen."""

    @property
    def key(self) -> Key:
        return self.frame.file, self.frame.function


@dataclass
class Function:
    """What is known of a function over the whole run. Times in seconds."""

    frame: Frame
    number: int
    """From 1, in the order in which functions were first seen."""
    waits: float = 0.0
    cpu: float = 0.0
    first: float = float("inf")
    last: float = 0.0
    direct: int = 0
    depth: int = 0
    entry: bool = False
    calls: int | None = None
    callers: set[Key] = field(default_factory=set)
    findings: dict[str, None] = field(default_factory=dict)

    @property
    def weight(self) -> float:
        """Recorded waits and profiled CPU below it."""
        return self.waits + self.cpu

    @property
    def seconds(self) -> float:
        """From its first to its last span where it was called once; else its waits and CPU, never more than that."""
        extent = max(0.0, self.last - self.first)
        if not self.direct and self.first == float("inf"):
            return self.cpu
        return extent if self.calls == 1 or self.entry else min(self.weight, extent)


class Calls:
    """The tree of calls of one run, with the CPU of profiling runs and the counts of a deep one."""

    def __init__(self, run: Trace, profiled: Sequence[Trace], deep: Trace | None, findings: Sequence[Finding]) -> None:
        self.run = run
        self.entries: dict[tuple[int, str, str], Call] = {}
        self.functions: dict[Key, Function] = {}
        self._read()
        self._profiles(profiled)
        self._counts(deep)
        self._findings(findings)
        self.shown = self._chosen()

    def _read(self) -> None:
        order = sorted(
            (number for number, span in enumerate(self.run.spans) if span.name in LEAVES),
            key=lambda number: (self.run.spans[number].start, number),
        )
        for number in order:
            span = self.run.spans[number]
            chain = list(reversed(span.stack))
            self._note(chain, span)
            known, line, call = self.entries, 0, None
            for frame in chain:
                key = (line, frame.file, frame.function)
                if key not in known:
                    known[key] = Call(frame, line)
                    if call is not None:
                        call.order.append(known[key])
                call = known[key]
                call.spans.append(number)
                known, line = call.calls, frame.line
            if call is not None:
                if line not in call.leaves:
                    call.order.append(line)
                call.leaves.setdefault(line, []).append(number)

    def _note(self, chain: Sequence[Frame], span: Span) -> None:
        for depth, frame in enumerate(chain):
            one = self._function(frame, depth)
            if depth:
                one.callers.add((chain[depth - 1].file, chain[depth - 1].function))
            one.first, one.last = min(one.first, span.start), max(one.last, span.end)
        for key in dict.fromkeys((frame.file, frame.function) for frame in chain):
            self.functions[key].waits += span.seconds
        if chain:
            self.functions[chain[-1].file, chain[-1].function].direct += 1

    def _function(self, frame: Frame, depth: int) -> Function:
        one = self.functions.setdefault(
            (frame.file, frame.function), Function(frame, len(self.functions) + 1, depth=depth)
        )
        one.depth = max(one.depth, depth)
        one.entry = one.entry or not depth
        return one

    def _profiles(self, profiled: Sequence[Trace]) -> None:
        profiles = [trace.profile for trace in profiled if trace.profile is not None]
        self._sampled = [one.stack for profile in profiles for one in profile.stacks]
        whole = sum(profile.seconds for profile in profiles)
        hot: dict[Key, float] = {}
        for profile in profiles:
            for key, (_, seconds) in profile.by_function().items():
                hot[key] = hot.get(key, 0.0) + seconds
        for profile in profiles:
            for one in profile.stacks:
                chain = list(reversed(one.stack))
                for depth, frame in enumerate(chain):
                    key = (frame.file, frame.function)
                    if key not in self.functions and (hot[key] < HOT * whole or not depth):
                        break
                    found = self._function(frame, depth)
                    if depth:
                        found.callers.add((chain[depth - 1].file, chain[depth - 1].function))
        for key, seconds in hot.items():
            if key in self.functions:
                self.functions[key].cpu = seconds / len(profiles)

    def _counts(self, deep: Trace | None) -> None:
        names: dict[Key, list[int]] = {}
        for one in deep.deep.functions if deep is not None and deep.deep is not None else ():
            names.setdefault((one.file, one.function), []).append(0 if one.generator else one.calls)
        for key, calls in names.items():
            if key in self.functions and len(calls) == 1 and calls[0]:
                self.functions[key].calls = calls[0]

    def _findings(self, findings: Sequence[Finding]) -> None:
        for one in findings:
            places = [(one.file, one.function), *([(one.cause.file, one.cause.function)] if one.cause else [])]
            for key in places:
                if key in self.functions:
                    self.functions[key].findings[one.id] = None

    def _chosen(self) -> set[Key]:
        """The functions to show: entries, what a finding is about, then the heaviest."""
        whole = self.run.seconds or 1.0
        entries = [key for key, one in self.functions.items() if one.entry]
        chosen = set(sorted(entries, key=lambda key: -self.functions[key].weight)[:ENTRIES])
        wanted = [
            key
            for key, one in self.functions.items()
            if key not in chosen and not one.entry and (one.findings or one.weight >= SMALL * whole)
        ]
        wanted.sort(key=self._importance, reverse=True)
        chosen |= set(wanted[: max(0, MOST_FUNCTIONS - len(chosen))])
        return self._flattened(self._without_passages(chosen))

    def _without_passages(self, chosen: set[Key]) -> set[Key]:
        """Without functions that only hand on to one other: what is known of them is known of that one."""
        while True:
            inner: dict[Key, set[Key]] = {}
            for chain in self._chains(chosen):
                for one, following in pairwise(chain):
                    inner.setdefault(one, set()).add(following)
            passing = [
                key
                for key, following in inner.items()
                if len(following) == 1
                and not (found := self.functions[key]).direct
                and not found.entry
                and not found.findings
            ]
            if not passing:
                return chosen
            chosen = chosen - {passing[0]}

    def _importance(self, key: Key) -> tuple[bool, bool, bool, float]:
        one = self.functions[key]
        heavy = one.weight >= HEAVY * self.run.seconds
        return bool(one.findings) and heavy, bool(one.findings), bool(one.direct), one.weight

    def _flattened(self, chosen: set[Key]) -> set[Key]:
        """Without those in the middle of chains that are too long: what only passes on goes first."""
        while True:
            long = [chain for chain in self._chains(chosen) if len(chain) > DEEPEST]
            inner = {key for chain in long for key in chain[1:-1] if not self.functions[key].entry}
            if not inner:
                return chosen
            chosen = chosen - {min(inner, key=self._importance)}

    def _chains(self, chosen: set[Key]) -> Iterator[tuple[Key, ...]]:
        """Chains of shown functions, outermost first, of every place that sent or computed something."""
        seen: set[tuple[Key, ...]] = set()
        stacks = [*(span.stack for span in self.run.spans if span.name in LEAVES), *self._sampled]
        for stack in stacks:
            keys = dict.fromkeys((frame.file, frame.function) for frame in reversed(stack))
            chain = tuple(key for key in keys if key in chosen)
            if chain not in seen:
                seen.add(chain)
                yield chain
