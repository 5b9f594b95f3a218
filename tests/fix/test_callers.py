"""A statement in a helper that a loop elsewhere calls: fetched before that loop, handed to the helper."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from subsecond.fix.fixer import Code
from subsecond.fix.stage import Fixed, fix
from subsecond.model.audit import QueryGroup
from subsecond.model.entity import Entity
from tests.fix import library
from tests.fix.trying import FILE, audit, drafted, equal_and_fewer, finding, outcome, whole

BOOKS = "books = session.query(Book).order_by(Book.id).all()"


def handed(root: Path, body: str, *callers: str) -> Fixed:
    """What the fixers make of the line `# here`, recorded as called from the lines with these words."""
    lines = whole(body).splitlines()

    def place(mark: str) -> tuple[int, str]:
        at = next(number for number, line in enumerate(lines, 1) if mark in line)
        function = next(line for line in reversed(lines[:at]) if line.lstrip().startswith("def "))
        return at, function.split("def ")[1].partition("(")[0]

    line, function = place("# here")
    table = "loans" if "Loan." in body else "pages" if "Page." in body else "authors"
    fingerprint = f"select … from {table} where {table}.id = ?"
    groups = []
    for caller in callers or ("# from",):
        at, name = place(caller)
        chain = (f"{FILE}:{line} {function}", f"{FILE}:{at} {name}")
        one = QueryGroup(
            fingerprint=fingerprint, count=9, rows=9, seconds=0.1, file=FILE, line=line, function=function, chain=chain
        )
        groups.append(one)
    return drafted(root, body, groups=groups, fingerprint=fingerprint)


FOUND = {
    "a row of the list": (
        "def told(session, book):\n    author = session.get(Author, book.author_id)  # here\n"
        "    return book.title, author and author.name",
        "[told(session, book) for book in books]  # from",
    ),
    "its key": (
        "def name_of(session, key, else_said='nobody'):\n"
        "    author = session.query(Author).filter_by(id=key).first()  # here\n"
        "    return author.name if author else else_said",
        "[(book.id, name_of(session, book.author_id)) for book in books]  # from",
    ),
    "by keyword, and a condition that is handed over": (
        "def told(session, *, book, rank):\n    return getattr(session.scalars(\n"
        "        select(Author).where(Author.id == book.author_id, Author.rank > rank)  # here\n"
        "    ).first(), 'name', None)",
        "[told(session, rank=least, book=book) for book in books]  # from",
    ),
    "an expression of its own": (
        "def told(session, book) -> str:\n    return str(session.get(Author, book.author_id) is None)  # here",
        "[told(session, book) for book in books]  # from",
    ),
    "annotated": (
        "def told(\n    session: Session,\n    book: Book,\n) -> str | None:\n"
        "    author = session.get(Author, book.author_id)  # here\n    return author and author.name",
        "[told(session, book,) for book in books]  # from",
    ),
    "counted": (
        "def told(session, book):\n    return session.query(Loan).filter(Loan.book_id == book.id).count()  # here",
        "[told(session, book) for book in books]  # from",
    ),
    "counted with select": (
        "def told(session, book):\n"
        "    return session.scalar(select(func.count(Page.id)).where(Page.book_id == book.id))  # here",
        "[told(session, book) for book in books]  # from",
    ),
}


@pytest.mark.parametrize(("helper", "loop"), FOUND.values(), ids=FOUND.keys())
def test_rows_are_handed_to_the_helper(helper: str, loop: str, tmp_path: Path) -> None:
    body = f"""\
from sqlalchemy.orm import Session


{helper}


def answer(session):
    least = 0
    {BOOKS}
    found = {loop}
    return found
