"""What an audit's trials say of the findings that `cases.toml` names: gain as a share of the request, with 90 %."""

from __future__ import annotations

import json
import math
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.prediction.cases import Case
from subsecond.measure import signed_rank
from subsecond.measure.processes import NORMAL_95, foreseen

SUBSECOND = Path(sys.executable).with_name("subsecond")
REPEAT = "5"
"""Runs that only tell how long a request takes; trials and patches are timed by themselves."""
LEVEL = 0.10
"""1 - the level of the intervals that are compared; the tool itself states 95 %."""
OPEN = 20.0
"""As a logarithm: as good as nothing left."""
NORMAL_90 = 1.645
NARROWER = NORMAL_90 / NORMAL_95
"""Half an interval of 90 % by half of one of 95 %, for what is known by its ends alone (normal approximation)."""


def audit(folder: Path, requests: str, budget: int) -> dict[str, Any]:
    """Audit the application in `folder` (its `subsecond.toml` says how) by a request file -> findings, trials, sets.

    Raises SystemExit with the tool's own last line where it fails.
    """
    done = subprocess.run(
        [str(SUBSECOND), "audit", requests, "--json", "--budget", f"{budget}s", "--repeat", REPEAT],
        cwd=folder,
        capture_output=True,
        check=False,
        text=True,
    )
    if not done.stdout.strip():
        raise SystemExit(f"audit-failed: {folder}: {(done.stderr.strip().splitlines() or ['no output'])[-1]}")
    outcome = json.loads(done.stdout)
    kept = json.loads((folder / ".subsecond" / "trials.json").read_text())
    failed = [said["name"] for said in outcome["requests"] if said["status"] >= 400 or said["seconds"] is None]
    if failed:
        raise SystemExit(f"audit-failed: {folder.parent.name}: answered with errors: {', '.join(failed)}")
    return {"findings": outcome["findings"], "trials": kept["trials"], "sets": kept["sets"], "load": kept["load"]}


def finding_of(case: Case, seen: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The finding that a case means; None where the audit has none such."""
    for found in seen["findings"]:
        if found["kind"] == case.kind and case.request in found["requests"]:
            texts = [found["title"], found["function"] or "", f"{found['file']}:{found['line']}"]
            texts += [json.dumps(one["parameters"]) for one in seen["trials"] if one["finding"] == found["id"]]
            if any(case.mark in text for text in texts):
                return dict(found)
    return None


def prediction(case: Case, seen: Mapping[str, Any]) -> dict[str, Any]:
    """What the trials say of a case: `share`, `low`, `high` of the request's time, `fidelity`, `why` where nothing."""
    found = finding_of(case, seen)
    if found is None:
        return {"finding": None, "why": f"the audit has no {case.kind} with {case.mark!r} on {case.request}"}
    mine = [one for one in seen["trials"] if one["finding"] == found["id"] and one["trial"]["request"] == case.request]
    told = {"finding": found["id"], "title": found["title"]}
    shown = [one for one in mine if one["trial"]["gain_seconds"] is not None]
    if not shown:
        return told | {"why": "; ".join(f"{one['trial']['virtual_fix']}: {one['trial']['why']}" for one in mine)}
    best = max(shown, key=lambda one: (one["trial"]["verdict"] == "confirmed", one["trial"]["gain_seconds"]))
    trial = best["trial"]
    names = ("virtual_fix", "verdict", "fidelity", "queries_saved")
    return told | {name: trial[name] for name in names} | {"method": best["method"]} | shares(best)


def shares(record: Mapping[str, Any]) -> dict[str, Any]:
    """A trial's gain as a share of the base's time and the base's seconds then. `low`, `high`: what fresh starts will
    show of it as the plan foresees it, but at 90 %; `trial_low`, `trial_high`: the trial's own, of its one process.

    `open`: too few pairs were made in the time for any interval of that level (fewer than five).
    """
    if record["points"]:
        logs = [math.log(base / fix) for base, fix in record["points"]]
        low, high = signed_rank.interval(logs, LEVEL)
        base = statistics.median(base for base, _ in record["points"])
        ends = [1 - math.exp(-log) for log in (signed_rank.estimate(logs), *(_closed(end) for end in (low, high)))]
    else:
        trial, base = record["trial"], record["base_seconds"]
        gain = trial["gain_seconds"]
        ends = [gain / base] + [(gain + NARROWER * (end - gain)) / base for end in (trial["low"], trial["high"])]
    seen = foreseen(*ends, 1.0, NORMAL_90)
    told = {"share": ends[0], "low": seen.low, "high": seen.high, "trial_low": ends[1], "trial_high": ends[2]}
    return told | {"base_seconds": base, "open": bool(record["points"]) and math.isinf(high - low)}


def _closed(log: float) -> float:
    """The end of an interval; an open one ends where twice the base's time would be taken, or next to none."""
    return min(max(log, -math.log(2)), OPEN)


def set_of(request: str, cases: Sequence[Case], seen: Mapping[str, Any]) -> tuple[dict[str, Any], list[Case]]:
    """What was measured of all confirmed fixes of a request at once, and the cases that hold their patches.

    `why` in place of a share where nothing was measured, or where a finding of the set has no patch.
    """
    whole = next((one for one in seen["sets"] if one["request"] == request and one["through_phase"] is None), None)
    if whole is None:
        return {"why": f"the audit measured no set on {request}"}, []
    by_finding: dict[str, Case] = {}
    for case in cases:
        found = finding_of(case, seen) if case.request == request else None
        if found is not None:
            by_finding.setdefault(found["id"], case)
    if missing := [one for one in whole["findings"] if one not in by_finding]:
        titles = {found["id"]: f"{found['kind']}: {found['title']}" for found in seen["findings"]}
        return {"why": f"no patch for {'; '.join(titles[one] for one in missing)}"}, []
    saving, base = whole["saving"], whole["base_seconds"]
    middle = saving["seconds"]
    low, high = (middle + NARROWER * (saving[end] - middle) for end in ("low", "high"))
    told = {"share": middle / base, "low": low / base, "high": high / base, "base_seconds": base}
    return told | {"estimate": whole["estimate"]}, [by_finding[one] for one in whole["findings"]]
