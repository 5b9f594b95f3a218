"""Base and candidate running side by side, each in an arm of its own, asked the same."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Literal

from subsecond.contract.compare import Reply
from subsecond.errors import EXIT_FAILED, SubsecondError
from subsecond.harness.arms import Arm, arm
from subsecond.harness.checkout import Checkout
from subsecond.harness.clones import Connection
from subsecond.harness.send import RequestFailed
from subsecond.harness.session import Ground, looked_up, started
from subsecond.model.target import RequestSpec
from subsecond_agent import protocol

Side = Literal["base", "candidate"]
COUNTS = (protocol.COUNT_QUERIES, protocol.COUNT_CHECKOUTS, protocol.COUNT_ROWS)

SHAKE = " ".join(
    f"-c enable_{one}=off"
    for one in ("indexscan", "bitmapscan", "indexonlyscan", "hashjoin", "hashagg", "incremental_sort")
)
"""Other plans of the same statements (reference, measuring, section 4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One answer: what is compared, exact counts (None: not asked for, or no trace came), client seconds."""

    reply: Reply
    counts: dict[str, int] | None
    seconds: float


class Sides:
    """Opens both arms when they are first asked for; closed by whoever made it."""

    def __init__(self, base: Checkout, candidate: Checkout, stack: ExitStack, say: Callable[[str], None]) -> None:
        self._checkouts: dict[Side, Checkout] = {"base": base, "candidate": candidate}
        self._stack = stack
        self._say = say
        self._arms: dict[Side, Arm] = {}
        self._marks = (f"p{number}" for number in itertools.count(1))
        self._seen: list[Connection] = []
        self._shaken: Arm | None = None

    @property
    def arms(self) -> dict[Side, Arm]:
        """Both arms. Raises SubsecondError where one does not start."""
        if not self._arms:
            grounds: dict[Side, Ground] = {side: looked_up(one.target) for side, one in self._checkouts.items()}
            self._seen = _connections(grounds["base"])
            for side, ground in grounds.items():
                self._arms[side] = self._stack.enter_context(arm(ground, self._seen, say=self._say))
        return self._arms

    @property
    def requests(self) -> Sequence[RequestSpec]:
        """The requests of the target: base and candidate are asked the user's own, from outside their copies."""
        return self.arms["base"].app.requests

    @property
    def isolated(self) -> bool:
        """Whether each side has a database of its own."""
        return all(one.isolation in ("clone", "own process") for one in self.arms.values())

    def ask(self, side: Side, spec: RequestSpec, *, counted: bool = False) -> Asked | RequestFailed:
        """Send one request to one side; its trace is waited for only where the counts are wanted."""
        app, mark = self.arms[side].app, next(self._marks)
        answer = app.send(spec, protocol.MODE_TIMED, mark)
        if isinstance(answer, RequestFailed):
            return answer
        line = app.trace_of(mark) if counted else None
        reply = Reply(status=answer.status, headers=answer.headers, body=answer.body)
        counts = None if line is None else {name: int(line["counts"].get(name, 0)) for name in COUNTS}
        return Asked(reply=reply, counts=counts, seconds=answer.seconds)

    def shaken(self, spec: RequestSpec) -> Asked | None:
        """The base's answer where its PostgreSQL must plan otherwise; None where that cannot be had.

        The order of a list that changes then was never promised. libpq's drivers take the settings from PGOPTIONS.
        """
        if self.arms["base"].system != "postgresql" or not self.isolated:
            return None
        if self._shaken is None:
            ground = looked_up(self._checkouts["base"].target)
            target = replace(ground.target, env=(*ground.target.env, ("PGOPTIONS", SHAKE)))
            other = replace(ground, target=target)
            self._shaken = self._stack.enter_context(arm(other, self._seen, say=lambda line: None))
        answer = self._shaken.app.send(spec, protocol.MODE_TIMED, next(self._marks))
        if isinstance(answer, RequestFailed):
            return None
        reply = Reply(status=answer.status, headers=answer.headers, body=answer.body)
        return Asked(reply=reply, counts=None, seconds=answer.seconds)

    def strangers(self) -> list[str]:
        """Databases that the candidate reached though its base never did: they are not its arm's own."""
        own = {copy for one in self.arms.values() for copy in one.databases.values()} | set(self._seen)
        places = {str(one.place()) for one in own}
        return [one.shown for one in self.arms["candidate"].app.connections() if str(one.place()) not in places]


def _connections(ground: Ground) -> list[Connection]:
    """The databases that the base connects to while it answers each request once."""
    with started(ground) as scout:
        for number, spec in enumerate(scout.requests):
            answer = scout.send(spec, protocol.MODE_TIMED, f"scout{number}")
            if isinstance(answer, RequestFailed):
                text = f"the base itself does not answer {spec.name}: {answer.why}"
                raise SubsecondError("request-failed", text, exit_code=EXIT_FAILED)
        return scout.connections()
