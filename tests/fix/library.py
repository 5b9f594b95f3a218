"""The models that the fixers' tests run on, with data that rewrites get wrong: dangling, NULL, duplicate keys."""

from __future__ import annotations

import json

from sqlalchemy import ForeignKey, String, create_engine, event
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, configure_mappers, mapped_column, relationship
from sqlalchemy.pool import StaticPool

from subsecond import store
from subsecond.model.entity import Entity
from subsecond_agent import mapper


class Base(DeclarativeBase):
    id: Mapped[int] = mapped_column(primary_key=True)


class Country(Base):
    __tablename__ = "countries"
    name: Mapped[str]


class Author(Base):
    __tablename__ = "authors"
    name: Mapped[str]
    code: Mapped[str] = mapped_column(String, unique=True)
    number: Mapped[int] = mapped_column(unique=True)
    alias: Mapped[int | None] = mapped_column(unique=True)
    rank: Mapped[int]
    country_id: Mapped[int | None]
    country: Mapped[Country | None] = relationship(primaryjoin="foreign(Author.country_id) == Country.id")


class Loan(Base):
    __tablename__ = "loans"
    book_id: Mapped[int | None] = mapped_column(ForeignKey("books.id"))
    is_open: Mapped[bool]


class Page(Base):
    __tablename__ = "pages"
    book_id: Mapped[int] = mapped_column(ForeignKey("books.id"))
    number: Mapped[int]


class Book(Base):
    __tablename__ = "books"
    title: Mapped[str]
    author_id: Mapped[int | None]
    editor_id: Mapped[int]
    author_text: Mapped[str]
    shelf: Mapped[int | None]
    price: Mapped[int]
    author: Mapped[Author | None] = relationship(primaryjoin="foreign(Book.author_id) == Author.id")
    loans: Mapped[list[Loan]] = relationship(order_by="Loan.id")
    pages: Mapped[list[Page]] = relationship(order_by="Page.id")
    all_pages = relationship("Page", lazy="dynamic", viewonly=True)


configure_mappers()
TOLD = json.dumps([one for one in mapper.entities() if one["name"].startswith(f"{__name__}:")])
ENTITIES = store.from_json(TOLD, tuple[Entity, ...], "the mapper")


def session(books: int = 12) -> tuple[Session, list[str]]:
    """A new database in memory, and the statements sent to it from now on."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    Base.metadata.create_all(engine)
    with Session(engine) as filling:
        filling.add_all(Country(id=n, name=f"Country {n}") for n in (1, 2))
        filling.add_all(
            Author(id=n, name=f"Author {n}", code=f"A{n}", number=n, alias=n if n % 2 else None, rank=n % 3,
                   country_id=(None, 1, 2)[n % 3])
            for n in range(1, 5)
        )  # fmt: skip
        keys = (1, 2, None, 99, 3, 1)  # 99 is nobody, 1 comes twice
        filling.add_all(
            Book(id=n, title=f"Book {n}", author_id=keys[n % 6], editor_id=n % 4 + 1, author_text="1",
                 shelf=keys[n % 3], price=n % 5)
            for n in range(1, books + 1)
        )  # fmt: skip
        loans = ((1, True), (1, False), (2, True), (None, True), (5, False), (5, True), (5, True))
        filling.add_all(Loan(id=n, book_id=book, is_open=is_open) for n, (book, is_open) in enumerate(loans, 1))
        filling.add_all(Page(id=n, book_id=n % 4 + 1, number=n) for n in range(1, 9))
        filling.commit()
    sent: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *said: sent.append(said[2]))
    return Session(engine), sent
