"""Customers, suppliers and how they are reached."""

from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey
from sqlalchemy.orm import DynamicMapped, Mapped, WriteOnlyMapped, mapped_column, relationship

from shop.models.foundation import Base

if TYPE_CHECKING:
    from shop.models.orders import Order


class Address(Base):
    """Where parcels go."""

    __tablename__ = "addresses"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    city: Mapped[str]


class Visit(Base):
    """A day a customer came to the shop."""

    __tablename__ = "visits"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    day: Mapped[date]


class Note(Base):
    """What a clerk wrote about a customer."""

    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    text: Mapped[str]


class Customer(Base):
    """A person who buys."""

    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    country: Mapped[str]
    tier: Mapped[str]
    orders: Mapped[list["Order"]] = relationship(back_populates="customer", order_by="Order.id")
    addresses: Mapped[list[Address]] = relationship(order_by=Address.id)
    visits: WriteOnlyMapped[Visit] = relationship()
    notes: DynamicMapped[Note] = relationship()

    @property
    def city(self) -> str:
        """City of the first address."""
        return self.addresses[0].city if self.addresses else ""


class Contact(Base):
    """A person at a supplier."""

    __tablename__ = "contacts"
    id: Mapped[int] = mapped_column(primary_key=True)
    supplier_id: Mapped[int] = mapped_column(ForeignKey("suppliers.id"))
    email: Mapped[str]


class Supplier(Base):
    """Who delivers to us."""

    __tablename__ = "suppliers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    contacts: Mapped[list[Contact]] = relationship(lazy="immediate", order_by=Contact.id)
