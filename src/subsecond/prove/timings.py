"""What was timed over fresh starts -> the speed gate's verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from subsecond import durations
from subsecond.measure import pairs
from subsecond.measure.error_budget import ALPHA, holm
from subsecond.measure.starts import LEAST_STARTS, Effect, effect, slower_margin
from subsecond.model.proof import GateVerdict
from subsecond.prove import rounds
from subsecond.prove.freshness import Freshness
from subsecond.prove.gate import Case, verdict
from subsecond.prove.rounds import Course, Series

NAME = "speed"


@dataclass
class Outcome:
    """What was timed, what no time was left for, how it went, and what is known of old answers."""

    case: Case
    timed: Sequence[Series]
    left: Sequence[Series]
    course: Course
    fresh: Freshness
    max_stale: float

    def verdict(self, evidence: Sequence[str]) -> GateVerdict:
        """All that was measured, as one verdict."""
        lines = [*self._lines(), *evidence]
        if problem := self._slower():
            return verdict(NAME, "failed", problem, lines)
        failed, open_ = self._promises()
        if failed:
            return replace(verdict(NAME, "failed", failed[0], lines), unmet=True)
        if open_:
            return verdict(NAME, "no verdict", open_[0], [*open_[1:], *lines])
        if not self.course.enough:
            return verdict(NAME, "no verdict", self._more_time(), lines)
        return verdict(NAME, "passed", self._summary(), lines)

    def _more_time(self) -> str:
        if not self.course.starts:
            given = durations.text(self.case.speed_seconds)
            return f"no fresh start came to its end in the {given} given: allow several times as long by --speed-budget"
        whole = self.case.speed_seconds + self.course.seconds * (LEAST_STARTS - self.course.starts)
        return (
            f"{self.course.starts} of {LEAST_STARTS} fresh starts in the time given; about "
            f"{durations.text(whole - self.case.speed_seconds)} more are needed: --speed-budget {math.ceil(whole)}s"
        )

    def _effect(self, one: Series, of: Sequence[Sequence[rounds.Pair]]) -> Effect | None:
        return effect(one.logs(of))

    def _gained(self, one: Series) -> Sequence[Sequence[rounds.Pair]]:
        """Where a gain must show: in what nothing remembers, unless the target lets answers be remembered."""
        return one.again if self.max_stale else one.warm

    def _promises(self) -> tuple[list[str], list[str]]:
        """Promised gains that did not come, and those that are not decided, each with its reason."""
        failed, undecided, judged = list[str](), list[str](), []
        promised = [one for one in (*self.timed, *self.left) if one.spec.name in self.case.faster]
        for one in promised:
            name, found = one.spec.name, self._effect(one, self._gained(one))
            if found is None:
                why = "there was no time for it" if self.course.enough else self._more_time()
                undecided.append(f"{name} was to be faster: {why}")
            elif not one.apart and not self.max_stale:
                undecided.append(
                    f"{name} was to be faster: it has no other parameters and "
                    f"{self.fresh.untried.get(name, 'no write')}, so memory cannot be told from a better way"
                )
            else:
                margin = pairs.margin(one.seconds(self._gained(one))[0], one.floor)
                judged.append((one, found, margin))
        holds = holm([found.above(margin.log) if not math.isinf(margin.log) else 1.0 for _, found, margin in judged])
        for (one, found, margin), held in zip(judged, holds, strict=True):
            name = one.spec.name
            if held:
                continue
            if math.isinf(margin.log):
                least = durations.text(margin.seconds)
                undecided.append(
                    f"{name} was to be faster: too short to measure, {least} is all of it; ask on more data"
                )
            elif found.high < margin.log:
                failed.append(
                    f"{name} was to be faster: {_change(found)}, beyond the noise it is not{self._memory(one)}"
                )
            else:
                undecided.append(
                    f"{name} was to be faster: {_change(found)} is not decided; {self._more_starts(found, margin.log)}"
                )
        return failed, undecided

    def _memory(self, one: Series) -> str:
        """What is added where only repeated parameters became faster."""
        again = self._effect(one, one.again)
        if self.max_stale or again is None or again.above(slower_margin(one.floor)) > ALPHA:
            return ""
        return f"; only the same parameters again are ({_change(again)}): something is remembered"

    def _more_starts(self, found: Effect, margin: float) -> str:
        wanted = found.starts_for(margin)
        if wanted is None or found.log <= margin:
            return "more time would not show it"
        whole = self.case.speed_seconds + self.course.seconds * (wanted - found.starts)
        return f"about {durations.text(whole - self.case.speed_seconds)} more: --speed-budget {math.ceil(whole)}s"

    def _slower(self) -> str | None:
        """The first request that is slower beyond the margin, Holm over all requests, cold and warm."""
        tests: list[tuple[str, Effect, float]] = []
        for one in self.timed:
            margin = slower_margin(one.floor)
            for state, of in (("warm", one.warm), ("cold", one.cold)):
                found = self._effect(one, of)
                if found is not None:
                    base, candidate = one.seconds(of)
                    text = f"{one.spec.name}: {durations.text(candidate)} instead of {durations.text(base)} ({state})"
                    tests.append((text, found, margin))
        holds = holm([found.below(-margin) for _, found, margin in tests])
        for (text, found, _), held in zip(tests, holds, strict=True):
            if held:
                return f"{text}, {_change(found)}"
        return None

    def _summary(self) -> str:
        faster = [one for one in self.timed if one.spec.name in self.case.faster]
        known = [(one, found) for one in self.timed if (found := self._effect(one, one.warm)) is not None]
        equal = sum(found.above(-slower_margin(one.floor)) <= ALPHA for one, found in known)
        undecided = len(self.timed) - equal + len(self.left)
        parts = [f"{self.course.starts} fresh starts a side"]
        parts += [f"{len(faster)} faster as promised"] if faster else []
        parts.append(f"{equal} of {len(self.timed) + len(self.left)} requests not slower")
        parts += [f"{undecided} not decided in the time"] if undecided else []
        return ", ".join(parts)

    def _lines(self) -> list[str]:
        lines = []
        for one in self.timed:
            found = self._effect(one, one.warm)
            what = (
                f"{len(one.distinct)} other parameters" if one.distinct else "after writes" if one.apart else "repeated"
            )
            parts = []
            for title, of in ((f"warm, {what}", one.warm), ("repeated", one.again), ("cold", one.cold)):
                if of and any(of) and not (title == "repeated" and not one.apart):
                    base, candidate = one.seconds(of)
                    parts.append(f"{title} {durations.text(base)} → {durations.text(candidate)}")
            clock = ", by the wall" if one.by_wall else ""
            lines.append(f"{one.spec.name}: {'; '.join(parts)}{f' ({_change(found)}{clock})' if found else ''}")
        lines += [f"{one.spec.name}: not timed{_cost(one)}" for one in self.left]
        lines += [f"{name}: staleness not known: {why}" for name, why in self.fresh.untried.items()]
        return lines


def _cost(one: Series) -> str:
    return f"; one answer takes {durations.text(one.cost)}" if one.cost else ", there was no time to look at it"


def _change(found: Effect) -> str:
    """`between 48 % and 52 % less`, of the time of the base."""
    low, high = (1 - math.exp(-value) for value in (found.low, found.high))
    if low >= 0:
        return f"between {low:.0%} and {high:.0%} less"
    if high <= 0:
        return f"between {-high:.0%} and {-low:.0%} more"
    return f"between {-low:.0%} more and {high:.0%} less"
