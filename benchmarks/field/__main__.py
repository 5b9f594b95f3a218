"""An audit with trials of an application that nobody here wrote: `python -m benchmarks.field`.

Installs one Flask application from PyPI into an environment of its own, fills it by its own models, audits it as it
is installed (its code lies in `site-packages`), and writes what was found. Without `--app` it is the first that
`packaged.py` lists.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks import _result
from benchmarks.field import packaged

SUBSECOND = Path(sys.executable).with_name("subsecond")
BUDGET, QUICK_BUDGET = "4m", "20s"
AUDIT_SECONDS = 900.0


def main() -> None:
    """Install, fill, audit, print, write."""
    known = {one.name: one for one in packaged.every()}
    options = _options(list(known))
    one = known[options.app]
    with _result.alone(), tempfile.TemporaryDirectory(prefix="subsecond-field-") as scratch:
        load, begin = os.getloadavg()[0], time.monotonic()
        folder = Path(scratch)
        python = packaged.installed(one, options.environment or folder / "environment")
        packaged.filled(one, python, folder / "project")
        outcome = audited(folder / "project", QUICK_BUDGET if options.quick else options.budget)
        figures = {
            "application": one.requirement,
            "versions": packaged.versions(one, python),
            "seconds": round(time.monotonic() - begin),
            **told(outcome, packaged.package_of(one, python)),
        }
    show(figures)
    if not options.no_write:
        print(_result.write("field", load, figures, quick=options.quick))


def _options(names: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help=f"trials of {QUICK_BUDGET}: does it run")
    parser.add_argument("--no-write", action="store_true", help="print only, leave the committed result alone")
    parser.add_argument("--app", choices=names, default=names[0], help="which application")
    parser.add_argument("--budget", default=BUDGET, help="time for the trials")
    parser.add_argument("--environment", type=Path, help="a folder for its environment, kept and taken again")
    return parser.parse_args()


def audited(project: Path, budget: str) -> dict[str, Any]:
    """The audit's JSON with `kept`, its trials as they were written. SystemExit with its last line where it fails."""
    done = subprocess.run(
        [str(SUBSECOND), "audit", "--json", "--budget", budget], cwd=project, capture_output=True, check=False,
        text=True, timeout=AUDIT_SECONDS,
    )  # fmt: skip
    if not done.stdout.strip():
        raise SystemExit(f"audit-failed: {(done.stderr.strip().splitlines() or ['no output'])[-1]}")
    outcome: dict[str, Any] = json.loads(done.stdout)
    outcome["kept"] = json.loads((project / ".subsecond" / "trials.json").read_text())
    return outcome


def told(outcome: Mapping[str, Any], package: Path) -> dict[str, Any]:
    """What is kept of an audit: requests, findings with their verdicts, sets, what stayed without a trial."""
    findings = [_finding(found) for found in outcome["findings"]]
    kept = outcome["kept"]
    return {
        "requests": [
            {name: said[name] for name in ("name", "status", "seconds", "queries", "sessions", "rows")}
            for said in outcome["requests"]
        ],
        "findings_by_kind": dict(sorted(Counter(found["kind"] for found in findings).items())),
        "verdicts": dict(sorted(Counter(one["verdict"] for found in findings for one in found["trials"]).items())),
        "in_the_package": sum(package.name in found["place"] for found in findings),
        "findings": findings,
        "sets": [
            {name: one[name] for name in ("request", "findings", "base_seconds", "saving", "queries_before")}
            | {"queries_after": one["queries_after"]}
            for one in kept["sets"]
            if one["through_phase"] is None
        ],
        "untested": [
            {name: one[name] for name in ("request", "count", "rows", "seconds", "function", "why")}
            for one in kept["untested"]
        ],
    }


def _finding(found: Mapping[str, Any]) -> dict[str, Any]:
    place = f"{found['file']}:{found['line']}"
    trials = [
        {name: trial[name] for name in ("request", "virtual_fix", "verdict", "fidelity", "gain_seconds", "why")}
        for trial in found["trials"]
    ]
    names = ("id", "kind", "title", "requests", "queries", "share")
    # where the environment lies is this machine's business
    shown = place.partition("site-packages/")[2] or place
    return {**{name: found[name] for name in names}, "place": shown, "function": found["function"], "trials": trials}


def show(figures: Mapping[str, Any]) -> None:
    """The application, its requests, a line for each finding."""
    print(f"{figures['application']} on {figures['versions']}, {figures['seconds']} s")
    for said in figures["requests"]:
        median = f"{1000 * said['seconds']['median']:.0f} ms" if said["seconds"] else f"answered {said['status']}"
        print(f"  {said['name']}: {median}, {said['queries']} statements")
    for found in figures["findings"]:
        verdicts = Counter(one["verdict"] for one in found["trials"])
        said = ", ".join(f"{number} {verdict}" for verdict, number in verdicts.items()) or "no trial"
        print(f"  {found['id']} {found['kind']} {found['place']} {found['function']}: {found['title']} ({said})")
    print(f"verdicts: {figures['verdicts']}")


if __name__ == "__main__":
    main()
