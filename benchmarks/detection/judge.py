"""The rule by which a report is scored: pure functions over labels and findings, as `audit --json` gives them.

A **planted** label is *found* when a finding that names its request has its kind (or one that it accepts) and its
file and function (or a place in `also_at`); of functions the last part counts. Else it is *missed*, also when the
kind was reported at another place. A **near miss** is a *false alarm* when its kind is reported for its request,
except by a finding that fits a true label of that request. Labels neither planted nor near are true defects that
count for nothing. Recall = found / planted. Precision = found / (found + false alarms).

All other findings are *unlabelled*: the labels say nothing of them. They are counted and named beside the score,
because a report full of them would not be worth its precision; `precision_strict` takes every one for false. The three
kinds in `UNJUDGED` are left out there, as the README of the sealed half asks.
Cause and line of what was found are counted apart and never turn it into a miss.

After trials, a finding no longer stands for a request where a trial refuted it and none confirmed it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

Label = Mapping[str, Any]
Said = Mapping[str, Any]

UNJUDGED = ("cacheable-response", "connection-held", "hot-loop")
"""They depend on the machine where a planted defect makes a request slow."""


def judge(labels: Sequence[Label], findings: Sequence[Said]) -> dict[str, Any]:
    """The score of one application or of one peer on it.

    -> `planted`, `found`, `false_alarms`, `recall`, `precision` …; `by_kind`; `missed`, `alarms` and `unlabelled`
    (each a list of request, kind and places).
    """
    planted = [label for label in labels if label.get("planted")]
    found: list[tuple[Label, Said]] = []
    missed: list[dict[str, Any]] = []
    for label in planted:
        there = of_request(findings, label["request"])
        match = next((said for said in there if fits(label, said)), None)
        if match is not None:
            found.append((label, match))
        else:
            elsewhere = [_place(said) for said in there if said["kind"] in _kinds(label)]
            missed.append({**_named(label, label["kind"]), "wanted": _wanted(label), "said_at": elsewhere})
    alarms = [alarm for label in labels if label.get("near") for alarm in _alarm(label, labels, findings)]
    rest = _unlabelled(labels, findings)
    kinds = sorted({label.get("kind") or label.get("near") or "" for label in labels} - {""})
    return {
        **_totals(len(planted), len(found), len(alarms), len(rest)),
        **_asides(found),
        "by_kind": {kind: _row(kind, planted, found, alarms) for kind in kinds},
        "missed": missed,
        "alarms": alarms,
        "unlabelled": rest,
    }


def together(scores: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The score over several applications: every defect counts once."""
    every = list(scores)

    def total(name: str) -> int:
        return sum(score[name] for score in every)

    kinds = sorted({kind for score in every for kind in score["by_kind"]})
    rows = {kind: [score["by_kind"][kind] for score in every if kind in score["by_kind"]] for kind in kinds}
    lists = {name: [one for score in every for one in score[name]] for name in ("missed", "alarms", "unlabelled")}
    return {
        **_totals(total("planted"), total("found"), total("false_alarms"), total("unlabelled_findings")),
        **{name: total(name) for name in ("causes_right", "causes_given", "lines_right", "lines_given")},
        "by_kind": {kind: {name: sum(row[name] for row in rows[kind]) for name in rows[kind][0]} for kind in kinds},
        **lists,
    }


def standing(findings: Sequence[Said]) -> list[dict[str, Any]]:
    """The findings without the requests for which a trial refuted them; those left without any request are gone."""
    return _where(findings, lambda verdicts: "refuted" not in verdicts or "confirmed" in verdicts)


def proven(findings: Sequence[Said]) -> list[dict[str, Any]]:
    """The findings with only the requests for which a trial confirmed them."""
    return _where(findings, lambda verdicts: "confirmed" in verdicts)


def _where(findings: Sequence[Said], holds: Callable[[set[str]], bool]) -> list[dict[str, Any]]:
    left = []
    for said in findings:
        requests = [name for name in said["requests"] if holds(_verdicts([said], name))]
        if requests:
            left.append({**said, "requests": requests})
    return left


def _verdicts(findings: Sequence[Said], request: str) -> set[str]:
    return {trial["verdict"] for said in findings for trial in said.get("trials", ()) if trial["request"] == request}


def of_request(findings: Sequence[Said], request: str) -> list[Said]:
    """Findings that name the request."""
    return [said for said in findings if request in said["requests"]]


