"""Steps of one application, each kept in a file: for each request an audit, then its patches."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.prediction import predicted, real
from benchmarks.prediction.applications import Application, only
from benchmarks.prediction.cases import Case, Catalogue

FOLDER = Path("steps")
ONE = "one.http"
"""Requests of one audit, beside the file with all of them."""


def step_file(folder: Path, name: str) -> Path:
    """Where the outcome of a step of an application is kept."""
    return folder / FOLDER / f"{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')}.json"


def kept(folder: Path, name: str) -> dict[str, Any] | None:
    """The outcome of a step; None where it was not done."""
    file = step_file(folder, name)
    return dict(json.loads(file.read_text())) if file.exists() else None


def groups(app: Application, wanted: Catalogue) -> list[tuple[str, ...]]:
    """The requests of an application as they are audited and timed together."""
    about = wanted.of(app.name).about
    return [tuple(about[first : first + app.at_once]) for first in range(0, len(about), app.at_once)]


def audit_of(requests: Sequence[str]) -> str:
    """The name of the audit of some requests among the steps."""
    return f"audit of {', '.join(requests)}"


def patches_of(requests: Sequence[str]) -> str:
    """The name of the step that measures all patches of some requests."""
    return f"patches of {', '.join(requests)}"


def together(request: str) -> str:
    """The name of a request's set among the patches."""
    return f"{request}, all at once"


@dataclass
class Steps:
    """`budget`: seconds for the trials of one request; `end`: on the monotonic clock, after which no step is begun."""

    app: Application
    wanted: Catalogue
    folder: Path
    budget: int
    starts: int
    end: float

    def run(self) -> bool:
        """Do what was not done before; False where time was up."""
        if all(step_file(self.folder, name).exists() for name in self._names()):
            return True
        with self.app.standing(self.folder, self.wanted.requests) as base:
            return all(self._group(requests, base) for requests in groups(self.app, self.wanted))

    def _names(self) -> list[str]:
        return [step(requests) for requests in groups(self.app, self.wanted) for step in (audit_of, patches_of)]

    def _group(self, requests: Sequence[str], base: Path) -> bool:
        """Some requests: the prediction and the real gains at nearly the same time."""
        beside = [name for case in self.wanted.on(requests).cases for name in case.beside]
        (base / ONE).write_text(only((base / "requests.http").read_text(), [*requests, *beside]))
        return self._step(audit_of(requests), lambda: self._audited(requests, base)) and self._step(
            patches_of(requests), lambda: self._patched(requests, base)
        )

    def _step(self, name: str, work: Callable[[], dict[str, Any]]) -> bool:
        """Do a step unless it was done; False where there is no time to begin it."""
        file = step_file(self.folder, name)
        if file.exists():
            return True
        if time.monotonic() > self.end:
            return False
        begin = time.monotonic()
        print(f"{self.app.name}: {name} …", file=sys.stderr, end=" ", flush=True)
        done = work()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(done, indent=1))
        print(f"{time.monotonic() - begin:.0f} s", file=sys.stderr, flush=True)
        return True

    def _audited(self, requests: Sequence[str], base: Path) -> dict[str, Any]:
        """The audit, with the patches that our fixers make for its cases."""
        mine = self.wanted.on(requests)
        seen = predicted.audit(base, ONE, self.budget * len(requests))
        return seen | {"fixed": {case.patch: _fixed(case, seen, base) for case in mine.cases if case.by == "fixer"}}

    def _patched(self, requests: Sequence[str], base: Path) -> dict[str, Any]:
        """The real gains of all patches of some requests, and of those of their sets together, by name."""
        mine = self.wanted.on(requests)
        seen = kept(self.folder, audit_of(requests)) or {}
        changes, written = list[real.Change](), dict[str, str]()
        for case in mine.cases:
            fixed = seen["fixed"].get(case.patch)
            written[case.patch] = "hand" if case.by == "fixer" and not fixed else case.by
            change = _change(case.patch, case.request, [case])
            changes.append(replace(change, patches=[fixed]) if fixed else change)
        for one in mine.sets:
            _, cases = predicted.set_of(one.request, mine.cases, seen)
            if cases:
                changes.append(_change(together(one.request), one.request, cases))
        load = os.getloadavg()[0]
        found = real.real(base, changes, ONE, self.starts)
        more = {name: {"load": round(load, 1), "patch_by": written.get(name)} for name in found}
        return {name: one | more[name] for name, one in found.items()}


def _change(name: str, request: str, cases: Sequence[Case]) -> real.Change:
    texts = {case: case.file.read_text() for case in cases}
    return real.Change(
        name=name,
        request=request,
        patches=[text for case, text in texts.items() if case.by != "sql"],
        sql=[text.strip().rstrip(";") for case, text in texts.items() if case.by == "sql"],
    )


def _fixed(case: Case, seen: dict[str, Any], base: Path) -> str:
    """The patch of our fixer for the case's finding; empty where there is none."""
    found = predicted.finding_of(case, seen)
    if found is None:
        return ""
    command = [str(predicted.SUBSECOND), "fix", found["id"]]
    done = subprocess.run(command, cwd=base, capture_output=True, check=False, text=True)
    return done.stdout if done.returncode == 0 else ""
