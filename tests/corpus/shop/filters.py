"""What templates can call."""

from flask import Flask
from sqlalchemy import func, select

from shop import db
from shop.models import OrderLine, Review
from shop.services.settings import theme


def stars(book_id: int) -> str:
    """The mean of a book's stars as text."""
    mean = db.get_session().scalar(select(func.avg(Review.stars)).where(Review.book_id == book_id))
    return "-" if mean is None else f"{mean:.1f}"


def copies_sold() -> int:
    """Copies sold since the shop opened."""
    return db.get_session().scalar(select(func.sum(OrderLine.quantity))) or 0


def register(app: Flask) -> None:
    """Make the functions known to the templates."""
    app.jinja_env.filters["stars"] = stars
    app.jinja_env.globals["copies_sold"] = copies_sold
    app.jinja_env.globals["theme"] = theme
