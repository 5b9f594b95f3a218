"""A copy of an app with everything renamed gets the same patches."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from subsecond import store
from subsecond.fix.fixer import Code
from subsecond.fix.stage import fix
from subsecond.model.audit import QueryGroup
from subsecond.model.entity import Entity
from tests.fix import library
from tests.fix.trying import FILE, HEAD, audit, finding

NAMES = {
    "Book": "Gadget", "Author": "Maker", "Loan": "Rental", "Page": "Sheet", "Country": "Land", "session": "unit",
    "books": "gadgets", "authors": "makers", "loans": "rentals", "countries": "lands",
    "book": "gadget", "author": "maker", "author_id": "maker_ref", "book_id": "gadget_ref", "price": "cost",
    "answer": "reply", "found": "seen", "title": "label",
}  # fmt: skip
PARTS = {"book": "gadget", "books": "gadgets", "author": "maker", "loan": "rental"}
BODIES = {
    "n-plus-one-query": """
def answer(session):
    books = session.query(Book).all()
    found = []
    for book in books:
        found.append((book.title, session.get(Author, book.author_id)))  # here
    return found
""",
    "count": """
def answer(session):
    books = session.query(Book).all()
    return [session.query(Loan).filter_by(book_id=book.id).count() for book in books]  # here
""",
    "rows": """
def answer(session):
    books = session.query(Book).all()
    return [session.query(Loan).filter_by(book_id=book.id).order_by(Loan.id).all() for book in books]  # here
""",
    "lazy-load": """
def answer(session):
    books = session.query(Book).all()
    return [book.author for book in books]  # here
""",
    "reordered-query": """
def answer(session):
    books = session.query(Book).order_by(Book.id).all()
    found = session.query(Book).order_by(Book.price, Book.id).all()  # here
    return books, found
""",
    "excessive-logging": """
def answer(session):
    found = []
    for book in session:
        found.append(book.title)
        session.log.info("seen %s", book.price)  # here
    return found
""",
}


def renamed(text: str) -> str:
    """Every name replaced; in names that are made of several, each part."""
    whole = re.sub(r"\b[A-Za-z]\w*\b", lambda found: NAMES.get(found.group(), found.group()), text)
    whole = whole.replace("rows_by_book_id", "rows_by_gadget_ref")
    return re.sub(r"\b(books?|author|loan)(?=_(?!id\b))|(?<=found_)(book|author|loan)\b",
                  lambda found: PARTS[found.group()], whole)  # fmt: skip


@pytest.mark.parametrize("kind", BODIES)
def test_the_same_patch(kind: str, tmp_path: Path) -> None:
    entities = library.TOLD
    other = re.sub(r"\w+", lambda found: NAMES.get(found.group(), found.group()), entities)
    patches = []
    for change, known in ((str, entities), (renamed, other)):
        text = change(HEAD + BODIES[kind].strip("\n") + "\n")
        (tmp_path / FILE).write_text(text)
        relation = change("Book.author") if kind == "lazy-load" else None
        group = QueryGroup(
            fingerprint=change("select x from books"), count=9, rows=9, seconds=0.1, file=FILE, line=8,
            function=change("answer"), chain=(f"{FILE}:8 {change('answer')}",), lazy_load=None,
        )  # fmt: skip
        lazy = QueryGroup(
            fingerprint=change("select x from authors"), count=9, rows=9, seconds=0.1, file=FILE, line=8,
            function=change("answer"), chain=(f"{FILE}:8 {change('answer')}",), lazy_load=relation,
        )  # fmt: skip
        found = finding(text, "n-plus-one-query" if kind in ("count", "rows") else kind, fingerprint=relation or "")
        models = store.from_json(known, tuple[Entity, ...], "test")
        fixed = fix(found, audit([group, *([lazy] if relation else [])]), Code(tmp_path, models, ()))
        assert fixed.patch, fixed.refusal
        patches.append(fixed.patch)
    assert renamed(patches[0]) == patches[1]
