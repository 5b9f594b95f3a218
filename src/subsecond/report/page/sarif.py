"""Findings as SARIF 2.1.0, for code scanning: https://docs.oasis-open.org/sarif/sarif/v2.1.0/."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from subsecond.model.report import Place, Report
from subsecond.model.report_findings import Finding
from subsecond.report.page.units import shown_ms

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"confirmed": "warning", "refuted": "none"}
"""All others are notes: nothing has proven them yet."""


def sarif(report: Report, version: str) -> dict[str, Any]:
    """The log of one run; `version` of the tool."""
    kinds = sorted({one.kind for one in report.findings})
    rules = [
        {
            "id": kind,
            "shortDescription": {"text": kind.replace("-", " ")},
            "help": {"text": f"subsecond explain {kind}"},
        }
        for kind in kinds
    ]
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "subsecond", "version": version, "rules": rules}},
                "columnKind": "unicodeCodePoints",
                "results": [_result(report, one, kinds.index(one.kind)) for one in report.findings],
            }
        ],
    }


def _result(report: Report, one: Finding, rule: int) -> dict[str, Any]:
    made: dict[str, Any] = {
        "ruleId": one.kind,
        "ruleIndex": rule,
        "level": _LEVELS.get(one.verdict or "", "note"),
        "kind": "pass" if one.verdict == "refuted" else "fail",
        "message": {"text": _message(one)},
        "locations": [_location(report.places[one.place])],
        "partialFingerprints": {"subsecond/v1": one.key},
    }
    if one.cause is not None:
        made["relatedLocations"] = [{**_location(report.places[one.cause]), "message": {"text": "the cause"}}]
    return made


def _message(one: Finding) -> str:
    parts = [f"{one.title} (in {', '.join(one.requests)})"]
    if one.verdict == "confirmed" and one.gain is not None:
        parts.append(f"An experiment confirmed it: {shown_ms(one.gain.median)} less.")
    elif one.verdict is not None:
        parts.append(f"Experiment: {one.verdict}.")
    return " ".join(parts)


def _location(place: Place) -> dict[str, Any]:
    # a file of an installed package has no place in the repository that is scanned, but its name still tells
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(place.file.lstrip("/"))},
            "region": {"startLine": max(1, place.line)},
        },
        "logicalLocations": [{"name": place.function}] if place.function else [],
    }
