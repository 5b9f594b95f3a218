"""Products, their suppliers and what is said of them."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request
from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from market.models import Database, Product, Review, Supplier, rules

pages = Blueprint("products", __name__)


def of_page(session: Session, size: int = 50) -> list[Product]:
    """Products from the number that is asked for on."""
    first = request.args.get("first", 1, type=int)
    return list(session.query(Product).filter(Product.id >= first).order_by(Product.id).limit(size))


@pages.get("/products")
def listed() -> Response:
    with Database() as session:
        return jsonify([card(session, product) for product in of_page(session)])


def card(session: Session, product: Product) -> dict[str, object]:
    return {
        "id": product.id,
        "name": product.name,
        "supplier": product.supplier.name,
        "stars": [review.stars for review in product.reviews],
        "fee": fee(session) * product.cents // 100,
    }


def fee(session: Session) -> int:
    return rules(session)["rule.3"]


@pages.get("/products/rated")
def rated() -> Response:
    with Database() as session:
        return jsonify([[product.name, average(session, product.id)] for product in of_page(session, 80)])


def average(session: Session, number: int) -> float:
    return float(session.scalar(select(func.avg(Review.stars)).where(Review.product_id == number)) or 0)


@pages.get("/products/prices")
def prices() -> Response:
    """Reviews are loaded for all products, and nobody reads them."""
    with Database() as session:
        found = session.query(Product).options(selectinload(Product.reviews)).order_by(Product.id).limit(150)
        return jsonify([[product.name, product.cents, product.supplier.city] for product in found])


@pages.get("/products/names")
def names() -> Response:
    """By name, then by price: the same rows twice."""
    with Database() as session:
        query = session.query(Product).filter(Product.cents > 4000)
        by_name = query.order_by(Product.name, Product.id).all()
        ranks = {product.id: rank for rank, product in enumerate(query.order_by(Product.cents, Product.id).all())}
        return jsonify([[product.name, ranks[product.id]] for product in by_name])


@pages.get("/suppliers/<int:number>/products")
def of_supplier(number: int) -> Response:
    """What a supplier delivers, found without an index; the reviews of each."""
    with Database() as session:
        supplier = session.get_one(Supplier, number)
        answer = []
        for one in range(number, number + 6):
            found = session.scalars(select(Product).where(Product.supplier_id == one).order_by(Product.id)).all()
            answer += [[product.name, len(product.reviews)] for product in found]
        return jsonify({"supplier": supplier.name, "products": answer})
