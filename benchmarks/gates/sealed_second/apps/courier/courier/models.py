"""Declarative models."""
import datetime as dt
from decimal import Decimal
from typing import Optional

from sqlalchemy import DateTime, ForeignKey, Numeric, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from courier.db import Base

MONEY = Numeric(12, 2)
STAMP = DateTime(timezone=True)

FINAL = ("delivered", "returned", "lost")
PARCEL_STATUSES = ("created", "picked_up", "in_transit", "out_for_delivery",
                   "failed") + FINAL
INVOICE_STATUSES = ("draft", "open", "settled", "void")


class Setting(Base):
    __tablename__ = "settings"
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class Counter(Base):
    __tablename__ = "counters"
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[int]


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    email: Mapped[Optional[str]] = mapped_column(Text)
    city: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    vip: Mapped[bool]
    credit_limit: Mapped[Optional[Decimal]] = mapped_column(MONEY)
    discount: Mapped[int]
    joined_on: Mapped[dt.date]
    memo: Mapped[Optional[str]] = mapped_column(Text)

    parcels: Mapped[list["Parcel"]] = relationship(
        back_populates="customer", order_by="Parcel.id")
    invoices: Mapped[list["Invoice"]] = relationship(
        back_populates="customer", order_by="Invoice.issued_on, Invoice.id")


class Driver(Base):
    __tablename__ = "drivers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    phone: Mapped[Optional[str]] = mapped_column(Text)
    active: Mapped[bool]
    hired_on: Mapped[dt.date]

    routes: Mapped[list["Route"]] = relationship(
        back_populates="driver", order_by="Route.day, Route.id")


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    language: Mapped[Optional[str]] = mapped_column(Text)
    customer_id: Mapped[Optional[int]] = mapped_column(ForeignKey("customers.id"))
    driver_id: Mapped[Optional[int]] = mapped_column(ForeignKey("drivers.id"))

    customer: Mapped[Optional[Customer]] = relationship()
    driver: Mapped[Optional[Driver]] = relationship()


class Route(Base):
    __tablename__ = "routes"
    id: Mapped[int] = mapped_column(primary_key=True)
    driver_id: Mapped[Optional[int]] = mapped_column(ForeignKey("drivers.id"), index=True)
    name: Mapped[str] = mapped_column(Text)
    day: Mapped[dt.date]
    status: Mapped[str] = mapped_column(Text)
    km: Mapped[Optional[Decimal]] = mapped_column(Numeric(8, 2))

    driver: Mapped[Optional[Driver]] = relationship(back_populates="routes")
    parcels: Mapped[list["Parcel"]] = relationship(
        back_populates="route", order_by="Parcel.stop_no, Parcel.id")


class Tariff(Base):
    __tablename__ = "tariffs"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(Text)
    zone: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str] = mapped_column(Text)
    name_de: Mapped[Optional[str]] = mapped_column(Text)
    max_weight_g: Mapped[int]
    base_price: Mapped[Decimal] = mapped_column(MONEY)
    per_kg: Mapped[Decimal] = mapped_column(MONEY)
    valid_from: Mapped[dt.date]
    valid_to: Mapped[Optional[dt.date]]


class Parcel(Base):
    __tablename__ = "parcels"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(Text, unique=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    tariff_id: Mapped[int] = mapped_column(ForeignKey("tariffs.id"))
    route_id: Mapped[Optional[int]] = mapped_column(ForeignKey("routes.id"), index=True)
    stop_no: Mapped[Optional[int]]
    recipient: Mapped[str] = mapped_column(Text)
    city: Mapped[str] = mapped_column(Text)
    weight_g: Mapped[int]
    declared_value: Mapped[Optional[Decimal]] = mapped_column(MONEY)
    price: Mapped[Decimal] = mapped_column(MONEY)
    status: Mapped[str] = mapped_column(Text)
    priority: Mapped[Optional[int]]
    note: Mapped[Optional[str]] = mapped_column(Text)
    created_at: Mapped[dt.datetime] = mapped_column(STAMP)
    deliver_by: Mapped[Optional[dt.date]]
    delivered_at: Mapped[Optional[dt.datetime]] = mapped_column(STAMP)

    customer: Mapped[Customer] = relationship(back_populates="parcels")
    tariff: Mapped[Tariff] = relationship()
    route: Mapped[Optional[Route]] = relationship(back_populates="parcels")
    events: Mapped[list["Event"]] = relationship(
        back_populates="parcel", order_by="Event.at, Event.id")
    tags: Mapped[list["Tag"]] = relationship(order_by="Tag.tag, Tag.id")


class Tag(Base):
    __tablename__ = "parcel_tags"
    id: Mapped[int] = mapped_column(primary_key=True)
    parcel_id: Mapped[int] = mapped_column(ForeignKey("parcels.id"), index=True)
    tag: Mapped[str] = mapped_column(Text)


class Event(Base):
    __tablename__ = "tracking_events"
    id: Mapped[int] = mapped_column(primary_key=True)
    parcel_id: Mapped[int] = mapped_column(ForeignKey("parcels.id"), index=True)
    kind: Mapped[str] = mapped_column(Text)
    at: Mapped[dt.datetime] = mapped_column(STAMP)
    place: Mapped[Optional[str]] = mapped_column(Text)
    remark: Mapped[str] = mapped_column(Text)

    parcel: Mapped[Parcel] = relationship(back_populates="events")


class Invoice(Base):
    __tablename__ = "invoices"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(Text)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    issued_on: Mapped[dt.date]
    due_on: Mapped[dt.date]
    status: Mapped[str] = mapped_column(Text)
    total: Mapped[Decimal] = mapped_column(MONEY)

    customer: Mapped[Customer] = relationship(back_populates="invoices")
    lines: Mapped[list["Line"]] = relationship(order_by="Line.position, Line.id")
    refunds: Mapped[list["Refund"]] = relationship(
        back_populates="invoice", order_by="Refund.id")


class Line(Base):
    __tablename__ = "invoice_lines"
    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"), index=True)
    parcel_id: Mapped[Optional[int]] = mapped_column(ForeignKey("parcels.id"))
    position: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    amount: Mapped[Decimal] = mapped_column(MONEY)

    parcel: Mapped[Optional[Parcel]] = relationship()


class Refund(Base):
    __tablename__ = "refunds"
    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"), index=True)
    amount: Mapped[Decimal] = mapped_column(MONEY)
    reason: Mapped[Optional[str]] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    created_at: Mapped[dt.datetime] = mapped_column(STAMP)
    created_by: Mapped[Optional[int]] = mapped_column(ForeignKey("users.id"))

    invoice: Mapped[Invoice] = relationship(back_populates="refunds")


class Audit(Base):
    __tablename__ = "audit_log"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    action: Mapped[str] = mapped_column(Text)
    entity: Mapped[str] = mapped_column(Text)
    entity_id: Mapped[int]
    detail: Mapped[str] = mapped_column(Text)
    at: Mapped[dt.datetime] = mapped_column(STAMP)
