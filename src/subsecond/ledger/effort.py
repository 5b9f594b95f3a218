"""Attempts counted by the request that they are about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from subsecond.model.attempt import Attempt
from subsecond.model.effort import Effort


def efforts(attempts: Sequence[Attempt], learnt: Sequence[float], requests: Mapping[str, str]) -> list[Effort]:
    """What each request took, in the order of their first attempts; attempts that still run are left out.

    `learnt`: when each constraint was (UNIX seconds); `requests`: key of a finding -> the request it costs most.
    """
    by_request: dict[str, list[Attempt]] = {}
    for one in (one for one in attempts if one.outcome != "running"):
        by_request.setdefault(_about(one, requests), []).append(one)
    return [_effort(request, own, learnt) for request, own in by_request.items()]


def _effort(request: str, own: Sequence[Attempt], learnt: Sequence[float]) -> Effort:
    told = Counter(one.outcome for one in own)
    return Effort(
        request=request,
        kept=told["kept"],
        reverted=told["reverted"],
        refused=told["refused"],
        lost=told["lost"],
        seconds=round(sum(one.seconds or 0.0 for one in own), 1),
        known=sum(when < own[0].started for when in learnt),
    )


def _about(one: Attempt, requests: Mapping[str, str]) -> str:
    """The request of its finding, else the first of which it promises something."""
    promised = [*one.promised.counts, *one.promised.faster]
    return requests.get(one.key) or next(iter(promised), "")
