"""The index that a migration builds is declared by the model too: what Alembic compares shows no difference."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import configure_mappers

from subsecond import store
from subsecond.fix.fixer import Code
from subsecond.fix.stage import Fixed, fix
from subsecond.model.database import System
from subsecond.model.entity import Entity
from subsecond.model.experiment import Experiment
from subsecond.model.finding import Finding
from subsecond.model.index import IndexKey, IndexSpec
from subsecond.sql.dialect import create_index_sql
from subsecond_agent import mapper
from tests.fix.test_add_index import ALEMBIC, FIRST, versions
from tests.fix.trying import audit
from tests.postgres import postgres

MODULE = "shop_models"
FILE = f"{MODULE}.py"
PLAIN = '''\
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    id: Mapped[int] = mapped_column(primary_key=True)


class Loan(Base):
    """What a reader has at home."""

    __tablename__ = "loans"

    book_id: Mapped[int]
    is_open: Mapped[bool]
    title: Mapped[str] = mapped_column("label", String(40))
    price: Mapped[int]
'''
FLASK = """\
from shop_extensions import db


class Loan(db.Model):
    # of a book
    id = db.Column(db.Integer, primary_key=True)
    book_id = db.Column(db.Integer)
    is_open = db.Column(db.Boolean)
"""
EXTENSIONS = """\
from types import SimpleNamespace
import sqlalchemy
from sqlalchemy.orm import DeclarativeBase, declared_attr

class Model(DeclarativeBase):
    @declared_attr.directive
    def __tablename__(cls):
        return cls.__name__.lower()

db = SimpleNamespace(**{name: one for name, one in vars(sqlalchemy).items() if name[0] != "_"}, Model=Model)
"""


def index(*keys: str | IndexKey, table: str = "loans", **more: Any) -> IndexSpec:
    whole = tuple(IndexKey(column=one) if isinstance(one, str) else one for one in keys)
    return IndexSpec(table=table, keys=whole, **more)


NAME = index("book_id").name()
CALL = f'Index("{NAME}", "book_id")'


@contextmanager
def imported(root: Path) -> Iterator[Any]:
    """A module of the project as the app imports it, forgotten afterwards."""
    before, wrote = set(sys.modules), sys.dont_write_bytecode
    sys.path.insert(0, str(root))
    sys.dont_write_bytecode = True  # another text of the same second and size would not be read
    importlib.invalidate_caches()
    try:
        yield importlib.import_module(MODULE)
    finally:
        sys.path.remove(str(root))
        sys.dont_write_bytecode = wrote
        for name in set(sys.modules) - before:
            if name.startswith("shop_"):
                del sys.modules[name]


def entities(root: Path) -> tuple[Entity, ...]:
    with imported(root) as module:
        configure_mappers()
        model = next(one for one in vars(module).values() if hasattr(one, "__mapper__"))
        told = [mapper.entity(one) for one in model.registry.mappers]
    return store.from_json(json.dumps(told), tuple[Entity, ...], "the mapper")


def drafted(root: Path, spec: IndexSpec, known: tuple[Entity, ...], system: System = "sqlite") -> Fixed:
    shown = (f"{create_index_sql(spec, 'postgresql', concurrently=True)};",) if system == "postgresql" else ()
    found = Finding(
        id="F1", key="k", kind="missing-index", phase=1, request="books", requests=("books",), title="an index",
        file="pages.py", line=7, function="answer", evidence=shown,
        experiments=(Experiment(fix="index", parameters=spec.parameters()),),
    )  # fmt: skip
    return fix(found, audit(), Code(root, known))


def written(root: Path, text: str) -> None:
    if not (root / "db").exists():
        versions(root, a=FIRST)
    (root / FILE).write_text(text)


def edited(
    root: Path, text: str, spec: IndexSpec, system: System = "sqlite", known: tuple[Entity, ...] | None = None
) -> str:
    """The model's file with the index; "" and the reason where the model is left alone."""
    written(root, text)
    fixed = drafted(root, spec, entities(root) if known is None else known, system)
    assert fixed.draft is not None, fixed.refusal
    assert sum(file.startswith("db/versions/") for file in fixed.draft.files) == 1
    after = fixed.draft.files.get(FILE)
    return after if after is not None else f"alone: {fixed.draft.summary}"


