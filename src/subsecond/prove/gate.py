"""What a gate is, and the registry of them. Cheapest first: `order` decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from subsecond.harness.checkout import Checkout
from subsecond.model.proof import GateVerdict, Verdict
from subsecond.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is judged: a candidate beside its base, each in a copy of its own; `say` hears of long work."""

    base: Checkout
    candidate: Checkout
    only: tuple[str, ...] = ()
    """Names of the requests that the change is about; empty: all of the target's."""
    say: Callable[[str], None] = lambda line: None


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
