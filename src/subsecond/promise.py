"""What a change for a finding has to show before it is kept: counts that fall, else seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from subsecond import durations
from subsecond.measure import pairs
from subsecond.model.audit import RequestResult
from subsecond.model.experiment import Experiment
from subsecond.model.finding import Finding
from subsecond.model.promise import Promise

_COUNTED = ("measured", "lower bound")
"""Fidelities whose counts a real fix reaches too; of any other some must fall."""


def saves_counts(finding: Finding) -> bool:
    """Whether its change, or an experiment on it, saves something that is counted."""
    saves = (finding.saves, *(one.saves for one in finding.experiments))
    return any(by > 0 for one in saves for of in one.values() for by in of.values())


def spent(finding: Finding) -> bool:
    """Whether its experiments save counts in general, and none here: what it was about has gone but for the last."""
    return any(of for one in finding.experiments for of in one.saves.values()) and not saves_counts(finding)


def too_little(finding: Finding, requests: Sequence[RequestResult]) -> str:
    """Why no attempt could show what it brings (empty: one could): all it costs is less than a gain has to exceed.

    Of what shows in seconds alone, on the request where it costs most, `requests` being those of the audit.
    """
    now = next((one.seconds.median for one in requests if one.name == finding.request and one.seconds), None)
    asked = promise(finding).faster
    proven = any(one.verdict == "confirmed" for one in finding.trials)
    if asked != (finding.request,) or proven or now is None or finding.seconds is None:
        return ""
    least = pairs.margin(now, 0.0).seconds
    if finding.seconds > least:
        return ""
    of = f"{durations.text(finding.seconds)} of {durations.text(now)} of {finding.request}"
    return f"it saves at most {of}, and a gain must exceed {durations.text(least)}; audit on more data"


def promise(finding: Finding, counts: Mapping[str, Mapping[str, int]] | None = None) -> Promise:
    """What is to be seen of a change, whoever wrote it. `counts`: what its writer promises.

    Else the recording's own promise: the least that an experiment on the finding would save, or the finding says its
    change saves. Where there is none, as of an index, the requests become faster that a trial found faster; without a
    trial, the one where it costs most.
    """
    if any(by > 0 for of in (counts or {}).values() for by in of.values()):
        return Promise(counts=counts or {})
    counted = [one for one in finding.experiments if one.fidelity in _COUNTED]
    saved = _least_of(counted) or {
        request: dict.fromkeys(of, 1) for request, of in _least_of(finding.experiments).items()
    }
    saved = saved or {request: dict(of) for request, of in finding.saves.items()}
    if saved:
        return Promise(counts=saved)
    tried = [one.request for one in finding.trials if one.verdict == "confirmed" and one.stands_out]
    return Promise(faster=tuple(dict.fromkeys(tried)) or (finding.request,))


def _least_of(experiments: Sequence[Experiment]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for one in experiments:
        for request, saves in one.saves.items():
            for name, by in saves.items():
                if by > 0:
                    known = found.setdefault(request, {})
                    known[name] = min(by, known.get(name, by))
    return found
