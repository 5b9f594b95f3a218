"""Other tools on the same applications: queryspy, nplusone, and the plain rule "same SQL, same stack, at least two".

They claim less than we do: statements repeated, by row or with the same values. So they are judged on labels of
`CLAIMED` alone, all of which count as one kind, since no peer tells them apart; ours is judged so beside them. A claim
without a place (nplusone names a model and a field) fits every label of its request: to its favour. A claim on a
request without such a label is counted, not judged: it may be a repeated write, a loop-invariant one …
"""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.detection import judge
from benchmarks.detection.applications import Application, copied
from subsecond.harness.requests import read

REPEATED = "repeated statement"
CLAIMED = ("n-plus-one-query", "lazy-load", "duplicate-query")
OURS = (*CLAIMED, "loop-invariant-query")
"""The last one says more of what the others claim, and takes its place."""
NAMES = ("queryspy", "nplusone")
AT_LEAST = 2
PEER_SECONDS = 300
WORKER = Path(__file__).with_name("_peer.py")


def claimed(labels: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The labels as a peer is judged by them; the others only keep their request."""
    kept: list[dict[str, Any]] = []
    for label in labels:
        kinds = (label.get("kind"), *label.get("accept", ()))
        if any(kind in CLAIMED for kind in kinds):
            kept.append({**label, "kind": REPEATED, "accept": []})
        elif label.get("near") in CLAIMED:
            kept.append({**label, "near": REPEATED})
        else:
            kept.append({"request": label["request"]})
    return kept


def ours(outcome: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Our findings of the kinds that peers claim."""
    return [{**said, "kind": REPEATED} for said in outcome["findings"] if said["kind"] in OURS]


def plain_rule(outcome: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Statements with the same text and the same own-code stack, twice or more in one recorded request."""
    claims: dict[tuple[str, str, str], dict[str, Any]] = {}
    for trace in outcome["traces"]:
        if trace["mode"] != "recording":
            continue
        stacks = [json.dumps(span["stack"]) for span in trace["spans"]]
        texts = [span["attributes"].get("db.query.text") for span in trace["spans"]]
        many = Counter((text, stack) for text, stack in zip(texts, stacks, strict=True) if text)
        for (text, stack), count in many.items():
            frames = json.loads(stack)
            if count >= AT_LEAST and frames:
                claims[trace["request"], text, stack] = _claim(trace["request"], f"{text} x{count}", frames[0])
    return list(claims.values())


def peer(name: str, one: Application, python: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """What a peer claims on an application, and the errors of requests that failed with it; run by `python`.

    RuntimeError where it cannot run at all.
    """
    with copied(one) as (folder, environment):
        done = subprocess.run(
            [str(python), str(WORKER), name, one.app], cwd=folder, env={**os.environ, **environment, "PYTHONPATH": ""},
            input=json.dumps(_requests(folder)), capture_output=True, text=True, timeout=PEER_SECONDS, check=False,
        )  # fmt: skip
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["ended without a word"])[-1])
    said = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"request"')]
    failed = [f"{one.name}, {told['request']}: {told['error']}" for told in said if "error" in told]
    return [_claim(told["request"], told["text"], told) for told in said if "text" in told], failed


def _claim(request: str, title: str, place: Mapping[str, Any]) -> dict[str, Any]:
    at = {name: place[name] for name in ("file", "line", "function")}
    return {"kind": REPEATED, "requests": [request], "title": title, **at}


def _requests(folder: Path) -> list[dict[str, Any]]:
    """The requests of the application as its test client sends them."""
    return [
        {
            "name": spec.name,
            "method": spec.method,
            "path": spec.url.removeprefix("http://{{host}}"),
            "headers": dict(spec.headers),
            "body": spec.body,
        }
        for spec in read(folder / "requests.http")
    ]


def scored(applications: Sequence[Application], claims: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    """One score over all applications; `claims` by application."""
    score = judge.together(judge.judge(claimed(one.labels), claims[one.name]) for one in applications)
    anywhere = {name: [{**said, "file": None} for said in told] for name, told in claims.items()}
    loose = judge.together(judge.judge(claimed(one.labels), anywhere[one.name]) for one in applications)
    left_out = {"by_kind", "precision_strict", "causes_right", "causes_given", "lines_right", "lines_given"}
    kept = {name: value for name, value in score.items() if name not in left_out}
    return {**kept, "found_at_any_place": loose["found"]}
