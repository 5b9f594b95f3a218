"""What a gate is, and the registry of them. Cheapest first: `order` decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from subsecond.errors import SubsecondError, did_you_mean
from subsecond.harness.checkout import Checkout
from subsecond.harness.scout import Scouted
from subsecond.model.proof import GateVerdict, Verdict
from subsecond.model.target import RequestSpec
from subsecond.prove.sides import Sides
from subsecond.registry import Registry

SPEED_SECONDS = 60.0
"""Room for five fresh starts a side of an app that is up within some three seconds, and a few quick requests."""


@dataclass(kw_only=True)
class Case:
    """What is judged: a candidate beside its base, each in a copy of its own.

    Used as a context: the two running sides are started when a gate first wants them and ended with it.
    """

    base: Checkout
    candidate: Checkout
    only: tuple[str, ...] = ()
    """Names of the requests that the change is about; empty: all of the target's."""
    about: tuple[str, ...] = ()
    """Names of those near which others are asked (neighbours, edge values); empty: all of them."""
    promised: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """What the change is said to save: request -> count -> how many."""
    faster: tuple[str, ...] = ()
    """Names of the requests that are said to become faster."""
    speed_seconds: float = SPEED_SECONDS
    """Time for the speed gate."""
    reveal: bool = False
    """Whether a failing request that is held back from whoever wrote the patch is shown all the same."""
    first: tuple[tuple[str, str], ...] = ()
    """Parameter and value of requests that failed before: the edge gate asks them first."""
    scouted: Scouted | None = None
    """What the user's own code connects to; None: the base is run to see it, so it must be the user's own."""
    say: Callable[[str], None] = lambda line: None
    _sides: Sides | None = None
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Case:
        return self

    def __exit__(self, *problem: object) -> None:
        self._stack.close()

    def sides(self) -> Sides:
        """Base and candidate, running."""
        if self._sides is None:
            self._sides = Sides(self.base, self.candidate, self._stack, self.say, self.scouted)
        return self._sides

    def wanted(self, requests: Sequence[RequestSpec]) -> list[RequestSpec]:
        """The requests that the change is about. Raises SubsecondError for a name that none has."""
        named((*self.only, *self.faster), requests)
        return [spec for spec in requests if not self.only or spec.name in self.only]

    def near(self, requests: Sequence[RequestSpec]) -> list[RequestSpec]:
        """Those of the wanted near which others are asked: hundreds, which a change elsewhere would only wait for."""
        return [spec for spec in self.wanted(requests) if not self.about or spec.name in self.about]


def named(names: Sequence[str], requests: Sequence[RequestSpec]) -> None:
    """Raises SubsecondError for a name that none of the requests has."""
    known = [spec.name for spec in requests]
    for name in names:
        if name not in known:
            raise SubsecondError(
                "unknown-request", f'no request "{name}"{did_you_mean(name, known) or ";"} known: {", ".join(known)}'
            )


class Gate(Protocol):
    """One question about a candidate. Asks it whole, keeps nothing, leaves nothing behind."""

    name: ClassVar[str]
    order: ClassVar[int]

    def judge(self, case: Case) -> GateVerdict:
        """The verdict. A SubsecondError that comes out of it counts as *no verdict*."""
        ...


gate: Registry[type[Gate]] = Registry("subsecond.prove.gates")


def gates() -> list[type[Gate]]:
    """All gates, the cheapest first."""
    return sorted(gate.items().values(), key=lambda one: one.order)


def verdict(name: str, outcome: Verdict, why: str, evidence: Sequence[str] = ()) -> GateVerdict:
    """A verdict without its seconds, which the stage takes."""
    return GateVerdict(gate=name, verdict=outcome, why=why, evidence=tuple(evidence))