def declared(root: Path, text: str) -> dict[str, list[str]]:
    """The indexes of the class Loan by name, with their columns, as SQLAlchemy has them."""
    (root / FILE).write_text(text)
    with imported(root) as module:
        return {one.name: [column.name for column in one.columns] for one in module.Loan.__table__.indexes}


def test_a_declarative_class_with_columns_by_their_names(tmp_path: Path) -> None:
    spec = index("label", IndexKey(column="is_open", descending=True))
    after = edited(tmp_path, PLAIN, spec)
    assert after.startswith("from sqlalchemy import Index, column, ForeignKey, String\n"), after
    assert after.split("\n\n\n", 1)[1] == PLAIN.split("\n\n\n", 1)[1].replace(
        '__tablename__ = "loans"\n',
        f"""__tablename__ = "loans"
    __table_args__ = (
        Index("{spec.name()}", "label", column("is_open").desc()),
    )
""",
    )
    assert declared(tmp_path, after) == {spec.name(): ["label", "is_open"]}


def test_flask_sqlalchemy_without_a_name_of_the_table(tmp_path: Path) -> None:
    (tmp_path / "shop_extensions.py").write_text(EXTENSIONS)
    spec = index("book_id", table="loan", where="is_open")
    after = edited(tmp_path, FLASK, spec)
    assert after == FLASK.replace(
        "    # of a book\n",
        f"""    __table_args__ = (
        db.Index(
            "{spec.name()}",
            "book_id",
            sqlite_where=db.text("is_open"),
        ),
    )
    # of a book
""",
    )
    assert declared(tmp_path, after) == {spec.name(): ["book_id"]}


@pytest.mark.parametrize(
    ("head", "call"),
    [
        ("import sqlalchemy as sa\nimport sqlalchemy.orm as so\nfrom sqlalchemy.orm import *\n", "sa.Index("),
        ("from sqlalchemy import Index as Key\nfrom sqlalchemy.orm import *\n", "Key("),
        ("from sqlalchemy.orm import *\nIndex = dict\n", "alone: "),
    ],
)
def test_the_name_that_the_file_has_for_it(tmp_path: Path, head: str, call: str) -> None:
    column = "so.mapped_column" if "as so" in head else "mapped_column"
    text = f"""{head}class Base(DeclarativeBase): pass
class Loan(Base):
    'A loan.'
    __tablename__ = 'loans'
    id = {column}(__import__('sqlalchemy').Integer, primary_key=True)
"""
    after = edited(tmp_path, text, index("id"))
    if call == "alone: ":
        assert "uses the name Index for something else" in after
        return
    assert f'{call}"{index("id").name()}", "id")' in after
    assert after.startswith(head) and declared(tmp_path, after)


HEAD = """\
from sqlalchemy import Column, Integer, Index, UniqueConstraint
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Loan(Base):
    id = Column(Integer, primary_key=True)
    book_id = Column(Integer)
    __tablename__ = "loans"
"""


