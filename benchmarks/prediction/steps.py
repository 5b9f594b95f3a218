"""Steps of one application, each kept in a file: an audit for each request, then its patches one by one, then all."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.prediction import predicted, real
from benchmarks.prediction.applications import Application, only
from benchmarks.prediction.cases import Case, Catalogue, Together

FOLDER = Path("steps")
ONE = "one.http"
"""Requests of one audit, beside the file with all of them."""


def step_file(folder: Path, name: str) -> Path:
    """Where the outcome of a step of an application is kept."""
    return folder / FOLDER / f"{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')}.json"


def kept(folder: Path, name: str) -> dict[str, Any]:
    """The outcome of a step that was done. SystemExit where it was not."""
    file = step_file(folder, name)
    if not file.exists():
        raise SystemExit(f"step-missing: {folder.name}: {name} was not done; go on with --resume")
    return dict(json.loads(file.read_text()))


def audit_of(request: str) -> str:
    """The name of a request's audit among the steps."""
    return f"audit of {request}"


@dataclass
class Steps:
    """`budget`: for the trials of one request; `end`: on the monotonic clock, after which no step is begun."""

    app: Application
    wanted: Catalogue
    folder: Path
    budget: str
    starts: int
    end: float

    def run(self) -> bool:
        """Do what was not done before; False where time was up."""
        if all(step_file(self.folder, name).exists() for name in self._names()):
            return True
        with self.app.standing(self.folder, self.wanted.requests) as base:
            return all(self._request(request, base) for request in self.wanted.about)

    def _names(self) -> list[str]:
        audits = [audit_of(request) for request in self.wanted.about]
        return [*audits, *(case.name for case in self.wanted.cases), *(one.name for one in self.wanted.sets)]

    def _request(self, request: str, base: Path) -> bool:
        """One request: the prediction and the real gains at nearly the same time."""
        mine = self.wanted.on(request)
        steps: list[tuple[str, Callable[[], dict[str, Any]]]] = [
            (audit_of(request), lambda: self._audited(request, base))
        ]
        steps += [(case.name, lambda case=case: self._pair(case, base)) for case in mine.cases]  # type: ignore[misc]
        steps += [(one.name, lambda one=one: self._together(one, base)) for one in mine.sets]  # type: ignore[misc]
        return all(self._step(name, work) for name, work in steps)

    def _step(self, name: str, work: Callable[[], dict[str, Any]]) -> bool:
        """Do a step unless it was done; False where there is no time to begin it."""
        file = step_file(self.folder, name)
        if file.exists():
            return True
        if time.monotonic() > self.end:
            return False
        begin = time.monotonic()
        print(f"{self.app.name}: {name.removeprefix(f'{self.app.name}: ')} …", file=sys.stderr, end=" ", flush=True)
        done = work()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(done, indent=1))
        print(f"{time.monotonic() - begin:.0f} s{done.get('why', '')}", file=sys.stderr, flush=True)
        return True

    def _audited(self, request: str, base: Path) -> dict[str, Any]:
        """The audit, with the patches that our fixers make for its cases."""
        mine = self.wanted.on(request)
        beside = [name for case in mine.cases for name in case.beside]
        (base / ONE).write_text(only((base / "requests.http").read_text(), [request, *beside]))
        seen = predicted.audit(base, ONE, self.budget)
        return seen | {"fixed": {case.patch: _fixed(case, seen, base) for case in mine.cases if case.by == "fixer"}}

    def _pair(self, case: Case, base: Path) -> dict[str, Any]:
        fixed = kept(self.folder, audit_of(case.request))["fixed"].get(case.patch)
        text = fixed or (case.file.read_text() if case.by != "sql" else "")
        by = "hand" if case.by == "fixer" and not fixed else case.by
        return self._real(base, case.request, [text] if text else [], _sql([case])) | {"patch_by": by}

    def _together(self, one: Together, base: Path) -> dict[str, Any]:
        seen = kept(self.folder, audit_of(one.request))
        said, cases = predicted.set_of(one.request, self.wanted.cases, seen)
        if not cases:
            return said
        texts = [case.file.read_text() for case in cases if case.by != "sql"]
        return self._real(base, one.request, texts, _sql(cases))

    def _real(self, base: Path, request: str, texts: Sequence[str], sql: Sequence[str]) -> dict[str, Any]:
        load = os.getloadavg()[0]
        try:
            folder = real.patched(base, texts)
            return real.real(base, folder, request, sql=sql, starts=self.starts) | {"load": round(load, 1)}
        except real.NoPatchError as problem:
            return {"why": str(problem)}


def _sql(cases: Sequence[Case]) -> list[str]:
    return [case.file.read_text().strip().rstrip(";") for case in cases if case.by == "sql"]


def _fixed(case: Case, seen: dict[str, Any], base: Path) -> str:
    """The patch of our fixer for the case's finding; empty where there is none."""
    found = predicted.finding_of(case, seen)
    if found is None:
        return ""
    command = [str(predicted.SUBSECOND), "fix", found["id"]]
    done = subprocess.run(command, cwd=base, capture_output=True, check=False, text=True)
    return done.stdout if done.returncode == 0 else ""
