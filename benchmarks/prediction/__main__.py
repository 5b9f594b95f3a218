"""What trials predict against what the real patches give: `python -m benchmarks.prediction`.

For each request of each application: audit it with trials, then time, over fresh starts, the base beside each patch of
`cases.toml` alone and beside all that the audit confirmed. Each step's outcome is kept in the work folder, so that a
run can be made in batches: `--seconds 400` begins no step after that (exit code 3: go on with `--resume`).
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks import _result
from benchmarks.prediction import predicted, real
from benchmarks.prediction.applications import applications
from benchmarks.prediction.cases import Case, Catalogue, catalogue
from benchmarks.prediction.score import covered, error, score
from benchmarks.prediction.steps import Steps, audit_of, groups, kept, patches_of, together

GO_ON = 3
"""Exit code: time was up, steps are left."""
QUICK_APP, QUICK_CASES, QUICK_STARTS, QUICK_BUDGET = "market", 2, 1, 30


def main() -> int:
    """Run what is left, print, write. Exit code 3 where time was up before the end."""
    options = _options()
    work: Path = options.work
    if not options.resume and not options.report:
        shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True, exist_ok=True)
    wanted = catalogue()
    if options.quick:
        few = wanted.of(QUICK_APP)
        wanted = Catalogue(cases=few.cases[:QUICK_CASES], sets=())
    with _result.alone():
        load = os.getloadavg()[0]
        end = time.monotonic() + options.seconds if options.seconds else float("inf")
        for name in () if options.report else options.app or wanted.apps:
            app = applications()[name]
            budget, starts = (QUICK_BUDGET, QUICK_STARTS) if options.quick else (app.budget, real.STARTS)
            if not Steps(app, wanted.of(name), work / name, budget, starts, end).run():
                print(f"time is up during {name}; go on with --resume", file=sys.stderr)
                return GO_ON
        if options.app and set(options.app) != set(wanted.apps):
            return 0
        figures = outcome(wanted, work)
        show(figures)
        if not options.no_write:
            print(_result.write("prediction", load, figures, quick=options.quick))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two pairs with one start: does it run")
    parser.add_argument("--no-write", action="store_true", help="print only, leave the committed result alone")
    parser.add_argument("--resume", action="store_true", help="take the steps that were done before as they are")
    parser.add_argument("--report", action="store_true", help="begin no step: put together what was done before")
    parser.add_argument("--app", action="append", help="only this application; may be repeated. Nothing is written")
    parser.add_argument("--seconds", type=float, help="begin no further step after so long")
    where = Path(tempfile.gettempdir()) / f"subsecond-prediction-{os.getuid()}"
    parser.add_argument("--work", type=Path, default=where, help=f"folder for applications and steps, {where}")
    return parser.parse_args()


def outcome(wanted: Catalogue, work: Path) -> dict[str, Any]:
    """All steps put together: pairs, sets, the score."""
    pairs, silent, sets, unmeasured, undone = [], [], [], [], []
    known = applications()
    of = {(name, one): group for name in wanted.apps for group in groups(known[name], wanted) for one in group}
    for case in wanted.cases:
        seen, patched = (kept(work / case.app, step(of[case.app, case.request])) for step in (audit_of, patches_of))
        if seen is None or patched is None or case.patch not in patched:
            undone.append(case.name)
            continue
        said, done = predicted.prediction(case, seen), patched[case.patch]
        if "share" in said and "share" in done:
            pairs.append(_pair(case, said, done))
        else:
            silent.append({"case": case.name, "kind": case.kind, **said, "why": said.get("why") or done.get("why")})
    for one in wanted.sets:
        seen, patched = (kept(work / one.app, step(of[one.app, one.request])) for step in (audit_of, patches_of))
        if seen is None or patched is None:
            undone.append(one.name)
            continue
        said, cases = predicted.set_of(one.request, wanted.of(one.app).cases, seen)
        done = patched.get(together(one.request), {})
        if "share" in said and "share" in done:
            parts = {"parts": [case.patch for case in cases], "estimate": said["estimate"]}
            sets.append(_compared(one.name, one.app, said, done) | parts)
        else:
            unmeasured.append({"case": one.name, "why": said.get("why") or done.get("why")})
    return {
        **score(pairs, sets),
        "applications": {name: known[name].origin for name in wanted.apps},
        "pairs": pairs,
        "sets": sets,
        "without_prediction": silent,
        "sets_without_prediction": unmeasured,
        "not_run": undone,
    }


def _pair(case: Case, said: Mapping[str, Any], done: Mapping[str, Any]) -> dict[str, Any]:
    names = ("fidelity", "virtual_fix", "verdict", "method", "queries_saved")
    return {
        **_compared(case.name, case.app, said, done), "request": case.request, "kind": case.kind,
        "patch_by": done["patch_by"], "open": said["open"], "counts": done["counts"],
        **{name: said[name] for name in names},
        **{name: round(said[name] * done["base_seconds"], 6) for name in ("trial_low", "trial_high")},
    }  # fmt: skip


def _compared(name: str, app: str, said: Mapping[str, Any], done: Mapping[str, Any]) -> dict[str, Any]:
    """Both gains as seconds of the request at the time of the real measurement, with their shares of it."""
    base = done["base_seconds"]
    seconds = {
        "predicted": said["share"], "low": said["low"], "high": said["high"], "real": done["share"],
        "real_low": done["low"], "real_high": done["high"],
    }  # fmt: skip
    return {
        "case": name, "app": app, **{key: round(share * base, 6) for key, share in seconds.items()},
        "base_seconds": round(base, 6), "base_seconds_at_trial": round(said["base_seconds"], 6),
        "load": done["load"],
    }  # fmt: skip


def show(figures: Mapping[str, Any]) -> None:
    """A line for each pair and set, then the score."""
    for pair in figures["pairs"]:
        mark = " " if pair["fidelity"] != "measured" or pair["open"] else "+" if covered(pair) else "-"
        print(f"{mark} {_line(pair)}  {pair['fidelity']}, {pair['virtual_fix']}, {pair['verdict']}")
    for one in figures["sets"]:
        print(f"  {_line(one)}  off by {error(one):.0%}")
    for one in (*figures["without_prediction"], *figures["sets_without_prediction"]):
        print(f"? {one['case']}: {one['why']}")
    print(f"coverage of measured gains {figures['coverage']}, {figures['by_fidelity']}")
    if figures["not_run"]:
        print(f"not run: {', '.join(figures['not_run'])}")
    print(f"sets off by {figures['cumulative_error']} (median), {figures['cumulative_worst']} (worst)")


def _line(one: Mapping[str, Any]) -> str:
    names = ("base_seconds", "predicted", "low", "high", "real")
    base, gain, low, high, truth = (1000 * one[name] for name in names)
    said = f"predicted {gain:7.1f} ({low:.1f} to {high:.1f}), real {truth:7.1f}"
    return f"{one['case']:<40} of {base:7.1f} ms: {said}"


if __name__ == "__main__":
    sys.exit(main())
