"""Warehouses and what lies in them."""

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shop import db
from shop.models.foundation import Base


class Shelf(Base):
    """A place in a warehouse."""

    __tablename__ = "shelves"
    id: Mapped[int] = mapped_column(primary_key=True)
    warehouse_id: Mapped[int] = mapped_column(ForeignKey("warehouses.id"))
    label: Mapped[str]


class Warehouse(Base):
    """A building full of books."""

    __tablename__ = "warehouses"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    shelves: Mapped[list[Shelf]] = relationship(lazy="joined", order_by=Shelf.id)

    @property
    def fullest_stock(self) -> int:
        """Most copies of one book in this building."""
        with db.NewSession() as session:
            held = select(Stock.quantity).where(Stock.warehouse_id == self.id)
            return session.scalars(held.order_by(Stock.quantity.desc()).limit(1)).one()


class Stock(Base):
    """Copies of one book in one warehouse."""

    __tablename__ = "stock"
    book_id: Mapped[int] = mapped_column(ForeignKey("books.id"), primary_key=True)
    warehouse_id: Mapped[int] = mapped_column(ForeignKey("warehouses.id"), primary_key=True)
    quantity: Mapped[int]
