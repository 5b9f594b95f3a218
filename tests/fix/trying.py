"""Draft a fix for a function written in a test, run the function before and after on equal data."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from subsecond.fix.fixer import Code
from subsecond.fix.stage import Fixed, fix
from subsecond.model.audit import Audit, QueryGroup, RequestResult
from subsecond.model.entity import Entity
from subsecond.model.finding import Finding
from tests.fix import library

HEAD = """\
from sqlalchemy import func, select
from tests.fix.library import Author, Book, Country, Loan, Page


"""
FILE = "pages.py"


def finding(text: str, kind: str, **fields: Any) -> Finding:
    """A finding at the line marked `# here`, in the function that it stands in."""
    lines = text.splitlines()
    at = next(number for number, line in enumerate(lines, 1) if "# here" in line)
    function = next(line for line in reversed(lines[:at]) if line.lstrip().startswith("def "))
    given = {"file": FILE, "line": at, "function": function.split("def ")[1].partition("(")[0], **fields}
    return Finding(
        id="F1", key="k", kind=kind, phase=2, request="books", requests=("books",), title="many", **given
    )  # fmt: skip


def audit(groups: Iterable[QueryGroup] = ()) -> Audit:
    """An audit of one request with these statements."""
    result = RequestResult(name="books", method="GET", url="/books", status=200, seconds=None, groups=tuple(groups))
    return Audit(requests=(result,))


def whole(body: str) -> str:
    """The file that a test's functions stand in."""
    return HEAD + textwrap.dedent(body).lstrip("\n")


def drafted(
    root: Path, body: str, kind: str = "n-plus-one-query", *, entities: tuple[Entity, ...] = library.ENTITIES,
    groups: Iterable[QueryGroup] = (), **fields: Any,
) -> Fixed:  # fmt: skip
    """What the fixers make of the functions in `body`."""
    text = whole(body)
    (root / FILE).write_text(text)
    return fix(finding(text, kind, **fields), audit(groups), Code(root, entities))


def outcome(text: str, *, books: int = 12) -> tuple[Any, list[str]]:
    """What `answer(session)` of a file returns, and the statements that it sent."""
    names: dict[str, Any] = {}
    exec(compile(text, FILE, "exec"), names)
    session, sent = library.session(books)
    with session:
        return names["answer"](session), sent


def equal_and_fewer(root: Path, fixed: Fixed, *, books: int = 12) -> tuple[int, int]:
    """Asserts that the draft gives the same answer with fewer statements -> statements before and after."""
    assert fixed.draft is not None, fixed.refusal
    after = fixed.draft.files[FILE]
    assert after is not None
    old, sent = outcome((root / FILE).read_text(), books=books)
    new, now = outcome(after, books=books)
    assert new == old
    assert old, "an empty answer proves nothing"
    assert len(now) < len(sent)
    return len(sent), len(now)