@pytest.mark.parametrize(
    ("value", "after"),
    [
        (
            '(UniqueConstraint("id"), {"sqlite_autoincrement": True})',
            f'(UniqueConstraint("id"), {CALL}, {{"sqlite_autoincrement": True}})',
        ),
        ('(UniqueConstraint("id"),)', f'(UniqueConstraint("id"), {CALL})'),
        ('UniqueConstraint("id"),', f'UniqueConstraint("id"), {CALL}'),
        ("()", f"({CALL},)"),
        ('{"comment": "old"}', f'({CALL}, {{"comment": "old"}})'),
        ('({"comment": "old"},)', f'({CALL}, {{"comment": "old"}},)'),
        (
            """(
        UniqueConstraint("id"),  # one
        {"comment": "old"},  # two
    )""",
            f"""(
        UniqueConstraint("id"),  # one
        {CALL},
        {{"comment": "old"}},  # two
    )""",
        ),
        (
            """(
        # both
        UniqueConstraint("id"),
        UniqueConstraint("book_id")  # last
    )""",
            f"""(
        # both
        UniqueConstraint("id"),
        UniqueConstraint("book_id"),  # last
        {CALL},
    )""",
        ),
        (
            """(UniqueConstraint("id"),
                      UniqueConstraint("book_id"))""",
            f"""(UniqueConstraint("id"),
                      UniqueConstraint("book_id"),
                      {CALL})""",
        ),
    ],
)
def test_arguments_that_are_there_stay(tmp_path: Path, value: str, after: str) -> None:
    text = edited(tmp_path, f"{HEAD}    __table_args__ = {value}\n", index("book_id"))
    assert text == f"{HEAD}    __table_args__ = {after}\n"
    assert declared(tmp_path, text)[NAME] == ["book_id"]


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        (index(IndexKey(expression="DATE(starts_at)")), "a key is an expression"),
        (index("book_id", IndexKey(expression="lower(label)")), "a key is an expression"),
        (index(IndexKey(column="label", operators="COLLATE NOCASE")), "the key label COLLATE NOCASE is none"),
        (index("title"), "Loan maps no column title"),
        (index("book_id", include=("size",)), "Loan maps no column size"),
        (index("book_id", where="label = ':x'"), "text() would read label = ':x' otherwise"),
        (index("book_id", table="books"), "no mapped classes make the table books"),
    ],
)
def test_an_index_that_no_model_says_for_certain(tmp_path: Path, spec: IndexSpec, why: str) -> None:
    assert f"An index on {spec.text}, which no model declares: {why}" in edited(tmp_path, PLAIN, spec)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("    book_id = ", "    __table_args__ = tuple([])\n    book_id = ", "no plain tuple or dictionary"),
        ("    book_id = ", "    __table_args__ = (*(),)\n    book_id = ", "not seen where the options stand"),
        ("    book_id = ", "    __table_args__ = (dict(),)\n    book_id = ", "not seen where the options stand"),
        (
            "    book_id = ",
            "    @declared_attr.directive\n    def __table_args__(cls): return ()\n    book_id = ",
            "no plain tuple or dictionary",
        ),
        ("()\n", '()\nBase.__table_args__ = {"comment": "all"}\n', f"{FILE}:5: __table_args__ that the model may"),
        ("book_id = Column(Integer", 'book_id = Column(Integer, key="book"', f"{FILE}:9: a column with a key"),
        ("\n\nclass Loan(Base)", "\n\nif True:\n  class Loan(Base)", "no classes in the project's source are"),
        ("    book_id = ", f"    # not {NAME}\n    book_id = ", f"{FILE} names {NAME} already"),
    ],
)
def test_a_class_that_is_left_alone(tmp_path: Path, old: str, new: str, why: str) -> None:
    before = HEAD.replace("import declarative_base", "import declarative_base, declared_attr")
    text = before.replace(old, new)
    assert text != before
    after = edited(tmp_path, text, index("book_id"))
    assert after.startswith("alone: ") and why in after, after


def test_a_class_that_is_not_the_one_that_was_recorded(tmp_path: Path) -> None:
    written(tmp_path, PLAIN)
    known = entities(tmp_path)
    for old, new, why in (
        ('"loans"', '"rentals"', "Loan has another table now, rentals"),
        ('__tablename__ = "loans"', "__table__ = made()", "Loan has a table made elsewhere"),
        ("class Loan", "class Rental", "no classes in the project's source"),
    ):
        assert why in edited(tmp_path, PLAIN.replace(old, new), index("book_id"), known=known)
    assert "no mapped classes make the table loans" in edited(tmp_path, PLAIN, index("book_id"), known=())
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / FILE).write_text(PLAIN)
    assert "2 classes in the project's source are" in edited(tmp_path, PLAIN, index("book_id"), known=known)


