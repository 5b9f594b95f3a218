"""Orders and what belongs to them."""

from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shop.models.foundation import Base
from shop.models.records import TaxRate

if TYPE_CHECKING:
    from shop.models.catalogue import Book
    from shop.models.people import Customer


class Coupon(Base):
    """A rebate in percent."""

    __tablename__ = "coupons"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]
    percent: Mapped[int]


class OrderLine(Base):
    """So many copies of one book."""

    __tablename__ = "order_lines"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    book_id: Mapped[int] = mapped_column(ForeignKey("books.id"))
    quantity: Mapped[int]
    unit_cents: Mapped[int]
    book: Mapped["Book"] = relationship()


class Payment(Base):
    """Money received for an order."""

    __tablename__ = "payments"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    cents: Mapped[int]


class Order(Base):
    """What a customer ordered at once."""

    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    coupon_id: Mapped[int | None] = mapped_column(ForeignKey("coupons.id"))
    country: Mapped[str]
    status: Mapped[str]
    placed_on: Mapped[date]
    reminders: Mapped[int] = mapped_column(default=0)
    customer: Mapped["Customer"] = relationship(back_populates="orders")
    coupon: Mapped[Coupon | None] = relationship()
    lines: Mapped[list[OrderLine]] = relationship(order_by=OrderLine.id)
    payments: Mapped[list[Payment]] = relationship(order_by=Payment.id)

    @property
    def total_cents(self) -> int:
        """Sum of the lines in cents, before tax."""
        return sum(line.quantity * line.unit_cents for line in self.lines)

    @property
    def tax_percent(self) -> int:
        """The tax of the country the order goes to, in percent."""
        return self.own_session.scalars(select(TaxRate.percent).where(TaxRate.country == self.country)).one()

    def __str__(self) -> str:
        return f"order {self.id} of {self.customer.name}"
