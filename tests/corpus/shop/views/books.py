"""Pages on books."""

from collections.abc import Iterator

from flask import Blueprint, Response, render_template, stream_with_context
from sqlalchemy import func, select
from sqlalchemy.orm import contains_eager, selectinload, undefer

from shop.db import get_session
from shop.models import Author, Book, OrderLine, Review, Stock
from shop.serialisers import Json, book_to_dict, dump
from shop.services.pricing import format_price, format_price_quickly
from shop.services.stock import best_shelf, copies_of, copies_of_many, in_chunks

pages = Blueprint("books", __name__, url_prefix="/books")


def first_books(count: int) -> list[Book]:
    """The books with the lowest numbers."""
    return list(get_session().scalars(select(Book).order_by(Book.id).limit(count)))


@pages.get("/stock")
def stock() -> list[Json]:
    """Books with copies."""
    found = []
    for book in first_books(25):
        found.append({"title": book.title, "copies": copies_of(get_session(), book.id)})
    return found


@pages.get("/stock-at-once")
def stock_at_once() -> list[Json]:
    """Books with copies, by two statements."""
    books = first_books(25)
    copies = copies_of_many(get_session(), [book.id for book in books])
    return [{"title": book.title, "copies": copies[book.id]} for book in books]


@pages.get("/stock-in-chunks")
def stock_in_chunks() -> Json:
    """Copies of all books, sixty books at a time."""
    session = get_session()
    copies: dict[int, int] = {}
    for chunk in in_chunks(session.scalars(select(Book.id).order_by(Book.id)).all(), 60):
        copies.update(copies_of_many(session, chunk))
    return {"copies": sum(copies.values())}


@pages.get("/stock-in-small-chunks")
def stock_in_small_chunks() -> Json:
    """Copies of all books, twenty books at a time."""
    session = get_session()
    copies: dict[int, int] = {}
    for chunk in in_chunks(session.scalars(select(Book.id).order_by(Book.id)).all(), 20):
        copies.update(copies_of_many(session, chunk))
    return {"copies": sum(copies.values())}


@pages.get("/in-stock")
def in_stock() -> Json:
    """The first book with copies: the search ends at the second."""
    session = get_session()
    for book_id in (999, 7, 8, 9):
        if copies := copies_of(session, book_id):
            return {"book": book_id, "copies": copies}
    return {"book": None, "copies": 0}


@pages.get("/opinions")
def opinions() -> list[Json]:
    """Books with the number of opinions."""
    session = get_session()
    return [book_to_dict(session, book) for book in first_books(20)]


@pages.get("/opinions-in-column")
def opinions_in_column() -> list[Json]:
    """Books with the number of opinions, which the database counts."""
    return [{"title": book.title, "opinions": book.review_count} for book in first_books(20)]


@pages.get("/best-shelves")
def best_shelves() -> list[int]:
    """Where each book lies."""
    session = get_session()
    return [best_shelf(session, book.id) for book in first_books(15)]


@pages.get("/blurbs")
def blurbs() -> list[str]:
    """What stands on the back of the books."""
    result = []
    for book in first_books(12):
        result.append(book.blurb)
    return result


@pages.get("/blurbs-loaded")
def blurbs_loaded() -> list[str]:
    """What stands on the back of the books, loaded with them."""
    books = get_session().scalars(select(Book).options(undefer(Book.blurb)).order_by(Book.id).limit(12))
    return [book.blurb for book in books]


@pages.get("/rated")
def rated() -> str:
    """A page with the stars of each book."""
    return render_template("rated.html", books=first_books(10))


@pages.get("/export.csv")
def export() -> Response:
    """All of the cheap books, streamed, with the copies sold."""

    def rows() -> Iterator[str]:
        session = get_session()
        cheap = select(Book.id, Book.title).where(Book.price_cents < 1200).order_by(Book.id)
        for number, title in session.execute(cheap).all():
            sold = session.scalar(select(func.sum(OrderLine.quantity)).where(OrderLine.book_id == number))
            yield f"{title},{sold or 0}\n"

    return Response(stream_with_context(rows()), mimetype="text/csv")


