"""Texts, what is written beside them, and helpers that helpers call."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from sqlalchemy import ForeignKey, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship, selectinload

from desk.models import Base, Booking, Database, Setting, engine, rooms

HOURS = (8, 12, 17)
pages = Blueprint("papers", __name__)


class Remark(Base):
    __tablename__ = "remarks"
    id: Mapped[int] = mapped_column(primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id"))
    text: Mapped[str]


class Paper(Base):
    __tablename__ = "papers"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    author: Mapped[str]
    year: Mapped[int]
    text: Mapped[str]
    remarks: Mapped[list[Remark]] = relationship(order_by=Remark.id)


def write() -> None:
    """Twelve papers of twenty thousand characters; nothing where they are there already."""
    Base.metadata.create_all(engine)
    with Database() as session:
        if session.get(Paper, 1) is None:
            session.add_all(
                Paper(id=n, title=f"paper {n}", author=f"author {n % 3}", year=2000 + n, text=f"word {n} " * 2_500)
                for n in range(1, 13)
            )
            session.add_all(Remark(id=n, paper_id=n % 12 + 1, text=f"remark {n}") for n in range(1, 41))
            session.commit()


@pages.get("/over-fetched-columns/long")
def titles() -> Response:
    with Database() as session:
        found = session.scalars(select(Paper).order_by(Paper.id)).all()
        return jsonify([[paper.id, paper.title, paper.author, paper.year] for paper in found])


@pages.get("/over-fetched-columns/near-long")
def lengths() -> Response:
    with Database() as session:
        found = session.scalars(select(Paper).order_by(Paper.id)).all()
        return jsonify([[paper.title, len(paper.text)] for paper in found])


@pages.get("/unused-eager-load/of-its-own")
def titles_with_remarks() -> Response:
    with Database() as session:
        found = session.scalars(select(Paper).options(selectinload(Paper.remarks)).order_by(Paper.id)).all()
        return jsonify([[paper.title, len(paper.text)] for paper in found])


@pages.get("/unused-eager-load/near-of-its-own")
def titles_and_remarks() -> Response:
    with Database() as session:
        found = session.scalars(select(Paper).options(selectinload(Paper.remarks)).order_by(Paper.id)).all()
        return jsonify([[paper.text[:9], [remark.text for remark in paper.remarks]] for paper in found])


@pages.get("/n-plus-one-query/near-constants")
def bookings_by_hour() -> Response:
    """Three hours, whatever the data."""
    found = {}
    with Database() as session:
        for hour in HOURS:
            found[hour] = session.scalar(select(func.count(Booking.id)).where(Booking.hour == hour))
    return jsonify(found)


@pages.get("/loop-invariant-query/inner")
def priced() -> Response:
    with Database() as session:
        return jsonify([written(session, price) for price in [room.price for room in rooms(session, 20)] + [13]])


def written(session: Session, price: int) -> str:
    """Two of the prices are equal; the setting is the same for all."""
    return f"{price} {setting(session, 'k1')}"


def setting(session: Session, key: str) -> str:
    return session.scalars(select(Setting.value).where(Setting.key == key)).one()
