"""Pages on authors, publishers and the tree of categories."""

from typing import Any

from flask import Blueprint
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from shop.db import get_session
from shop.models import Author, Book, Category, Coupon, Customer, Order, Publisher, Review
from shop.serialisers import Json, publisher_to_dict

pages = Blueprint("authors", __name__, url_prefix="/authors")


@pages.get("/newest")
def newest_books() -> list[Json]:
    """The newest book of each author."""
    session = get_session()
    found = []
    for author in session.scalars(select(Author).order_by(Author.id)).all():
        newest = session.scalars(select(Book).where(Book.author_id == author.id).order_by(Book.id.desc())).first()
        found.append({"author": author.name, "newest": newest.title if newest else None})
    return found


@pages.get("/newest-at-once")
def newest_books_at_once() -> list[Json]:
    """The newest book of each author, by two statements."""
    session = get_session()
    authors = session.scalars(select(Author).order_by(Author.id)).all()
    newest = select(func.max(Book.id)).where(Book.author_id.in_([author.id for author in authors]))
    books = session.scalars(select(Book).where(Book.id.in_(newest.group_by(Book.author_id).scalar_subquery()))).all()
    titles = {book.author_id: book.title for book in books}
    return [{"author": author.name, "newest": titles.get(author.id)} for author in authors]


@pages.get("/sold")
def sold() -> list[Json]:
    """Copies sold by each author."""
    authors = get_session().scalars(select(Author).order_by(Author.id)).all()
    return [{"author": author.name, "sold": author.copies_sold} for author in authors]


@pages.get("/sold-by-one")
def sold_by_one() -> list[Json]:
    """Copies sold by the authors of one name: there is one."""
    authors = get_session().scalars(select(Author).where(Author.name == "Author 3")).all()
    return [{"author": author.name, "sold": author.copies_sold} for author in authors]


@pages.get("/publishers")
def publishers() -> list[Json]:
    """Publishers with their mean price."""
    session = get_session()
    return [publisher_to_dict(session, publisher) for publisher in session.query(Publisher).order_by(Publisher.id)]


@pages.get("/regions")
def regions() -> list[Json]:
    """How many authors each region has; some authors have none."""
    session = get_session()
    names = session.scalars(select(Author.region).distinct().order_by(Author.region)).all()
    sizes = []
    for name in names:
        sizes.append(session.scalar(select(func.count(Author.id)).where(Author.region == name)))
    return [{"region": name, "authors": size} for name, size in zip(names, sizes, strict=True)]


@pages.get("/two-regions")
def two_regions() -> Json:
    """North against south."""
    session = get_session()
    sizes: Json = {}
    for name in ("north", "south"):
        sizes[name] = session.scalar(select(func.count(Author.id)).where(Author.region == name))
    return sizes


@pages.get("/three-states")
def three_states() -> Json:
    """Orders in each of the three states there are."""
    session = get_session()
    sizes: Json = {}
    for state in ("new", "paid", "sent"):
        sizes[state] = session.scalar(select(func.count(Order.id)).where(Order.status == state))
    return sizes


@pages.get("/totals")
def totals() -> Json:
    """How many rows each table has."""
    session = get_session()
    found: Json = {}
    for model in (Author, Book, Customer, Order, Review):
        found[model.__tablename__] = session.scalar(select(func.count()).select_from(model))
    return found


@pages.get("/tree")
def tree() -> list[Json]:
    """The categories, as a tree."""
    return branch(get_session(), None)


def branch(session: Session, parent_id: int | None) -> list[Json]:
    """All categories below one."""
    rows = session.scalars(select(Category).where(Category.parent_id == parent_id).order_by(Category.id)).all()
    return [{"name": row.name, "below": branch(session, row.id)} for row in rows]


@pages.get("/tree-at-once")
def tree_at_once() -> list[Json]:
    """The categories, as a tree, from one statement."""
    below: dict[int | None, list[Category]] = {}
    for row in get_session().scalars(select(Category).order_by(Category.id)):
        below.setdefault(row.parent_id, []).append(row)

    def grow(parent_id: int | None) -> list[Json]:
        return [{"name": row.name, "below": grow(row.id)} for row in below.get(parent_id, [])]

    return grow(None)


@pages.get("/titles")
def titles() -> list[Json]:
    """Each author with titles."""
    authors = get_session().query(Author).order_by(Author.id).all()
    result = []
    for author in authors:
        result.append({"author": author.name, "titles": [book.title for book in author.books]})
    return result


@pages.get("/titles-loaded")
def titles_loaded() -> list[Json]:
    """Each author with titles, loaded together."""
    authors = get_session().scalars(select(Author).options(selectinload(Author.books)).order_by(Author.id)).all()
    return [{"author": author.name, "titles": [book.title for book in author.books]} for author in authors]


@pages.get("/titles-joined")
def titles_joined() -> list[Json]:
    """Each author with titles, joined in the old style."""
    authors = get_session().query(Author).options(joinedload(Author.books)).order_by(Author.id).all()
    return [{"author": author.name, "titles": [book.title for book in author.books]} for author in authors]


@pages.get("/one/<int:number>")
def one_author(number: int) -> Json:
    """One author: the books of the one are read at once, the reviews of each book singly."""
    author = get_session().get_one(Author, number)
    books = author.books
    opinions = []
    for book in books:
        opinions.append(len(book.reviews))
    return {"author": author.name, "opinions": opinions}


@pages.get("/one/<int:number>/books")
def books_of_one(number: int) -> Json:
    """One author with books: a relationship that is read once."""
    author: Any = get_session().get_one(Author, number)
    return {"author": author.name, "titles": [book.title for book in author.books]}


@pages.get("/pair")
def pair() -> list[Json]:
    """The two authors of the month."""
    session = get_session()
    authors = session.scalars(select(Author).where(Author.id.in_([4, 7])).order_by(Author.id)).all()
    return [{"author": author.name, "books": len(author.books)} for author in authors]


@pages.get("/spring")
def spring() -> Json:
    """What belongs to one coupon and one order: two classes, a single reading each."""
    session = get_session()
    coupon = session.get_one(Coupon, 1)
    order = session.get_one(Order, 9)
    publisher = session.get_one(Publisher, 2)
    return {"coupon": coupon.code, "lines": len(order.lines), "books": len(publisher.books)}