def test_of_classes_with_one_table_the_one_that_makes_it(tmp_path: Path) -> None:
    text = PLAIN + '\n\nclass Old(Loan):\n    __mapper_args__ = {"polymorphic_identity": "old"}\n'
    after = edited(tmp_path, text, index("price"))
    assert after.index("__table_args__") < after.index("class Old")


def test_none_without_migrations(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(PLAIN)
    fixed = drafted(tmp_path, index("book_id"), entities(tmp_path))
    assert fixed.draft is not None and list(fixed.draft.files) == [f"indexes/{index('book_id').name()}.sql"]


def test_a_copy_with_everything_renamed_gets_the_same(tmp_path: Path) -> None:
    names = {"Loan": "Rental", "loans": "hire", "book_id": "gadget_ref", "is_open": "going", "title": "sign"}

    def renamed(text: str) -> str:
        return re.sub(r"\w+", lambda found: names.get(found.group(), found.group()), text)

    after = edited(tmp_path, PLAIN, index("book_id", "is_open"))
    spec = index("gadget_ref", "going", table="hire")
    other = edited(tmp_path, renamed(PLAIN), spec)
    assert renamed(after).replace(index("book_id", "is_open").name(), spec.name()) == other


COMPARE = f"""
import json, sys
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine
from {MODULE} import Base

if sys.argv[1] == "upgrade":
    command.upgrade(Config("alembic.ini"), "head")
engine = create_engine(sys.argv[2])
Base.metadata.create_all(engine)  # as an app does when it starts: not an index more on tables that are there
with engine.connect() as connection:
    found = compare_metadata(MigrationContext.configure(connection), Base.metadata)
print(json.dumps(sorted([what, thing.name] for what, thing in found if what != "remove_table")))
"""
ENV = """\
from alembic import context
from sqlalchemy import create_engine
with create_engine({url!r}).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
OF_POSTGRESQL = (
    index("price", include=("label",)),
    index(IndexKey(column="label", operators="text_pattern_ops"), "price"),
    index("price", method="brin"),
)


@pytest.mark.parametrize("system", ["sqlite", "postgresql"])
def test_alembic_finds_no_index_to_drop(tmp_path: Path, system: System) -> None:
    if not ALEMBIC.exists():
        pytest.skip("the example's environment, which has Alembic, is not installed")
    where = "is_open" if system == "postgresql" else "is_open = 1 AND label <> 'a:b'"
    specs = [
        index("book_id", IndexKey(column="is_open", descending=True)),
        index("label", where=where),
        *(OF_POSTGRESQL if system == "postgresql" else [index("price", include=("label",))]),
    ]
    with postgres(tmp_path, "declared") if system == "postgresql" else nullcontext() as port:
        url = "sqlite:///app.db" if port is None else f"postgresql+psycopg://owner@127.0.0.1:{port}/postgres"

        def compared(how: str) -> list[list[str]]:
            run = [str(ALEMBIC), "-c", COMPARE, how, url]
            done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr[-2000:]
            return [list(one) for one in json.loads(done.stdout.splitlines()[-1])]

        written(tmp_path, PLAIN)
        (tmp_path / "db" / "versions" / "a.py").write_text(f"{FIRST}\n\ndef upgrade():\n    pass\n")
        (tmp_path / "db" / "env.py").write_text(ENV.format(url=url))
        (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s/db\npath_separator = os\n")
        known = entities(tmp_path)
        assert compared("create") == []
        for spec in specs:
            fixed = drafted(tmp_path, spec, known, system)
            assert fixed.draft is not None and FILE in fixed.draft.files, fixed
            for file, text in fixed.draft.files.items():
                assert text is not None
                (tmp_path / file).write_text(text)
            assert compared("upgrade") == []
        (tmp_path / FILE).write_text(PLAIN)
        assert compared("none") == sorted(["remove_index", spec.name()] for spec in specs)
