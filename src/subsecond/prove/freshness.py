"""How old an answer may be: asked, the data changed underneath, asked again."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from subsecond import durations
from subsecond.contract.compare import Difference, Noise, Reply, compare
from subsecond.errors import EXIT_FAILED, SubsecondError
from subsecond.harness.arms import Arm
from subsecond.model.target import RequestSpec
from subsecond.prove import shuffled
from subsecond.prove.sides import READS, SIDES
from subsecond.prove.timed import TimedSides

UNDECLARED = "the target declares no staleness; where old answers are meant, say how old: max_stale"
WARM = 2
"""Answers before the write: what is remembered is remembered by then."""


@dataclass
class Writer:
    """Changes the data of both sides in the same way: by the target's own writes, else by moving rows about."""

    sides: TimedSides
    own: Sequence[RequestSpec]
    """The target's requests that write."""
    _moves: dict[bool, list[shuffled.Move]] = field(default_factory=dict)
    """Those that the data takes, by whether they tear rows apart."""
    _moved: list[shuffled.Move] = field(default_factory=list)

    def by_request(self) -> bool:
        """Send the target's own writes; whether there is one."""
        for spec in self.own:
            for side in SIDES:
                self.sides.ask(side, spec)
        return bool(self.own)

    def by_rows(self) -> bool:
        """Move rows about, and back the next time; False where that cannot be done."""
        if self._moved:
            self._back()
            return True
        return self._move(apart=False)

    def by_columns(self) -> bool:
        """Move the values of each column about by themselves: also what is looked up or summed is not the same then."""
        return self._move(apart=True)

    def by_copies(self) -> bool:
        """Have rows say what others say: counts and sums of what belongs together change. It is not put back."""
        return self._for_good(shuffled.copies)

    def by_deletions(self) -> bool:
        """Take rows out: what is counted by keys that are unique together, as in a table of who booked what."""
        return self._for_good(shuffled.deletions)

    def _for_good(self, wanted: Callable[[Arm], list[shuffled.Move]]) -> bool:
        arms = [self.sides.arms[side] for side in SIDES]
        alike = all(one.isolation == "clone" for one in arms)
        return bool(shuffled.write(arms, wanted(arms[0]))) if alike else False

    def _move(self, *, apart: bool) -> bool:
        arms = [self.sides.arms[side] for side in SIDES]
        if apart not in self._moves:
            copies = all(one.isolation == "clone" for one in arms)
            self._moves[apart] = shuffled.moves(arms[0], apart=apart) if copies else []
        taken = self._moves[apart] = shuffled.write(arms, self._moves[apart])
        self._moved = [*self._moved, *taken]
        return bool(taken)

    def _back(self) -> None:
        arms = [self.sides.arms[side] for side in SIDES]
        if len(shuffled.write(arms, self._moved[::-1], back=True)) < len(self._moved):
            text = "rows that were moved about could not be put back"
            raise SubsecondError("rows-not-back", text, exit_code=EXIT_FAILED)
        self._moved = []

    def put_back(self) -> None:
        """Have the rows say again what they said: with a setting or a city moved, answers may be empty and quick.

        The processes start afresh, as they may remember what was said meanwhile.
        """
        if self._moved:
            self._back()
            self.sides.start_afresh(0)


@dataclass
class Freshness:
    """What was seen of each request, by name."""

    followed: set[str] = field(default_factory=set)
    """Its answer changed with the data, on both sides alike and in time."""
    untried: dict[str, str] = field(default_factory=dict)
    """Why nothing is known."""
    stale: dict[str, str] = field(default_factory=dict)
    """What was still old, beyond what the target declares."""


@dataclass
class _Before:
    base: Reply
    candidate: Reply
    noise: Noise


