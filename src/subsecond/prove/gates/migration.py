from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import ClassVar

from subsecond.contract.compare import Noise
from subsecond.harness.arms import Arm
from subsecond.model.proof import GateVerdict, Verdict
from subsecond.model.target import RequestSpec
from subsecond.prove import migration
from subsecond.prove.equality import both, differences
from subsecond.prove.gate import Case, gate, verdict
from subsecond.prove.migration import State
from subsecond.prove.shown import curl
from subsecond.prove.sides import Sides

SHOWN = 8


@gate
class MigrationGate:
    """Up, contract, down, the base's contract again: a migration that the candidate brings has a way back.

    Both sides' own `migrate` brings their copies of the database to what their code wants; where that leaves the same
    schema, the candidate brings no migration, and there is nothing to ask. One that no command applies was not tried.
    After the way back the schema is the base's, line by line, and the base's own code answers on it as it did.
    """

    name: ClassVar[str] = "migration"
    order: ClassVar[int] = 6

    def judge(self, case: Case) -> GateVerdict:
        target = case.base.target
        if problem := migration.unapplied(case.base, case.candidate):
            return verdict(self.name, "no verdict", problem)
        if target.migrate is None:
            return verdict(self.name, "not applicable", "the target names no command that migrates (migrate)")
        sides = case.sides()
        arms = sides.arms
        if any(one.isolation != "clone" or len(one.databases) != 1 for one in arms.values()):
            return verdict(self.name, "no verdict", f"it needs a scratch copy of one database: {arms['base'].why}")
        before, after = _state(arms["base"]), _state(arms["candidate"])
        if before.lines == after.lines:
            return verdict(self.name, "not applicable", "the candidate brings no migration: the schemas are equal")
        brought = _difference(before, after)
        unordered = set[str]()
        for spec in sides.requests:
            case.say(f"migration: {spec.name}")
            if found := _unequal(sides, spec, unordered, "after the migration"):
                return verdict(self.name, *found)
        if target.migrate_down is None:
            why = "the target names no way back (migrate_down), so nothing is known of it"
            return verdict(self.name, "no verdict", why, brought)
        with ExitStack() as stack:
            migration.down(arms["candidate"].base, arms["candidate"].databases, arms["candidate"].env, before.version)
            left = _state(arms["candidate"])
            if left.lines != before.lines:
                lines = _difference(before, left)
                return verdict(self.name, "failed", f"the way back leaves another schema: {lines[0]}", lines)
            case.say("migration: the base on the data that came back")
            returned = sides.returned(stack)
            for spec in sides.requests:
                if found := _unequal(returned, spec, unordered, "for the base after the way back"):
                    return verdict(self.name, *found)
        count = len(sides.requests)
        why = f"up, {count} requests equal, down, the base's schema and its {count} answers are back"
        return verdict(self.name, "passed", why, brought)


def _state(arm: Arm) -> State:
    [database] = arm.databases.values()
    return migration.state(arm.base, database)


def _difference(before: State, after: State) -> list[str]:
    gone = [f"- {line}" for line in sorted(before.lines - after.lines)]
    return [*(f"+ {line}" for line in sorted(after.lines - before.lines)), *gone][:SHOWN]


def _unequal(
    sides: Sides, spec: RequestSpec, unordered: set[str], when: str
) -> tuple[Verdict, str, Sequence[str]] | None:
    noise = Noise()
    couples = both(sides, spec, noise)
    if isinstance(couples, str):
        return "no verdict", couples, ()
    if noise.too_much:
        return "no verdict", f"{spec.name}: its answers differ by themselves", sorted(noise.patterns)[:SHOWN]
    if found := differences(sides, spec, couples, noise, unordered):
        return "failed", f"{spec.name}, {when}: {found[0]}", [*map(str, found[:SHOWN]), curl(spec)]
    return None
