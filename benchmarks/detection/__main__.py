"""How well the detectors name what is planted, and keep silent where nothing is: `python -m benchmarks.detection`.

Audits `open/` and the three applications of `sealed/` twice, without trials and with them, scores by the rule in
`judge.py`, then lets the peers see the same requests. The first score of the sealed half is kept for good under
`sealed_first_contact`; each later run writes its own under `sealed_after_mending`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import _result
from benchmarks.detection import judge, peers
from benchmarks.detection.applications import Application, applications, audited, seal

FIRST, LATER = "sealed_first_contact", "sealed_after_mending"
BUDGET = "4m"


def main() -> None:
    """Audit, judge, print, write."""
    options = _options()
    with _result.alone():
        load = os.getloadavg()[0]
        sealed_by = seal()
        every = [one for one in applications() if not (options.quick and one.sealed)]
        seen = {one.name: _audited(one, None, options.keep) for one in every}
        tried = {} if options.quick else {one.name: _audited(one, options.budget, options.keep) for one in every}
        figures = {"seal_sha256": sealed_by, "budget_per_application": options.budget, **_figures(every, seen, tried)}
        if not options.quick:
            figures |= _peers(every, seen, options.peers_python)
        if not options.no_write:
            print(_result.write("detection", load, _kept(figures), quick=options.quick))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the open half without trials: does it run")
    parser.add_argument("--no-write", action="store_true", help="print only, leave the committed result alone")
    parser.add_argument("--budget", default=BUDGET, help="time for the trials of each application")
    parser.add_argument("--keep", type=Path, help="a folder for the outcome of each audit; what it holds is taken")
    parser.add_argument(
        "--peers-python",
        type=Path,
        default=Path(sys.executable),
        help="an interpreter with Flask, requests, SQLAlchemy 2.0, queryspy and nplusone",
    )
    return parser.parse_args()


def _audited(one: Application, budget: str | None, keep: Path | None) -> dict[str, Any]:
    """The outcome kept of an earlier run, else that of an audit now."""
    kept = keep / f"{one.name}.{'trials' if budget else 'seen'}.json" if keep else None
    if kept is not None and kept.exists():
        return dict(json.loads(kept.read_text()))
    print(f"{one.name}: auditing {'with trials' if budget else 'without trials'}", file=sys.stderr, flush=True)
    outcome = audited(one, budget)
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(outcome))
    failed = [said["name"] for said in outcome["requests"] if said["status"] != 200]
    if failed:
        print(f"{one.name}: not answered with 200: {', '.join(failed)}", file=sys.stderr)
    return outcome


def _figures(
    every: Sequence[Application], seen: Mapping[str, dict[str, Any]], tried: Mapping[str, dict[str, Any]]
) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    for name, half in (("open", False), (FIRST, True)):
        here = [one for one in every if one.sealed is half]
        if here:
            figures[name] = {"detectors": seen[here[0].name]["detectors"], **score_of(here, seen, tried)}
            show(name, figures[name])
    return figures


def score_of(
    here: Sequence[Application], seen: Mapping[str, dict[str, Any]], tried: Mapping[str, dict[str, Any]]
) -> dict[str, Any]:
    """Recall and precision of one half. `seen`, `tried`: outcomes by application, `tried` empty: no trials yet."""
    each = {one.name: judge.judge(one.labels, seen[one.name]["findings"]) for one in here}
    score = judge.together(each.values())
    score["precision_before_trials"] = score.pop("precision")
    score["by_application"] = {
        name: {"recall": one["recall"], "precision_before_trials": one["precision"]} for name, one in each.items()
    }
    score["precision"] = None
    if tried:
        after, sure = (
            judge.together(judge.judge(one.labels, kept(tried[one.name]["findings"])) for one in here)
            for kept in (judge.standing, judge.proven)
        )
        score["precision"] = after["precision"]
        score["after_trials"] = {
            "recall": after["recall"],
            "found": after["found"],
            "false_alarms": after["false_alarms"],
            "alarms": after["alarms"],
            "verdicts": _verdicts([said for one in here for said in tried[one.name]["findings"]]),
            "confirmed": {name: sure[name] for name in ("found", "false_alarms", "precision")},
            "planted_refuted": [lost for one in here for lost in _lost(one, tried[one.name]["findings"])],
        }
    unlabelled = score.pop("unlabelled")
    score["unlabelled_by_kind"] = judge.kinds_of(unlabelled)
    return {"recall": score.pop("recall"), **score, "unlabelled": unlabelled}


def _verdicts(findings: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    return judge.kinds_of([{"kind": trial["verdict"]} for said in findings for trial in said["trials"]])


def _lost(one: Application, findings: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Planted defects that were found and that a trial took away: a trial's own mistakes."""
    before = judge.judge(one.labels, findings)["missed"]
    after = judge.judge(one.labels, judge.standing(findings))["missed"]
    known = {(miss["request"], miss["kind"], miss["wanted"]) for miss in before}
    return [miss for miss in after if (miss["request"], miss["kind"], miss["wanted"]) not in known]


