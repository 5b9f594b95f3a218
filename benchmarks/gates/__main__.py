"""How many wrong patches the gates stop and how many right ones they refuse: `python -m benchmarks.gates`.

Patches are judged in an order that is fixed, batch by batch: what a round knows already stands in `ROUND.jsonl` beside
this file, `--resume` goes on from there. The round `first_contact` is that of the gates before they had met the corpus;
those after it (`second_contact` and so on) ask gates mended after the round before what no round has reached;
`after_mending` asks again what was let through or refused. `results/gates.json` is made of all of them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import _result
from benchmarks.gates import corpus, score
from benchmarks.gates.corpus import Patch
from benchmarks.gates.ground import ground
from benchmarks.gates.judge import judged
from benchmarks.gates.kept import KeptBase
from benchmarks.gates.touched import calls, touched

HERE = Path(__file__).resolve().parent
QUICK = 6
"""Patches of a run that only shows that it runs."""


def main() -> None:
    """Judge what is asked for, then tell the score of all that is known."""
    options = _options()
    load = os.getloadavg()[0]
    sealed_by, every = corpus.seals(), corpus.patches()
    raw = HERE / f"{options.round}.jsonl"
    chosen = _chosen(every, options)
    if options.round in score.CONTACTS:
        earlier = score.CONTACTS[: score.CONTACTS.index(options.round)]
        met = {known for name in earlier for known in score.read(HERE / f"{name}.jsonl")}
        chosen = [one for one in chosen if one.id not in met]
    if options.resume:
        done = score.read(raw)
        chosen = [one for one in chosen if one.id not in done]
    outcomes = _all_judged(chosen, time.monotonic() + 60 * options.minutes, None if options.quick else raw)
    rounds = {name: score.read(HERE / f"{name}.jsonl") for name in score.ROUNDS}
    if options.quick:
        rounds = dict.fromkeys(score.ROUNDS, outcomes)
    figures = {"seal_sha256": sealed_by, **score.figures(every, rounds)}
    score.show(figures)
    if not options.no_write:
        print(_result.write("gates", load, figures, quick=options.quick))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} patches: does it run")
    parser.add_argument("--no-write", action="store_true", help="print only, leave the committed result alone")
    parser.add_argument("--only", default="", help="IDs of patches, with commas between them")
    parser.add_argument("--app", choices=sorted(corpus.homes()), help="patches of this application")
    parser.add_argument("--sample", type=int, metavar="N", help="the first N of the order")
    parser.add_argument("--speed", action="store_true", help="those that are asked by the speed gate, and only those")
    parser.add_argument("--resume", action="store_true", help="leave out what the round has judged already")
    parser.add_argument("--minutes", type=float, default=1e6, help="begin no patch after this time")
    parser.add_argument("--round", choices=score.ROUNDS, default="after_mending")
    return parser.parse_args()


def _chosen(every: Sequence[Patch], options: argparse.Namespace) -> list[Patch]:
    wanted = [name for name in options.only.split(",") if name]
    if strange := sorted(set(wanted) - {one.id for one in every}):
        raise SystemExit(f"unknown-patch: no patch {', '.join(strange)}; patches.jsonl has them all")
    some = every[: QUICK if options.quick else options.sample]
    some = [one for one in every if one.id in wanted] if wanted else some
    return [one for one in some if options.app in (None, one.app) and (wanted or one.speed is options.speed)]


def _all_judged(chosen: Sequence[Patch], until: float, raw: Path | None) -> dict[str, dict[str, Any]]:
    """The outcomes by ID; each is added to `raw` as soon as it is known."""
    found: dict[str, dict[str, Any]] = {}
    gates = _commit()
    for name in dict.fromkeys(one.app for one in chosen):
        with ground(name) as place, KeptBase(place) as kept:
            known = calls(place)
            for patch in chosen:
                if patch.app != name or time.monotonic() > until:
                    continue
                found[patch.id] = {**judged(patch, place, kept, touched(patch, place, known)), "gates_at": gates}
                _tell(patch, found[patch.id])
                if raw is not None:
                    with raw.open("a") as file:
                        file.write(json.dumps(found[patch.id]) + "\n")
    return found


def _tell(patch: Patch, said: Mapping[str, Any]) -> None:
    sort = "wrong" if patch.wrong else "right"
    line = f"{patch.id} {sort:5} {patch.kind:28} {said['verdict']:10} {said['gate']:9} {said['seconds']:6.1f} s"
    print(f"{line}  {said['why'][:100]}", file=sys.stderr, flush=True)


def _commit() -> str:
    """The commit that last touched the gates and what they compare with."""
    parts = ["src/subsecond/prove", "src/subsecond/contract", "src/subsecond/harness", "src/subsecond/attempts.py"]
    commit = _git("log", "-1", "--format=%h", "--", *parts)
    return commit + (" and changes not committed" if _git("status", "--porcelain", "--", *parts) else "")


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=HERE.parents[1], capture_output=True, text=True, check=True)
    return done.stdout.strip()


if __name__ == "__main__":
    main()
