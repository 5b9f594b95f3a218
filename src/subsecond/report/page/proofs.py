"""The ledger: attempts with what each gate said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from subsecond.model import attempt as nouns
from subsecond.model.constraint import Constraint as Learnt
from subsecond.model.finding import Finding
from subsecond.model.optimized import Optimized
from subsecond.model.proof import GateVerdict
from subsecond.model.report_ledger import Attempt, Constraint, Difference, Gate, Ledger
from subsecond.report.page.highlight import patch_html
from subsecond.report.page.units import ms

_DIFFERENCE = re.compile(r"(?P<path>status|header \S+|\$\S*): (?P<what>\w+): (?P<base>.+?) became (?P<candidate>.+)")
"""As a comparison's `Difference` is written."""
COMPARING = ("contract", "edge")
"""Gates whose evidence is a list of differences, field by field."""


def linked(attempts: Sequence[nouns.Attempt], findings: Sequence[Finding]) -> tuple[nouns.Attempt, ...]:
    """The attempts under the numbers that their findings have in this audit; none where it found that no more."""
    now = {one.key: one.id for one in findings}
    return tuple(replace(one, finding=now.get(one.key, "")) for one in attempts)


def ledger(
    attempts: Sequence[nouns.Attempt], constraints: Sequence[Learnt], optimized: Optimized | None
) -> Ledger | None:
    """None where nothing was ever attempted or stated."""
    if not attempts and not constraints:
        return None
    return Ledger(
        attempts=tuple(_attempt(one) for one in attempts),
        constraints=tuple(Constraint(rule=one.rule, text=one.text, because=one.because) for one in constraints),
        base=optimized.base if optimized else None,
        result=optimized.result if optimized else None,
    )


def _attempt(one: nouns.Attempt) -> Attempt:
    return Attempt(
        number=one.number,
        step=one.step,
        finding=one.finding,
        kind=one.kind,
        proposer=one.proposer,
        outcome=one.outcome,
        why=one.why,
        base=one.base,
        commit=one.commit,
        ms=None if one.seconds is None else ms(one.seconds),
        gates=tuple(_gate(verdict) for verdict in one.gates),
        patch_html=patch_html(one.patch) if one.patch else "",
        culprit_html=patch_html(one.culprit) if one.culprit else "",
    )


def _gate(verdict: GateVerdict) -> Gate:
    curl = next((line for line in verdict.evidence if line.startswith("curl ")), None)
    failed = verdict.verdict == "failed" and verdict.gate in COMPARING
    lines = [line for line in verdict.evidence if line != curl]
    found = {line: match for line in lines if failed and (match := _DIFFERENCE.fullmatch(line))}
    return Gate(
        name=verdict.gate,
        verdict=verdict.verdict,
        why=verdict.why,
        evidence=tuple(line for line in lines if line not in found),
        ms=ms(verdict.seconds),
        curl=curl,
        differences=tuple(Difference(**match.groupdict()) for match in found.values()),
    )