def freshness(
    sides: TimedSides, specs: Sequence[RequestSpec], writer: Writer, max_stale: float, patience: float, *,
    thorough: bool = False,
) -> Freshness:  # fmt: skip
    """Ask all requests on both sides, write, ask again; what is old is given `max_stale` seconds, then asked again.

    `patience`: seconds that may be waited for; a longer `max_stale` leaves what is old without a verdict, and requests
    whose turn has not come by then are not asked. `thorough`: an answer that followed one change is asked after the
    next as well; it may have remembered another part.
    """
    found, before = Freshness(), dict[str, _Before]()
    until = time.monotonic() + patience
    for spec in specs:
        if time.monotonic() > until:
            found.untried[spec.name] = "no time for it"
            continue
        answers = [sides.ask(side, spec) for _ in range(WARM) for side in SIDES]
        noise = Noise()
        noise.learn(answers[0], answers[-len(SIDES)])
        before[spec.name] = _Before(answers[-2], answers[-1], noise)
    changed = "its data changed in the database"
    ways = [(writer.by_request, "a write"), (writer.by_rows, changed)]
    more = [(writer.by_columns, changed), (writer.by_copies, changed), (writer.by_deletions, changed)]
    for write, what in [*ways, *more] if thorough else ways:
        known = {*found.stale, *found.untried, *(() if thorough else found.followed)}
        asked = [spec for spec in specs if spec.name not in known]
        if asked and write():
            unlike = _ask_again(sides, asked, before, found, what=what, max_stale=max_stale, patience=patience)
            if thorough:
                _remembered(sides, unlike, before, found, what)
    for spec in specs:
        if spec.name not in found.followed and spec.name not in found.stale:
            found.untried.setdefault(spec.name, "no write that changes its answer could be made")
    return found


def _ask_again(
    sides: TimedSides, specs: Sequence[RequestSpec], before: dict[str, _Before], found: Freshness, *,
    what: str, max_stale: float, patience: float,
) -> list[RequestSpec]:  # fmt: skip
    """Those that the sides answer otherwise, though the candidate no longer as before the write."""
    written, old, unlike = time.monotonic(), list[RequestSpec](), list[RequestSpec]()
    for spec in specs:
        base, candidate, known = sides.ask("base", spec), sides.ask("candidate", spec), before[spec.name]
        if known.noise.too_much or base.status >= 400 or known.noise.rest(compare(known.base, base)).equal:
            continue
        if _left(known, base, candidate):
            old.append(spec)
        else:
            found.followed.add(spec.name)
            if _told(known, base, candidate):
                unlike.append(spec)
    if old and max_stale > patience:
        long = (
            f"an answer is old after {what}, and max_stale = {durations.text(max_stale)} is longer than may be waited"
        )
        found.untried |= {spec.name: long for spec in old}
        return unlike
    time.sleep(max(0.0, written + max_stale - time.monotonic()) if old else 0.0)
    late = [(spec, sides.ask("candidate", spec)) for spec in old]
    if late:
        sides.arms["base"].restart()  # a base that remembers is no measure of what is true now
    for spec, candidate in late:
        left = _left(before[spec.name], sides.ask("base", spec), candidate)
        if not left:
            found.followed.add(spec.name)
            continue
        when = f"{durations.text(max_stale)} after {what}" if max_stale else f"after {what}"
        found.stale[spec.name] = f"{when} the answer is still an old one: {left[0]}"
    return unlike


def _remembered(
    sides: TimedSides, specs: Sequence[RequestSpec], before: dict[str, _Before], found: Freshness, what: str
) -> None:
    """Of answers that differ: those that a candidate which remembers nothing gives as the base does. An old value in
    another place (rows were sorted anew) is no longer what the answer said before."""
    if not specs:
        return
    sides.arms["base"].restart()
    seen = {spec.name: (sides.ask("base", spec), sides.ask("candidate", spec)) for spec in specs}
    sides.arms["candidate"].restart()
    for spec in specs:
        (base, candidate), known = seen[spec.name], before[spec.name]
        if (told := _told(known, base, candidate)) and not _told(known, base, sides.ask("candidate", spec)):
            found.stale[spec.name] = f"after {what} the answer is partly an old one: {told[0]}"


def _left(known: _Before, base: Reply, candidate: Reply) -> list[Difference]:
    """Where the candidate differs from the base and says what it said before the write.

    The same members in another order are no sign of it: where no ORDER BY says, rows that moved lie otherwise.
    """
    if _tag(known.candidate) == _tag(candidate) and _tag(known.base) != _tag(base) and _tag(candidate):
        return [Difference(path="header etag", what="header", base="another one", candidate="the same")]
    changed = [one.path for one in compare(known.candidate, candidate).differences]
    told = _told(known, base, candidate)
    return [one for one in told if not any(one.path.startswith(path) for path in changed)]


def _told(known: _Before, base: Reply, candidate: Reply) -> list[Difference]:
    """What differs between the sides, orders aside."""
    return [one for one in known.noise.rest(compare(base, candidate)).differences if one.what != "order"]


def _tag(reply: Reply) -> str:
    return next((value for name, value in reply.headers if name.lower() == "etag"), "")


def writes(specs: Sequence[RequestSpec]) -> list[RequestSpec]:
    """The target's own requests that are no reads."""
    return [spec for spec in specs if spec.method not in READS]
