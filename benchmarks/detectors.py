"""How well the detectors name what is planted, and keep silent where nothing is: `python -m benchmarks.detectors`.

The corpus (`tests/corpus`) was written from the manual pages alone and hashed before its first run; how a report is
judged stands in its README. Detection only: no trial has yet confirmed or refuted anything.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks import _result

CORPUS = Path(__file__).resolve().parent.parent / "tests" / "corpus"
KINDS = ("duplicate-query", "lazy-load", "n-plus-one-query", "nested-checkout", "several-sessions")
"""What the corpus was labelled for. Kinds that came later are judged by corpora of their own (`detection/`)."""
SAME = {"loop-invariant-query": "duplicate-query"}
"""A kind that came later and says more of what the corpus knows by the older name, at the same place."""
SUBSECOND = Path(sys.executable).with_name("subsecond")


def main() -> None:
    """Audit the corpus once, judge, print, write."""
    options = _result.arguments(__doc__ or "")
    with _result.alone():
        load = os.getloadavg()[0]
        score = judge(audited())
        show(score)
        if not options.no_write:
            print(_result.write("detectors", load, {"corpus_sha256": seal(), **score}, quick=options.quick))


def seal() -> str:
    """The sha256 of the corpus's list of hashes, after each file was held against it."""
    listed = (CORPUS / "SHA256").read_text()
    for line in listed.splitlines():
        digest, _, name = line.partition("  ")
        if hashlib.sha256((CORPUS / name).read_bytes()).hexdigest() != digest:
            raise SystemExit(f"{name} of the corpus was changed after it was sealed")
    return hashlib.sha256(listed.encode()).hexdigest()


def audited() -> dict[str, Any]:
    """The JSON of one audit of a copy of the corpus."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "corpus"
        shutil.copytree(CORPUS, folder, ignore=shutil.ignore_patterns("__pycache__"))
        database = folder / "shop.db"
        subprocess.run([sys.executable, "-m", "shop.seed", str(database)], cwd=folder, check=True)
        words = ["audit", "shop.wsgi:app", "requests.http", "--code", "shop", "--repeat", "1", "--json", "--no-trials"]
        words += ["--python", sys.executable, "--env", f"SHOP_DB={database}"]
        done = subprocess.run([str(SUBSECOND), *words], cwd=folder, stdout=subprocess.PIPE, check=True, text=True)
        outcome: dict[str, Any] = json.loads(done.stdout)
        return outcome


def judge(outcome: dict[str, Any]) -> dict[str, Any]:
    """Hits, places missed, misses and false alarms, over all and by kind; every one of the last three is named."""
    labels = json.loads((CORPUS / "expected.json").read_text())["routes"]
    named_so = [{**finding, "kind": SAME.get(finding["kind"], finding["kind"])} for finding in outcome["findings"]]
    judged = [finding for finding in named_so if finding["kind"] in KINDS]
    tally: Counter[tuple[str, str]] = Counter()
    named: list[dict[str, str]] = []
    lines = [0, 0]
    for route, label in labels.items():
        reported = [finding for finding in judged if route in finding["requests"]]
        for verdict, kind, text in _route(label, reported, lines):
            tally[kind, verdict] += 1
            if verdict != "hit":
                named.append({"route": route, "verdict": verdict, "kind": kind, "what": text})
    kinds = sorted({kind for kind, _ in tally})
    return {
        **_score(sum((Counter({v: n}) for (_, v), n in tally.items()), Counter())),
        "lines_right": lines[0],
        "lines_given": lines[1],
        "by_kind": {kind: _score(Counter({v: n for (k, v), n in tally.items() if k == kind})) for kind in kinds},
        "not_hit": named,
    }


def _score(counts: Counter[str]) -> dict[str, Any]:
    found = counts["hit"] + counts["place missed"]
    expected, said = found + counts["miss"], found + counts["false alarm"]
    return {
        "expected": expected,
        "hits": counts["hit"],
        "places_missed": counts["place missed"],
        "misses": counts["miss"],
        "false_alarms": counts["false alarm"],
        "recall": round(counts["hit"] / expected, 3) if expected else None,
        "precision": round(counts["hit"] / said, 3) if said else None,
    }


def _route(label: dict[str, Any], reported: list[dict[str, Any]], lines: list[int]) -> list[tuple[str, str, str]]:
    """Verdicts of one route as (verdict, kind, what); exact matches are taken first, then those of the kind alone."""
    verdicts, left, open_labels = [], list(reported), list(label["expected"])
    for exact in (True, False):
        for wanted in list(open_labels):
            match = next((one for one in left if _fits(wanted, one, exact=exact)), None)
            if match is None:
                continue
            left.remove(match)
            open_labels.remove(wanted)
            said = f"{match['file']}:{match['line']} {match['function']}"
            what = f"said {said}, wanted {wanted['file']} {wanted['function']}"
            verdicts.append(("hit" if exact else "place missed", match["kind"], what))
            if exact and "line" in wanted and match["file"] == wanted["file"]:
                lines[1] += 1
                lines[0] += match["line"] == wanted["line"]
    verdicts += [("miss", one["kind"], f"{one['file']} {one['function']}: {label['comment']}") for one in open_labels]
    for one in left:
        if one["kind"] not in label["either"]:
            text = f"{one['file']}:{one['line']} {one['function']} {one['title']}: {label['comment']}"
            verdicts.append(("false alarm", one["kind"], text))
    return verdicts


def _fits(wanted: dict[str, Any], said: dict[str, Any], *, exact: bool) -> bool:
    for one in (wanted, *({**wanted, **other} for other in wanted.get("or", ()))):
        place = one["file"] == said["file"] and one["function"] == said["function"].rpartition(".")[2]
        if one["kind"] == said["kind"] and (place or not exact):
            return True
    return False


def show(score: dict[str, Any]) -> None:
    """The table, and every label that was not hit."""
    columns = ("expected", "hits", "places_missed", "misses", "false_alarms", "recall", "precision")
    print(f"{'kind':18}" + "".join(f"{column:>14}" for column in columns))
    for kind, row in [*score["by_kind"].items(), ("all", score)]:
        print(f"{kind:18}" + "".join(f"{row[column]!s:>14}" for column in columns))
    print(f"lines right: {score['lines_right']} of {score['lines_given']}")
    for one in score["not_hit"]:
        print(f"  {one['verdict']:12} {one['kind']:17} {one['route']}: {one['what']}")


if __name__ == "__main__":
    main()
