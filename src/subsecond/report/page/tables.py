"""The tables that the rest of a report points into: each place, word, statement and excerpt once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from subsecond.model.explained import Explained
from subsecond.model.report import Excerpt, Place, Statement
from subsecond.model.trace import Span, shown_file
from subsecond.report.page.highlight import code_html, sql_html
from subsecond.sql.fingerprint import operation, tables
from subsecond.sql.pretty import pretty
from subsecond_agent import protocol

AROUND = 6
"""Lines of source shown above and below the one it is about."""


class Tables:
    """Grows while the parts of a report are made."""

    def __init__(self, plans: Iterable[Explained]) -> None:
        self._places: dict[tuple[str, int, str], int] = {}
        self._words: dict[str, int] = {}
        self._statements: dict[str, int] = {}
        self._made: list[Statement] = []
        self._plans: Mapping[str, Explained] = {one.fingerprint: one for one in plans}
        self.excerpts: dict[str, Excerpt] = {}
        self._sources: dict[Path, list[str] | None] = {}

    @property
    def places(self) -> tuple[Place, ...]:
        return tuple(Place(file=file, line=line, function=name) for file, line, name in self._places)

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(self._words)

    @property
    def statements(self) -> tuple[Statement, ...]:
        return tuple(self._made)

    def place(self, file: str, line: int, function: str) -> int:
        """Index of a place; the file as a reader knows it."""
        return self._places.setdefault((shown_file(file), line, function), len(self._places))

    def word(self, text: str) -> int:
        """Index of a word."""
        return self._words.setdefault(text, len(self._words))

    def statement(self, span: Span) -> int:
        """Index of the statement that a span of a query sent."""
        found = str(span.attributes.get(protocol.FINGERPRINT, ""))
        return self.fingerprint(found, str(span.attributes.get(protocol.DB_SYSTEM, "")))

    def fingerprint(self, text: str, system: str) -> int:
        """Index of a statement by its fingerprint."""
        if text not in self._statements:
            flat, laid_out = pretty(text, system)
            plan = self._plans.get(text)
            self._statements[text] = len(self._made)
            self._made.append(
                Statement(
                    text=flat, sql_html=sql_html(laid_out), operation=operation(text), tables=tables(text),
                    plan=plan.nodes if plan else (), plan_note=plan.note if plan else "",
                )
            )  # fmt: skip
        return self._statements[text]

    def excerpt(self, root: Path, file: str, line: int) -> str | None:
        """Key of the source around a line, None where it is not to be had."""
        key = f"{shown_file(file)}:{line}"
        if key not in self.excerpts:
            lines = self._source(root / file)
            if lines is None or not 0 < line <= len(lines):
                return None
            first = max(1, line - AROUND)
            shown = lines[first - 1 : line + AROUND]
            self.excerpts[key] = Excerpt(
                file=shown_file(file), first=first, marked=line, code_html=code_html(shown, first, line, file)
            )
        return key

    def _source(self, path: Path) -> list[str] | None:
        if path not in self._sources:
            try:
                self._sources[path] = path.read_text(encoding="utf-8", errors="replace").split("\n")
            except (OSError, ValueError):
                self._sources[path] = None
        return self._sources[path]