def _peers(every: Sequence[Application], seen: Mapping[str, dict[str, Any]], python: Path) -> dict[str, Any]:
    claims = {
        "ours": {name: peers.ours(outcome) for name, outcome in seen.items()},
        "same SQL, same stack, at least 2": {name: peers.plain_rule(outcome) for name, outcome in seen.items()},
    }
    scores: dict[str, Any] = {}
    failed: dict[str, list[str]] = {}
    sealed = [one for one in every if one.sealed]
    for name in peers.NAMES:
        try:
            told = {one.name: peers.peer(name, one, python) for one in sealed}
        except RuntimeError as problem:
            scores[name] = {"recall": None, "precision": None, "error": str(problem)}
            continue
        claims[name] = {application: said for application, (said, _) in told.items()}
        failed[name] = [error for _, errors in told.values() for error in errors]
    for name, claimed in claims.items():
        scores[name] = {**peers.scored(sealed, claimed), "requests_failed": failed.get(name, [])}
    show_peers(scores)
    return {"peers": scores, "peers_ran_with": _versions(python)}


def _versions(python: Path) -> dict[str, str]:
    """What the peers ran with."""
    script = (
        "import importlib.metadata as m, json;"
        "print(json.dumps({n: m.version(n) for n in ('sqlalchemy', 'flask', 'queryspy', 'nplusone') "
        "if any(d.name.lower() == n for d in m.distributions())}))"
    )
    done = subprocess.run([str(python), "-c", script], capture_output=True, text=True, check=True)
    versions: dict[str, str] = json.loads(done.stdout)
    return versions


def _kept(figures: dict[str, Any]) -> dict[str, Any]:
    """The figures with the first contact of old, if there was one: this run's then stands beside it."""
    path = _result.RESULTS / "detection.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    if FIRST in known and FIRST in figures:
        return {**figures, FIRST: known[FIRST], LATER: figures[FIRST]}
    return figures


def show(name: str, score: Mapping[str, Any]) -> None:
    """The table of one half, then every miss and every false alarm."""
    print(f"\n{name}: recall {score['recall']}, precision before trials {score['precision_before_trials']}, ", end="")
    print(f"after {score['precision']} (detectors of {score['detectors']})")
    print(f"{'kind':24}{'planted':>9}{'found':>9}{'false alarms':>14}")
    for kind, row in score["by_kind"].items():
        print(f"{kind:24}{row['planted']:>9}{row['found']:>9}{row['false_alarms']:>14}")
    print(f"causes right {score['causes_right']} of {score['causes_given']}, ", end="")
    print(f"lines right {score['lines_right']} of {score['lines_given']}, ", end="")
    print(f"findings that no label speaks of: {score['unlabelled_findings']} {score['unlabelled_by_kind']}")
    for miss in score["missed"]:
        print(f"  missed       {miss['kind']:24}{miss['request']}: {miss['wanted']}: {miss['why']}", end="")
        print(f" (said at {', '.join(miss['said_at'])})" if miss["said_at"] else "")
    for alarm in score["alarms"]:
        print(f"  false alarm  {alarm['kind']:24}{alarm['request']}: {', '.join(alarm['said_at'])}: {alarm['why']}")
    for lost in score.get("after_trials", {}).get("planted_refuted", []):
        print(
            f"  refuted      {lost['kind']:24}{lost['request']}: {lost['wanted']}: planted, and taken away by a trial"
        )


def show_peers(scores: Mapping[str, Any]) -> None:
    """Recall and precision on the kinds that peers claim."""
    heads = f"{'planted':>9}{'found':>9}{'any place':>11}{'alarms':>9}{'unlabelled':>12}"
    print(f"\n{'repeated statements of the sealed half':50}{heads}")
    for name, score in scores.items():
        if "error" in score:
            print(f"{name:50}{score['error']}")
        elif "planted" in score:
            columns = ("planted", "found", "found_at_any_place", "false_alarms", "unlabelled_findings")
            row = [score[column] for column in columns]
            failed = f"  {len(score['requests_failed'])} requests failed with it" if score["requests_failed"] else ""
            print(f"{name:50}{row[0]:>9}{row[1]:>9}{row[2]:>11}{row[3]:>9}{row[4]:>12}{failed}")


if __name__ == "__main__":
    main()
