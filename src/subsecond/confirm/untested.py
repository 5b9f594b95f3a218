"""Repeated statements and large fetches that no trial stands for, with their cost: else a report looks clean where the
app is slow."""

from __future__ import annotations

from collections.abc import Sequence

from subsecond.model.audit import QueryGroup, RequestResult
from subsecond.model.finding import Finding
from subsecond.model.trial import TrialRecord, Untested

LEAST_REPEATS, MANY_REPEATS = 3, 10
LEAST_ROWS = 1000
LEAST_SHARE = 0.02
"""Of the request's seconds; what is smaller is below what a trial could show (3 %, reference: measuring, 3.3). A group
of ten and more counts whatever its share: its seconds are the driver's alone, the ORM's come on top."""
SERVED = ("confirmed", "refuted", "inconclusive")


def untested(
    findings: Sequence[Finding], records: Sequence[TrialRecord], results: Sequence[RequestResult]
) -> tuple[Untested, ...]:
    """The large groups of all requests without a trial that acted, the costliest first."""
    tried = {
        (record.finding, record.trial.request) for record in records if record.acted and record.trial.verdict in SERVED
    }
    found = []
    for result in results:
        mine = [finding for finding in findings if result.name in finding.requests]
        for group in result.groups:
            about = [finding for finding in mine if _is_about(finding, group)]
            if not _large(group, result) or any((finding.id, result.name) in tried for finding in about):
                continue
            found.append(
                Untested(
                    request=result.name,
                    fingerprint=group.fingerprint,
                    count=group.count,
                    rows=group.rows,
                    seconds=group.seconds,
                    share=_share(group, result),
                    file=group.file,
                    line=group.line,
                    function=group.function,
                    why=_why(about, records, result.name),
                )
            )
    return tuple(sorted(found, key=lambda one: -one.seconds))


def _is_about(finding: Finding, group: QueryGroup) -> bool:
    return finding.fingerprint in (group.fingerprint, group.lazy_load) and bool(finding.fingerprint)


def _large(group: QueryGroup, result: RequestResult) -> bool:
    share = _share(group, result)
    many = group.count >= LEAST_REPEATS or (group.rows or 0) >= LEAST_ROWS
    return many and (share is None or share >= LEAST_SHARE or group.count >= MANY_REPEATS)


def _share(group: QueryGroup, result: RequestResult) -> float | None:
    return group.seconds / result.seconds.median if result.seconds and result.seconds.median else None


def _why(about: Sequence[Finding], records: Sequence[TrialRecord], request: str) -> str:
    """Why its findings' trials did not act; that there is no finding."""
    ids = {finding.id for finding in about}
    said = [f"{one.finding}: {one.trial.why}" for one in records if one.finding in ids and one.trial.request == request]
    if said:
        return said[0]
    return "no trial yet" if about else "no detector made a finding of it"
