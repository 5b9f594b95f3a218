"""The tables."""
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Optional

from sqlalchemy import Date, DateTime, ForeignKey, Numeric, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    type_annotation_map = {
        Decimal: Numeric(12, 2),
        datetime: DateTime(timezone=True),
        date: Date(),
    }


class Setting(Base):
    __tablename__ = "settings"
    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class Organiser(Base):
    __tablename__ = "organisers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[Optional[str]]
    fee_percent: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    events: Mapped[list["Event"]] = relationship(back_populates="organiser", order_by="Event.id")


class Venue(Base):
    __tablename__ = "venues"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    city: Mapped[str]
    capacity: Mapped[Optional[int]]
    utc_offset: Mapped[int]  # minutes
    sections: Mapped[list["Section"]] = relationship(back_populates="venue", order_by="Section.position, Section.id")
    events: Mapped[list["Event"]] = relationship(back_populates="venue", order_by="Event.starts_at, Event.id")


class Section(Base):
    __tablename__ = "sections"
    id: Mapped[int] = mapped_column(primary_key=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venues.id"), index=True)
    name: Mapped[str]
    seats: Mapped[Optional[int]]
    position: Mapped[int]
    venue: Mapped[Venue] = relationship(back_populates="sections")


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[Optional[str]]
    role: Mapped[str]
    organiser_id: Mapped[Optional[int]] = mapped_column(ForeignKey("organisers.id"))
    orders_count: Mapped[int] = mapped_column(default=0)


class Event(Base):
    __tablename__ = "events"
    id: Mapped[int] = mapped_column(primary_key=True)
    organiser_id: Mapped[int] = mapped_column(ForeignKey("organisers.id"), index=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venues.id"), index=True)
    title: Mapped[str]
    title_de: Mapped[Optional[str]]
    genre: Mapped[Optional[str]]
    status: Mapped[str]
    starts_at: Mapped[datetime]
    doors_at: Mapped[Optional[datetime]]
    min_age: Mapped[Optional[int]]
    organiser: Mapped[Organiser] = relationship(back_populates="events")
    venue: Mapped[Venue] = relationship(back_populates="events")
    categories: Mapped[list["Category"]] = relationship(
        back_populates="event", order_by="Category.position, Category.id"
    )

    @property
    def local_start(self):
        return self.starts_at + timedelta(minutes=self.venue.utc_offset)


class Category(Base):
    __tablename__ = "categories"
    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"), index=True)
    section_id: Mapped[Optional[int]] = mapped_column(ForeignKey("sections.id"))
    name: Mapped[str]
    price: Mapped[Decimal]
    quota: Mapped[Optional[int]]  # null: no limit
    sold: Mapped[int] = mapped_column(default=0)
    position: Mapped[int]
    event: Mapped[Event] = relationship(back_populates="categories")
    section: Mapped[Optional[Section]] = relationship()

    @property
    def remaining(self):
        return None if self.quota is None else max(0, self.quota - self.sold)


class PromoCode(Base):
    __tablename__ = "promo_codes"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(30), unique=True)
    event_id: Mapped[Optional[int]] = mapped_column(ForeignKey("events.id"))
    percent: Mapped[Optional[Decimal]] = mapped_column(Numeric(5, 2))
    amount: Mapped[Optional[Decimal]]
    min_total: Mapped[Optional[Decimal]]
    valid_from: Mapped[date]
    valid_until: Mapped[Optional[date]]
    max_uses: Mapped[Optional[int]]
    used: Mapped[int] = mapped_column(default=0)

    @property
    def exhausted(self):
        return self.max_uses is not None and self.used >= self.max_uses

    def active_on(self, day):
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"), index=True)
    promo_id: Mapped[Optional[int]] = mapped_column(ForeignKey("promo_codes.id"))
    status: Mapped[str]
    channel: Mapped[str]
    total: Mapped[Decimal]
    discount: Mapped[Decimal]
    placed_at: Mapped[datetime]
    note: Mapped[Optional[str]]
    user: Mapped[User] = relationship()
    event: Mapped[Event] = relationship()
    promo: Mapped[Optional[PromoCode]] = relationship()
    lines: Mapped[list["OrderLine"]] = relationship(back_populates="order", order_by="OrderLine.id")


class OrderLine(Base):
    __tablename__ = "order_lines"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    category_id: Mapped[int] = mapped_column(ForeignKey("categories.id"), index=True)
    quantity: Mapped[int]
    unit_price: Mapped[Decimal]
    order: Mapped[Order] = relationship(back_populates="lines")
    category: Mapped[Category] = relationship()
    tickets: Mapped[list["Ticket"]] = relationship(back_populates="line", order_by="Ticket.id")


class Ticket(Base):
    __tablename__ = "tickets"
    id: Mapped[int] = mapped_column(primary_key=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("order_lines.id"), index=True)
    code: Mapped[str] = mapped_column(String(30), unique=True)
    seat: Mapped[Optional[str]]
    status: Mapped[str]
    line: Mapped[OrderLine] = relationship(back_populates="tickets")
    check_ins: Mapped[list["CheckIn"]] = relationship(back_populates="ticket", order_by="CheckIn.id")


class CheckIn(Base):
    __tablename__ = "check_ins"
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), index=True)
    gate: Mapped[str]
    result: Mapped[str]
    scanned_at: Mapped[datetime]
    ticket: Mapped[Ticket] = relationship(back_populates="check_ins")


class Payout(Base):
    __tablename__ = "payouts"
    id: Mapped[int] = mapped_column(primary_key=True)
    organiser_id: Mapped[int] = mapped_column(ForeignKey("organisers.id"), index=True)
    period_start: Mapped[date]
    period_end: Mapped[date]
    gross: Mapped[Decimal]
    fees: Mapped[Decimal]
    status: Mapped[str]
    paid_on: Mapped[Optional[date]]
    organiser: Mapped[Organiser] = relationship()

    @property
    def net(self):
        return self.gross - self.fees


class AuditEntry(Base):
    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    action: Mapped[str]
    entity: Mapped[str]
    entity_id: Mapped[int]
    detail: Mapped[Optional[str]]
