"""What is left of a plan after the code has changed: its steps matched to what is found now. A pure function."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from subsecond.model.finding import Finding
from subsecond.model.plan import Step
from subsecond.promise import saves_counts, spent
from subsecond.sql.fingerprint import tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Remaining:
    """`steps` with their findings as they are now, in plan order; `gone`: steps whose finding is there no more, or
    has nothing left to save; `new`: findings that no step is about, under numbers that no other has."""

    steps: tuple[tuple[Step, Finding], ...]
    gone: tuple[Step, ...] = ()
    new: tuple[Finding, ...] = ()


def remaining(
    steps: Sequence[tuple[Step, Finding]], known: Collection[Finding], now: Sequence[Finding], *,
    unseen: Collection[str], looked: Collection[str],
) -> Remaining:  # fmt: skip
    """Match the steps that are left to the findings `now`; `known` are all findings of the analysis before.

    A finding is the same where its key is, else where kind, request and fingerprint are: code moves between functions;
    else where it is the only new one of its kind in its function and its statement reads the same tables and more: what
    was kept has joined them.
    It keeps its number and its trials. What rests on a clock alone (no count), or on what this look could not see
    (kinds `unseen`, requests that are none of the `looked` at), may be missed by one look: it stays as it was.
    """
    by_key = {one.key: one for one in now}
    by_sight = {_sight(one): one for one in now}
    left: list[tuple[Step, Finding]] = []
    gone: list[Step] = []
    keys, sights = {one.key for one in known}, {_sight(one) for one in known}
    unknown = [one for one in now if one.key not in keys and _sight(one) not in sights]
    for step, finding in steps:
        found = by_key.get(finding.key) or by_sight.get(_sight(finding)) or _grown(finding, unknown)
        if found in unknown:
            unknown.remove(found)
        if found is not None and spent(found):
            gone.append(step)
        elif found is not None:
            place = found.cause or found
            left.append(
                (
                    replace(step, file=place.file, line=place.line, requests=found.requests),
                    replace(found, id=finding.id, trials=finding.trials),
                )
            )
        elif (finding.queries or saves_counts(finding)) and finding.kind not in unseen and finding.request in looked:
            gone.append(step)
        else:
            left.append((step, finding))
    last = max((int(one.id[1:]) for one in known if one.id[1:].isdecimal()), default=0)
    return Remaining(
        steps=tuple(left),
        gone=tuple(gone),
        new=tuple(replace(one, id=f"F{number}") for number, one in enumerate(unknown, last + 1)),
    )


def _grown(finding: Finding, unknown: Sequence[Finding]) -> Finding | None:
    read = set(tables(finding.fingerprint))
    place = finding.kind, finding.request, finding.file, finding.function
    like = [
        one for one in unknown
        if (one.kind, one.request, one.file, one.function) == place and read and read <= set(tables(one.fingerprint))
    ]  # fmt: skip
    return like[0] if len(like) == 1 else None


def _sight(finding: Finding) -> tuple[str, str, str]:
    return finding.kind, finding.request, finding.fingerprint or f"{finding.file} {finding.function}"
