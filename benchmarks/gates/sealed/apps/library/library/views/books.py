import unicodedata

from flask import jsonify, render_template, request
from flask.views import MethodView
from sqlalchemy.orm import joinedload, load_only, selectinload

from ..database import db
from ..models import Author, Book, Copy, Review
from ..serialisers import Everything, ReviewSchema
from .base import ListView, Paged, Windowed


class BookList(MethodView):
    options = ()

    def get(self):
        books = Book.query.options(*self.options).filter_by(subject_id=request.args.get("subject", 1, type=int))
        return render_template("books/list.html", books=books.order_by(Book.id).limit(60).all())


class NewBooks(BookList):
    options = (joinedload(Book.author), selectinload(Book.copies))


class Reviews(Paged, ListView):
    schema = ReviewSchema

    def query(self):
        return Review.query.filter_by(book_id=request.args.get("book", type=int)).order_by(Review.id)


class LatestReviews(Windowed, ListView):
    schema = ReviewSchema

    def query(self):
        return Review.query.filter_by(book_id=request.args.get("book", type=int)).order_by(
            Review.written_on.desc(), Review.id
        )


def titles_index():
    branch = request.args.get("at", 1, type=int)
    found = Book.query.filter_by(branch_id=branch).order_by(Book.title)
    return jsonify({book.id: book.title for book in found})


def copies_dump():
    found = Copy.query.filter_by(branch_id=request.args.get("at", 1, type=int)).order_by(Copy.id)
    return jsonify(Everything().dump(found))


def filing_title(book):
    words = unicodedata.normalize("NFKD", book.title).encode("ascii", "ignore").decode().casefold().split()
    return words[1:] if words[0] in {"the", "a", "my"} else words


def alphabet():
    found = Book.query.options(load_only(Book.title)).filter_by(branch_id=request.args.get("at", 1, type=int))
    return jsonify([{"id": book.id, "title": book.title} for book in sorted(found, key=filing_title)])


def well_formed(number):
    return sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(number)) % 10 == 0


def faulty_numbers():
    found = Book.query.options(load_only(Book.isbn, Book.title)).filter_by(
        branch_id=request.args.get("at", 1, type=int)
    )
    return jsonify([{"isbn": book.isbn, "title": book.title} for book in found if not well_formed(book.isbn)])


def titles(ids):
    return dict(db.query(Book.id, Book.title).filter(Book.id.in_(ids)).all())


def author(author_id):
    writer = Author.query.filter_by(id=author_id).one()
    books = Book.query.filter_by(author_id=author_id).order_by(Book.year, Book.id).all()
    names = titles([book.id for book in books])
    return jsonify(
        {
            "name": f"{writer.name}, {writer.country}",
            "books": [
                {
                    "title": names[book.id],
                    "year": book.year,
                    "isbn": book.isbn,
                    "at": book.call_number,
                    "of": book.summary,
                }
                for book in books
            ],
        }
    )


def numbers():
    branch = request.args.get("at", 1, type=int)
    return db.query(Book.title, Book.call_number).filter(Book.branch_id == branch).order_by(Book.id).all()


def labels():
    return render_template("books/labels.html", rows=numbers())


def shelf_list():
    return render_template("books/shelves.html", rows=numbers())


def register(app):
    app.add_url_rule("/books", view_func=BookList.as_view("books"))
    app.add_url_rule("/books/new", view_func=NewBooks.as_view("new_books"))
    app.add_url_rule("/reviews", view_func=Reviews.as_view("reviews"))
    app.add_url_rule("/reviews/latest", view_func=LatestReviews.as_view("latest_reviews"))
    app.add_url_rule("/books/titles", view_func=titles_index)
    app.add_url_rule("/copies", view_func=copies_dump)
    app.add_url_rule("/books/alphabet", view_func=alphabet)
    app.add_url_rule("/books/faulty", view_func=faulty_numbers)
    app.add_url_rule("/authors/<int:author_id>", view_func=author)
    app.add_url_rule("/books/labels", view_func=labels)
    app.add_url_rule("/books/shelves", view_func=shelf_list)