def fits(label: Label, said: Said) -> bool:
    """Whether a finding says what the label does, at one of its places; a finding of no place is at all of them."""
    if said["file"] is None:
        return said["kind"] in _kinds(label)
    places = [(label["file"], label["function"]), *((one["file"], one["function"]) for one in label.get("also_at", ()))]
    at = (said["file"], _last(said["function"]))
    return said["kind"] in _kinds(label) and at in [(file, _last(function)) for file, function in places]


def _kinds(label: Label) -> tuple[str, ...]:
    return (label["kind"], *label.get("accept", ()))


def _last(function: str) -> str:
    return function.rpartition(".")[2]


def _true(labels: Sequence[Label], request: str) -> list[Label]:
    return [label for label in labels if label["request"] == request and label.get("kind")]


def _alarm(near: Label, labels: Sequence[Label], findings: Sequence[Said]) -> list[dict[str, Any]]:
    """At most one: a near miss is one chance to be wrong."""
    right = _true(labels, near["request"])
    there = [said for said in of_request(findings, near["request"]) if said["kind"] == near["near"]]
    wrong = [said for said in there if not any(fits(label, said) for label in right)]
    if not wrong:
        return []
    verdicts = sorted(_verdicts(wrong, near["request"]))
    return [{**_named(near, near["near"]), "said_at": [_place(said) for said in wrong], "verdicts": verdicts}]


def _unlabelled(labels: Sequence[Label], findings: Sequence[Said]) -> list[dict[str, Any]]:
    """Findings, once for each of their requests, of a kind that no label of the request is about."""
    about: dict[str, set[str]] = {}
    for label in labels:
        spoken = about.setdefault(label["request"], set())
        spoken.update(_kinds(label) if label.get("kind") else [label["near"]] if label.get("near") else [])
    return [
        {"request": request, "kind": said["kind"], "said_at": [_place(said)]}
        for said in findings
        for request in said["requests"]
        if said["kind"] not in UNJUDGED and request in about and said["kind"] not in about[request]
    ]


def _asides(found: Sequence[tuple[Label, Said]]) -> dict[str, int]:
    causes = [_cause_right(label, said) for label, said in found if label.get("cause")]
    lines = [said for label, said in found if "lines" in label and said["file"] == label["file"]]
    first_last = [label["lines"] for label, said in found if "lines" in label and said["file"] == label["file"]]
    right = sum(first <= said["line"] <= last for said, (first, last) in zip(lines, first_last, strict=True))
    return {
        "causes_right": sum(causes),
        "causes_given": len(causes),
        "lines_right": right,
        "lines_given": len(lines),
    }


def _cause_right(label: Label, said: Said) -> bool:
    named = said.get("cause") or said
    wanted = [label["cause"], *label.get("cause_also", ())]
    return (named["file"], _last(named["function"])) in [(one["file"], _last(one["function"])) for one in wanted]


def _row(
    kind: str, planted: Sequence[Label], found: Sequence[tuple[Label, Said]], alarms: Sequence[Mapping[str, Any]]
) -> dict[str, int]:
    return {
        "planted": sum(label["kind"] == kind for label in planted),
        "found": sum(label["kind"] == kind for label, _ in found),
        "false_alarms": sum(alarm["kind"] == kind for alarm in alarms),
    }


def _totals(planted: int, found: int, alarms: int, unlabelled: int) -> dict[str, Any]:
    return {
        "planted": planted,
        "found": found,
        "false_alarms": alarms,
        "unlabelled_findings": unlabelled,
        "recall": share(found, planted),
        "precision": share(found, found + alarms),
        "precision_strict": share(found, found + alarms + unlabelled),
    }


def share(part: int, whole: int) -> float | None:
    """To three places; None where there is nothing to share."""
    return round(part / whole, 3) if whole else None


def _named(label: Label, kind: str) -> dict[str, Any]:
    return {"request": label["request"], "kind": kind, "why": label.get("why", "")}


def _wanted(label: Label) -> str:
    return f"{label['file']} {label['function']}"


def _place(said: Said) -> str:
    return f"{said['file']}:{said['line']} {said['function']}"


def kinds_of(findings: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """How many of each kind, the most frequent first."""
    return dict(Counter(said["kind"] for said in findings).most_common())