@pages.get("/export-joined.csv")
def export_joined() -> Response:
    """All books with the copies sold, streamed in portions of forty from one statement."""
    sold = func.coalesce(func.sum(OrderLine.quantity), 0)
    wanted = select(Book.title, sold).outerjoin(OrderLine, OrderLine.book_id == Book.id).group_by(Book.id)

    def rows() -> Iterator[str]:
        for title, copies in get_session().execute(wanted.execution_options(yield_per=40)):
            yield f"{title},{copies}\n"

    return Response(stream_with_context(rows()), mimetype="text/csv")


@pages.get("/writers")
def writers() -> list[str]:
    """Who wrote the books."""
    return [book.author.name for book in first_books(10)]


@pages.get("/writers-known")
def writers_known() -> list[str]:
    """Who wrote the books; the authors are in the session already."""
    session = get_session()
    authors = session.scalars(select(Author)).all()
    return [book.author.name for book in first_books(10)] + [str(len(authors))]


@pages.get("/by-house")
def by_house() -> list[str]:
    """Books sorted by publisher."""
    books = first_books(18)
    books.sort(key=lambda book: (book.publisher.name, book.id))
    return [book.title for book in books]


@pages.get("/tags")
def tags() -> list[Json]:
    """Books with their tags."""
    result = []
    for book in first_books(14):
        result.append({"title": book.title, "tags": list(book.tag_labels)})
    return result


@pages.get("/tags-loaded")
def tags_loaded() -> list[Json]:
    """Books with their tags, loaded together."""
    books = get_session().scalars(select(Book).options(selectinload(Book.tags)).order_by(Book.id).limit(14))
    return [{"title": book.title, "tags": list(book.tag_labels)} for book in books]


@pages.get("/stars")
def stars() -> list[Json]:
    """Books with the mean of their stars."""
    return [{"title": book.title, "stars": book.average_stars} for book in first_books(16)]


@pages.get("/fields")
def fields() -> list[Json]:
    """Books as the old interface gave them."""
    return [dump(book, "id title price tags") for book in first_books(11)]


@pages.get("/plain-fields")
def plain_fields() -> list[Json]:
    """Books with columns only: the numbers of author and publisher are columns."""
    return [dump(book, "id title price author_id publisher_id") for book in first_books(11)]


@pages.get("/praised")
def praised() -> list[Json]:
    """Books with the reviews that a join has brought along."""
    wanted = select(Book).join(Book.reviews).where(Review.stars >= 4).options(contains_eager(Book.reviews))
    books = get_session().scalars(wanted.order_by(Book.id)).unique().all()
    return [{"title": book.title, "reviews": len(book.reviews)} for book in books[:20]]


@pages.get("/prices")
def prices() -> list[str]:
    """Prices with the currency."""
    session = get_session()
    return [format_price(session, book.price_cents) for book in first_books(20)]


@pages.get("/prices-quickly")
def prices_quickly() -> list[str]:
    """Prices with the currency, which is read once."""
    session = get_session()
    return [format_price_quickly(session, book.price_cents) for book in first_books(20)]


@pages.get("/house-shelf")
def house_shelf() -> str:
    """A page that says twice how much was sold."""
    books = get_session().scalars(select(Book).options(selectinload(Book.author)).order_by(Book.id).limit(6)).all()
    return render_template("frame.html", books=books)


@pages.get("/house-shelf-once")
def house_shelf_once() -> str:
    """A page that says once how much was sold."""
    books = get_session().scalars(select(Book).options(selectinload(Book.author)).order_by(Book.id).limit(6)).all()
    return render_template("shelf.html", books=books)


@pages.get("/heaps")
def heaps() -> Json:
    """Books with many copies: the highest heap of each warehouse, one statement for all."""
    highest = select(Stock.warehouse_id, func.max(Stock.quantity)).group_by(Stock.warehouse_id)
    return {str(where): copies for where, copies in get_session().execute(highest)}