"""
    fixed = handed(tmp_path, body)
    before, after = equal_and_fewer(tmp_path, fixed)
    assert before >= 9 and after == 2


def test_the_helper_alone_does_what_it_did(tmp_path: Path) -> None:
    body = f"""
        def told(session, book):
            author = session.get(Author, book.editor_id)  # here
            return book.title, author.name

        def answer(session):
            {BOOKS}
            found = []
            for book in books:
                found.append(told(session, book))  # from
            return [*found, told(session, books[0])]
        """
    fixed = handed(tmp_path, body)
    equal_and_fewer(tmp_path, fixed)
    assert fixed.draft is not None
    assert fixed.draft.files[FILE] == whole(
        f"""
        def told(session, book, author_by_id=None):
            author = author_by_id.get(book.editor_id) if author_by_id is not None else session.get(Author, book.editor_id)  # here
            return book.title, author.name


        def fetch_author_by_id(keys, session):
            \"\"\"Author by id, of all keys at once.\"\"\"
            found = {{}}
            for start in range(0, len(keys), 1000):
                for found_author in session.scalars(select(Author).where(Author.id.in_(keys[start : start + 1000]))):
                    found[found_author.id] = found_author
            return found

        def answer(session):
            {BOOKS}
            found = []
            author_keys = list(dict.fromkeys(book.editor_id for book in books))
            author_by_id = fetch_author_by_id(author_keys, session)
            for book in books:
                found.append(told(session, book, author_by_id=author_by_id))  # from
            return [*found, told(session, books[0])]
        """  # noqa: E501
    )


REFUSED = {
    "two callers": (
        "def told(session, book):\n    return session.get(Author, book.author_id)  # here",
        "[told(session, book) for book in books]  # from\n    [told(session, book) for book in books]  # again",
        "at 2 places",
    ),
    "no loop there": (
        "def told(session, book):\n    return session.get(Author, book.author_id)  # here",
        "told(session, books[0])  # from",
        "in no loops",
    ),
    "another key each time": (
        "def told(session, book):\n    book = book.author\n    return session.get(Author, book.id)  # here",
        "[told(session, book) for book in books]  # from",
        "is not known where",
    ),
    "all sorts of arguments": (
        "def told(session, *books):\n    return session.get(Author, books[0].author_id)  # here",
        "[told(session, book) for book in books]  # from",
        "in other ways than it is written",
    ),
    "decorated": (
        "from functools import cache\n@cache\ndef told(session, book):\n"
        "    return session.get(Author, book.author_id)  # here",
        "[told(session, book) for book in books]  # from",
        "in other ways than it is written",
    ),
    "a session of its own": (
        "def told(session, book):\n    return session.get(Author, book.author_id)  # here",
        "[told(session.registry(), book) for book in books]  # from",
        "give it a name before the loop",
    ),
    "a session of the row's": (
        "def told(session, book):\n    return session.get(Author, book.author_id)  # here",
        "[told(book.own_session, book) for book in books]  # from",
        "another one each time round",
    ),
    "a session made in the helper": (
        "from sqlalchemy.orm import Session\ndef told(session, book):\n    with Session(session.bind) as own:\n"
        "        return own.get(Author, book.author_id)  # here",
        "[told(session, book) for book in books]  # from",
        "own is made in the function itself",
    ),
    "a session each time": (
        "def told(session, book):\n    return session.get(Author, book.author_id)  # here",
        "[]\n    for book in books:\n        own = session\n        told(own, book)  # from",
        "gets another value in the loop",
    ),
    "a write in the helper": (
        "def told(session, book):\n    author = session.get(Author, book.author_id)  # here\n    session.flush()",
        "[told(session, book) for book in books]  # from",
        "a write, or the end of a transaction",
    ),
    "a dictionary of arguments": (
        "def told(session, book):\n    return session.get(Author, book.author_id)  # here",
        "[told(**{'session': session, 'book': book}) for book in books]  # from",
        "which argument is which",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("helper", "loop", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused(helper: str, loop: str, why: str, tmp_path: Path) -> None:
    body = f"{helper}\n\n\ndef answer(session):\n    {BOOKS}\n    found = {loop}\n    return found\n"
    marks = ("# from", "# again") if "# again" in loop else ("# from",)
    fixed = handed(tmp_path, body, *marks)
    assert fixed.draft is None
    assert why in fixed.refusal


def test_a_method_of_another_class_is_left_to_a_person(tmp_path: Path) -> None:
    body = f"""
        class Pages:
            def told(self, session, book):
                return session.get(Author, book.author_id)  # here

        def answer(session):
            {BOOKS}
            return [Pages().told(session, book) for book in books]  # from
        """
    fixed = handed(tmp_path, body)
    assert fixed.draft is None
    assert "hides the statement" in fixed.refusal


MODEL = """
class Book(Base):
    def told(self, session, else_said="nobody"):
        author = session.get(Author, self.author_id)  # here
        return {"title": self.title, "author": author.name if author else else_said}
