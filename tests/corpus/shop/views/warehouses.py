"""Pages on warehouses."""

from flask import Blueprint, render_template
from sqlalchemy import func, select

from shop import db
from shop.models import Author, Stock, Warehouse
from shop.serialisers import Json
from shop.services.stock import low_stock

pages = Blueprint("warehouses", __name__, url_prefix="/warehouses")


@pages.get("/shelves")
def shelves() -> list[Json]:
    """Warehouses with shelves, which the mapping joins."""
    everything = db.get_session().scalars(select(Warehouse).order_by(Warehouse.id)).unique().all()
    return [{"name": warehouse.name, "shelves": [s.label for s in warehouse.shelves]} for warehouse in everything]


@pages.get("/low")
def low() -> list[Json]:
    """Books that run out: the list is fetched while it is worked through."""
    found = []
    for book in low_stock(5):
        held = db.get_session().execute(select(func.count()).where(Stock.book_id == book.id)).scalar_one()
        found.append({"title": book.title, "warehouses": held})
    return found


@pages.get("/themed")
def themed() -> str:
    """A page whose template opens a session of its own after the view has closed one."""
    with db.session_scope() as session:
        names = session.scalars(select(Author.name).order_by(Author.id)).all()
    return render_template("themed.html", names=names)


@pages.get("/themed-inside")
def themed_inside() -> str:
    """A page whose template opens a session of its own while the view's is still open."""
    names = db.get_session().scalars(select(Author.name).order_by(Author.id)).all()
    return render_template("themed.html", names=names)


@pages.get("/legacy")
def legacy() -> Json:
    """The thread-wide session of the old pages beside the session of the request."""
    authors = db.LegacySession.query(Author).count()
    names = db.get_session().scalars(select(Warehouse.name).order_by(Warehouse.id)).all()
    return {"authors": authors, "warehouses": list(names)}
