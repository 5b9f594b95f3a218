"""The pairs and sets of the benchmark as `cases.toml` lists them."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
FILE = HERE / "cases.toml"
PATCHES = HERE / "patches"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One pair: a finding whose trial predicts, and the patch that is really applied.

    `kind`, `mark` (a text in its title, its function, its `file:line` or its trial's parameters) and `request` name the
    finding.
    `by`: `hand` (`patches/APP/PATCH.patch`), `fixer` (what `subsecond fix` prints for the finding; by hand in a set and
    where it refuses), `sql` (`patches/APP/PATCH.sql`, run on the candidate's database: an index). `beside`: requests
    that the audit has to see as well.
    """

    app: str
    request: str
    patch: str
    kind: str
    mark: str
    by: str = "hand"
    beside: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.app}: {self.patch}"

    @property
    def file(self) -> Path:
        """The patch as it was written by hand."""
        return PATCHES / self.app / f"{self.patch}.{'sql' if self.by == 'sql' else 'patch'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """One set: all fixes that the audit confirmed for a request, at once, against all their patches."""

    app: str
    request: str

    @property
    def name(self) -> str:
        return f"{self.app}: {self.request}, all at once"


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All that is to be compared."""

    cases: tuple[Case, ...]
    sets: tuple[Together, ...]

    def of(self, app: str) -> Catalogue:
        """What is to be compared on one application."""
        return Catalogue(
            cases=tuple(case for case in self.cases if case.app == app),
            sets=tuple(one for one in self.sets if one.app == app),
        )

    @property
    def apps(self) -> list[str]:
        return list(dict.fromkeys(case.app for case in self.cases))

    def on(self, requests: Sequence[str]) -> Catalogue:
        """What is to be compared on some requests."""
        return Catalogue(
            cases=tuple(case for case in self.cases if case.request in requests),
            sets=tuple(one for one in self.sets if one.request in requests),
        )

    @property
    def about(self) -> list[str]:
        """Names of the requests that any pair is about."""
        return list(dict.fromkeys(case.request for case in self.cases))

    @property
    def requests(self) -> list[str]:
        """With those that an audit has to see as well."""
        return list(dict.fromkeys([*self.about, *(name for case in self.cases for name in case.beside)]))


def catalogue() -> Catalogue:
    """The file, read. Raises SystemExit where it names a patch that is not there."""
    told = tomllib.loads(FILE.read_text())
    cases = tuple(Case(**{**one, "beside": tuple(one.get("beside", ()))}) for one in told["case"])
    sets = tuple(Together(**one) for one in told["set"])
    for case in cases:
        if not case.file.is_file():
            raise SystemExit(f"cases.toml: {case.name}: there is no {case.file.relative_to(HERE)}")
    return Catalogue(cases=cases, sets=sets)