"""
SAME, OTHER = "", "from pages import Book"
METHODS = {
    "same file": (SAME, f"{BOOKS}\n    return [book.told(session) for book in books]  # from"),
    "another file": (OTHER, f"{BOOKS}\n    return [b.told(session, else_said='-') for b in books]  # from"),
    "its module": (
        "import pages",
        "found = []\n    for book in session.scalars(select(pages.Book).order_by(pages.Book.id)):\n"
        "        found.append(book.told(session))  # from\n    return found",
    ),
    "no name": (
        OTHER, 'return {"books": [book.told(session) for book in session.query(Book).order_by(Book.id)]}  # from'),
}  # fmt: skip


def method(
    root: Path, imported: str, body: str, model: str = MODEL, entities: tuple[Entity, ...] = library.ENTITIES
) -> tuple[Fixed, str, str]:
    """What the fixers make of a statement in a method of a mapped class, which the other text calls -> it and both."""
    models = f"from tests.fix.library import Author, Base\n\n{model}"
    view = f"from sqlalchemy import select\n{imported}\n\n\ndef answer(session):\n    {body}\n"
    file = "views.py" if imported else FILE
    if not imported:
        models, view = f"{models}\n\n{view}", ""
    (root / FILE).write_text(models)
    (root / "views.py").write_text(view)
    at = next(number for number, line in enumerate(models.splitlines(), 1) if "# here" in line)
    caller = next(number for number, line in enumerate((view or models).splitlines(), 1) if "# from" in line)
    fingerprint, name = "select … from authors where authors.id = ?", "Book.told"
    group = QueryGroup(
        fingerprint=fingerprint, count=9, rows=9, seconds=0.1, file=FILE, line=at, function=name,
        chain=(f"{FILE}:{at} {name}", f"{file}:{caller} answer"),
    )  # fmt: skip
    given = replace(finding(models, "n-plus-one-query", fingerprint=fingerprint), function=name)
    return fix(given, audit([group]), Code(root, entities)), models, view


@pytest.mark.parametrize(("imported", "body"), METHODS.values(), ids=METHODS.keys())
def test_a_method_of_a_mapped_class_is_handed_rows_too(
    imported: str, body: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fixed, models, view = method(tmp_path, imported, body)
    assert fixed.draft is not None, fixed.refusal
    files = fixed.draft.files

    def answered(models: str, view: str) -> tuple[Any, int]:
        made = ModuleType("pages")
        exec(models.replace("class Book(Base)", "class Book"), made.__dict__)
        monkeypatch.setattr(library.Book, "told", made.Book.told, raising=False)
        made.__dict__["Book"] = library.Book
        monkeypatch.setitem(sys.modules, "pages", made)
        if not view:
            session, sent = library.session()
            with session:
                return made.answer(session), len(sent)
        said, sent = outcome(view)
        return said, len(sent)

    before = answered(models, view)
    after = answered(files.get(FILE) or models, files.get("views.py") or view)
    assert before[0] == after[0] and before[0]
    assert before[1] >= 5 and after[1] == 2


def test_which_methods_are_left_to_a_person(tmp_path: Path) -> None:
    body = METHODS["another file"][1]
    book = next(one for one in library.ENTITIES if one.short == "Book")
    heir = replace(book, name="pages:Novel", parent=book.name)
    assert "nor a method" in method(tmp_path, OTHER, body, entities=(*library.ENTITIES, heir))[0].refusal
    stamped = MODEL.replace("        return", "        self.shelf = 3\n        return")
    assert "an attribute is assigned" in method(tmp_path, OTHER, body, stamped)[0].refusal
    elsewhere = "from shop.catalogue import Book"
    assert "does not import Book from pages.py" in method(tmp_path, elsewhere, body)[0].refusal
    of_another = f"{BOOKS}\n    return [book.author.told(session) for book in books]  # from"
    assert "calls it in no loops" in method(tmp_path, OTHER, of_another)[0].refusal


@pytest.mark.parametrize(
    ("imported", "as_called", "imports_now"),
    [
        ("from pages import told", "told", "from pages import told, fetch_author_by_id"),
        ("from pages import (\n    Book,\n    told as said,\n)", "said",
         "from pages import (\n    Book,\n    told as said,\n    fetch_author_by_id,\n)"),
        ("import pages", "pages.told", "import pages"),
    ],
)  # fmt: skip
def test_the_loop_may_stand_in_another_file(
    imported: str, as_called: str, imports_now: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper = whole(
        "def told(session, book):\n    return getattr(session.get(Author, book.author_id), 'name', 0)  # here\n"
    )
    view = (
        f"{imported}\nfrom tests.fix.library import Book\n\n\ndef answer(session):\n"
        f"    {BOOKS}\n    return [{as_called}(session, b) for b in books]\n"
    )
    (tmp_path / FILE).write_text(helper)
    (tmp_path / "views.py").write_text(view)
    at = helper.splitlines().index(next(one for one in helper.splitlines() if "# here" in one)) + 1
    fingerprint = "select … from authors where authors.id = ?"
    group = QueryGroup(
        fingerprint=fingerprint, count=9, rows=9, seconds=0.1, file=FILE, line=at, function="told",
        chain=(f"{FILE}:{at} told", "views.py:7 answer"),
    )  # fmt: skip
    given = finding(helper, "n-plus-one-query", fingerprint=fingerprint)
    fixed = fix(given, audit([group]), Code(tmp_path, library.ENTITIES))
    assert fixed.draft is not None, fixed.refusal
    files = fixed.draft.files
    assert imports_now in (files["views.py"] or "")

    def answered(helper: str, view: str) -> tuple[Any, int]:
        made = ModuleType("pages")
        exec(helper, made.__dict__)
        monkeypatch.setitem(sys.modules, "pages", made)
        return outcome(view)[0], len(outcome(view)[1])

    before, after = answered(helper, view), answered(files[FILE] or "", files["views.py"] or "")
    assert before[0] == after[0] and len(before[0]) == 12
    assert before[1] >= 5 and after[1] == 2
