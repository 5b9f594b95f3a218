"""Base and candidate running side by side, each in an arm of its own, asked the same."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any, Literal

from subsecond.contract.compare import Reply
from subsecond.errors import EXIT_FAILED, SubsecondError
from subsecond.harness import sandbox
from subsecond.harness.arms import Arm, arm
from subsecond.harness.checkout import Checkout
from subsecond.harness.clones import Connection
from subsecond.harness.scout import Scouted, scout
from subsecond.harness.send import Answer, RequestFailed
from subsecond.harness.session import Ground, looked_up
from subsecond.model.target import RequestSpec
from subsecond.prove.migration import up
from subsecond.prove.shaken import shaken
from subsecond.prove.stored import Stored
from subsecond_agent import protocol

Side = Literal["base", "candidate"]
SIDES: tuple[Side, Side] = ("base", "candidate")
READS = ("GET", "HEAD")
"""What changes nothing: it may be asked again, and the agent follows it in deep runs."""
OF_SQLITE = (protocol.COUNT_RAW, protocol.COUNT_OPENED)
COUNTS = (protocol.COUNT_QUERIES, protocol.COUNT_CHECKOUTS, protocol.COUNT_ROWS, *OF_SQLITE)
RATE_LIMITED = 429
TOLD = (*COUNTS, protocol.COUNT_LOGS)
"""Log records too: they may rise, but where fewer are promised they are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One answer: what is compared, exact counts (None: not asked for, or no trace came), client seconds.

    `outside`: what the database was sent meanwhile, counted in front of it; None where that cannot be had.
    """

    reply: Reply
    counts: dict[str, int] | None
    seconds: float
    outside: dict[str, int] | None = None


class Sides:
    """Opens both arms when they are first asked for; closed by whoever made it."""

    def __init__(
        self, base: Checkout, candidate: Checkout, stack: ExitStack, say: Callable[[str], None],
        scouted: Scouted | None = None,
    ) -> None:  # fmt: skip
        self._checkouts: dict[Side, Checkout] = {"base": base, "candidate": candidate}
        self._stack = stack
        self._say = say
        self._arms: dict[Side, Arm] = {}
        self._own: dict[Side, ExitStack] = {}
        """What ends with an arm."""
        self._grounds: dict[Side, Ground] = {}
        self._marks = (f"p{number}" for number in itertools.count(1))
        self._scouted = scouted
        self._shaken: dict[Side, Arm | None] = {}
        self._stored: Stored | None = None
        self._read: dict[str, list[str]] = {}

    @property
    def arms(self) -> dict[Side, Arm]:
        """Both arms. Raises SubsecondError where one does not start."""
        return {side: self.arm(side) for side in SIDES}

    def arm(self, side: Side) -> Arm:
        """The arm of one side, with its data brought to the state that its code wants."""
        if side not in self._arms:
            self._own[side] = self._stack.enter_context(ExitStack())
            self._arms[side] = self._opened(side, self._own[side], None, self._say)
        return self._arms[side]

    def end(self, side: Side) -> None:
        """Have the arm of one side gone, with what was written there; whoever asks for it next gets a new one."""
        if self._arms.pop(side, None) is not None:
            self._own.pop(side).close()
            self._stored = None  # it reads the base's copy

    def farther(self, stack: ExitStack, rtt: float) -> dict[Side, Arm]:
        """Another pair of arms with `rtt` seconds added to each round trip; gone with `stack`."""
        return {side: self._opened(side, stack, rtt, lambda line: None) for side in SIDES}

    def returned(self, stack: ExitStack) -> Sides:
        """The base beside the base's code on the candidate's data, after its way back."""
        app = stack.enter_context(self.arm("candidate").with_code(self.ground("base")))
        found = Sides(self._checkouts["base"], self._checkouts["base"], stack, self._say)
        found._arms = {"base": self.arm("base"), "candidate": replace(self.arm("candidate"), app=app)}
        found._marks, found._scouted = self._marks, self._scouted
        return found

    def ground(self, side: Side) -> Ground:
        """What all copies of one side's app have in common."""
        if side not in self._grounds:
            found = looked_up(self._checkouts[side].target)
            if found.target.confinement is not None:
                found = replace(found, target=sandbox.widened(found.target, ways=self.scouted.services))
            self._grounds[side] = found
        return self._grounds[side]

    @property
    def scouted(self) -> Scouted:
        """What the base connects to, where nobody has looked before."""
        if self._scouted is None:
            self._scouted = scout(looked_up(self._checkouts["base"].target))
        return self._scouted

    def look(self) -> None:
        """Run the base to see what it connects to, where nobody has. Raises SubsecondError where it does not start."""
        assert self.scouted is not None

    @property
    def seen(self) -> Sequence[Connection]:
        """The databases that the base connects to."""
        return self.scouted.databases

    def _opened(self, side: Side, stack: ExitStack, rtt: float | None, say: Callable[[str], None]) -> Arm:
        return stack.enter_context(arm(self.ground(side), self.seen, rtt=rtt, watched=True, prepare=up, say=say))

    @property
    def requests(self) -> Sequence[RequestSpec]:
        """The requests of the target: base and candidate are asked the user's own, from outside their copies."""
        return self.ground("base").plan.timed

    @property
    def stored(self) -> Stored:
        """What the base's copy of the data holds."""
        if self._stored is None:
            self._stored = Stored(self.arm("base"))
        return self._stored

    @property
    def isolated(self) -> bool:
        """Whether each side has a database of its own."""
        return all(one.isolation in ("clone", "own process") for one in self.arms.values())

    def ask(self, side: Side, spec: RequestSpec, *, counted: bool = False) -> Asked | RequestFailed:
        """Send one request to one side; its trace is waited for only where the counts are wanted."""
        one, mark = self.arm(side), next(self._marks)
        before = one.outside() if counted else None
        answer = one.app.send(spec, protocol.MODE_TIMED, mark)
        if isinstance(answer, RequestFailed):
            return answer
        if side == "base" and answer.status == RATE_LIMITED:
            raise SubsecondError(
                "rate-limited",
                f"the base answers {spec.name} with 429: the gates ask more often than its limit allows; raise the "
                "limit for them (env of the target)",
                exit_code=EXIT_FAILED,
            )
        line = one.app.trace_of(mark) if counted else None
        after = one.outside() if counted else None
        reply = _reply(answer)
        counts = None if line is None else {name: int(line["counts"].get(name, 0)) for name in TOLD}
        outside = {name: after[name] - before[name] for name in after} if before and after else None
        return Asked(reply=reply, counts=counts, seconds=answer.seconds, outside=outside)

    def recorded(self, side: Side, spec: RequestSpec) -> dict[str, Any] | None:
        """The trace of one more answer with its spans, as the agent wrote it; None where there is none."""
        return self._traced(side, spec, protocol.MODE_RECORDING)

    def _traced(self, side: Side, spec: RequestSpec, mode: str) -> dict[str, Any] | None:
        one, mark = self.arm(side), next(self._marks)
        if isinstance(one.app.send(spec, mode, mark), RequestFailed):
            return None
        return one.app.trace_of(mark)

    def read_of(self, spec: RequestSpec) -> Sequence[str]:
        """Parameters of the address that either side asks a request for, whether it gives them or not.

        Seen in a deep run, as the agent tells of Flask and Werkzeug; of what writes, nothing is sent for it.
        """
        if spec.name not in self._read:
            told = [self._traced(side, spec, protocol.MODE_DEEP) for side in SIDES] if spec.method in READS else []
            asked = [one for line in told if line for one in (line.get("deep") or {}).get("parameters", ())]
            names = (one["name"] for one in asked if one["in"] in ("args", "values") and one["name"])
            self._read[spec.name] = list(dict.fromkeys(names))
        return self._read[spec.name]

    def shaken(self, side: Side, spec: RequestSpec) -> Asked | None:
        """What one side answers where its database hands out rows otherwise; None where that cannot be had."""
        if side not in self._shaken:
            self._shaken[side] = shaken(self.ground(side), self.arm(side), self._stack)
        other = self._shaken[side]
        if other is None:
            return None
        answer = other.app.send(spec, protocol.MODE_TIMED, next(self._marks))
        if isinstance(answer, RequestFailed):
            return None
        reply = _reply(answer)
        return Asked(reply=reply, counts=None, seconds=answer.seconds)

    def twice_anew(self, spec: RequestSpec) -> tuple[Reply, Reply] | None:
        """What two new bases on new copies of the data answer first; None where copies or answers cannot be had."""
        if any(one.isolation != "clone" for one in self.arms.values()):
            return None
        found = list[Reply]()
        for _ in range(2):
            with ExitStack() as stack:
                one = self._opened("base", stack, None, lambda line: None)
                answer = one.app.send(spec, protocol.MODE_TIMED, next(self._marks))
                if isinstance(answer, RequestFailed):
                    return None
                found.append(_reply(answer))
        return found[0], found[1]

    def strangers(self) -> list[str]:
        """Databases that the candidate reached though its base never did: they are not its arm's own."""
        own = {copy for one in self.arms.values() for copy in one.databases.values()} | set(self.seen)
        places = {str(one.place()) for one in own}
        return [one.shown for one in self.arms["candidate"].app.connections() if str(one.place()) not in places]


def _reply(answer: Answer) -> Reply:
    return Reply(status=answer.status, headers=answer.headers, body=answer.body)
