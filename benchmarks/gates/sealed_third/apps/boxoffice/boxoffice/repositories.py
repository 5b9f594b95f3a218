"""Thin repositories: everything that talks to the session."""
from datetime import date, datetime, timedelta

from sqlalchemy import func, select

from .models import (
    AuditEntry,
    Category,
    CheckIn,
    Event,
    Order,
    OrderLine,
    Payout,
    PromoCode,
    Setting,
    Ticket,
    Venue,
)
from .params import day_start


class Repository:
    def __init__(self, session):
        self.session = session


class SettingRepository(Repository):
    def today(self):
        return date.fromisoformat(self.session.get(Setting, "business_day").value)

    def now(self):
        return datetime.fromisoformat(self.session.get(Setting, "business_time").value)


class EventRepository(Repository):
    def get(self, event_id):
        return self.session.get(Event, event_id)

    def search(self, statuses=None, genre=None, city=None, starts_from=None, starts_to=None):
        stmt = select(Event).join(Event.venue)
        if statuses:
            stmt = stmt.where(Event.status.in_(statuses))
        if genre is not None:
            stmt = stmt.where(Event.genre == genre)
        if city:
            stmt = stmt.where(Venue.city == city)
        if starts_from is not None:
            stmt = stmt.where(Event.starts_at >= day_start(starts_from))
        if starts_to is not None:
            stmt = stmt.where(Event.starts_at < day_start(starts_to) + timedelta(days=1))
        return list(self.session.scalars(stmt.order_by(Event.starts_at, Event.id)))

    def on_local_day(self, day, city=None):
        """Published events that start on the day where they take place."""
        events = self.search(
            statuses=["published"], city=city,
            starts_from=day - timedelta(days=1), starts_to=day + timedelta(days=1),
        )
        return [event for event in events if event.local_start.date() == day]

    def reserved_quantity(self, category_id):
        stmt = (
            select(func.coalesce(func.sum(OrderLine.quantity), 0))
            .join(OrderLine.order)
            .where(OrderLine.category_id == category_id, Order.status == "reserved")
        )
        return self.session.scalar(stmt)

    def lock_category(self, category_id):
        return self.session.scalar(
            select(Category).where(Category.id == category_id).with_for_update()
        )


class VenueRepository(Repository):
    def get(self, venue_id):
        return self.session.get(Venue, venue_id)

    def all(self, city=None):
        stmt = select(Venue)
        if city:
            stmt = stmt.where(Venue.city == city)
        return list(self.session.scalars(stmt.order_by(Venue.name, Venue.id)))

    def upcoming(self, venue_id, day, limit=None):
        stmt = (
            select(Event)
            .where(Event.venue_id == venue_id, Event.status == "published", Event.starts_at >= day_start(day))
            .order_by(Event.starts_at, Event.id)
        )
        if limit is not None:
            stmt = stmt.limit(limit)
        return list(self.session.scalars(stmt))

    def count_upcoming(self, venue_id, day):
        return self.session.scalar(
            select(func.count())
            .select_from(Event)
            .where(Event.venue_id == venue_id, Event.status == "published", Event.starts_at >= day_start(day))
        )


class OrderRepository(Repository):
    SORTS = {
        "placed": (Order.placed_at.asc(), Order.id.asc()),
        "-placed": (Order.placed_at.desc(), Order.id.desc()),
        "total": (Order.total.asc(), Order.id.asc()),
        "-total": (Order.total.desc(), Order.id.asc()),
    }

    def get(self, order_id):
        return self.session.get(Order, order_id)

    def lock(self, order_id):
        return self.session.scalar(select(Order).where(Order.id == order_id).with_for_update())

    def search(self, page, sort, user_id=None, statuses=None, event_id=None, channel=None, min_total=None,
               max_total=None, placed_from=None, placed_to=None, has_promo=None, note=None):
        conditions = []
        if user_id is not None:
            conditions.append(Order.user_id == user_id)
        if statuses:
            conditions.append(Order.status.in_(statuses))
        if event_id is not None:
            conditions.append(Order.event_id == event_id)
        if channel:
            conditions.append(Order.channel == channel)
        if min_total is not None:
            conditions.append(Order.total >= min_total)
        if max_total is not None:
            conditions.append(Order.total <= max_total)
        if placed_from is not None:
            conditions.append(Order.placed_at >= day_start(placed_from))
        if placed_to is not None:
            conditions.append(Order.placed_at < day_start(placed_to) + timedelta(days=1))
        if has_promo is True:
            conditions.append(Order.promo_id.is_not(None))
        if has_promo is False:
            conditions.append(Order.promo_id.is_(None))
        if note:
            conditions.append(Order.note.contains(note, autoescape=True))
        total = self.session.scalar(select(func.count()).select_from(Order).where(*conditions))
        stmt = select(Order).where(*conditions).order_by(*self.SORTS[sort])
        orders = list(self.session.scalars(stmt.limit(page.size).offset(page.offset)))
        return orders, total


class TicketRepository(Repository):
    def by_code(self, code):
        return self.session.scalar(select(Ticket).where(Ticket.code == code.upper()))

    def lock_by_code(self, code):
        return self.session.scalar(select(Ticket).where(Ticket.code == code.upper()).with_for_update())

    def sold_for_event(self, event_id):
        stmt = (
            select(func.count(Ticket.id))
            .join(Ticket.line)
            .join(OrderLine.order)
            .where(Order.event_id == event_id, Ticket.status != "void")
        )
        return self.session.scalar(stmt)

    def admitted_for_event(self, event_id):
        stmt = (
            select(func.count(func.distinct(CheckIn.ticket_id)))
            .join(CheckIn.ticket)
            .join(Ticket.line)
            .join(OrderLine.order)
            .where(Order.event_id == event_id, CheckIn.result == "admitted", Ticket.status != "void")
        )
        return self.session.scalar(stmt)


class PromoRepository(Repository):
    def by_code(self, code):
        return self.session.scalar(select(PromoCode).where(PromoCode.code == code.strip().upper()))

    def lock_by_code(self, code):
        stmt = select(PromoCode).where(PromoCode.code == code.strip().upper()).with_for_update()
        return self.session.scalar(stmt)

    def all(self):
        return list(self.session.scalars(select(PromoCode).order_by(PromoCode.code)))

    def orders_using(self, promo_id):
        return self.session.scalar(select(func.count()).select_from(Order).where(Order.promo_id == promo_id))

    def delete(self, promo):
        self.session.delete(promo)


class PayoutRepository(Repository):
    def search(self, organiser_id=None, statuses=None, year=None):
        stmt = select(Payout)
        if organiser_id is not None:
            stmt = stmt.where(Payout.organiser_id == organiser_id)
        if statuses:
            stmt = stmt.where(Payout.status.in_(statuses))
        if year is not None:
            stmt = stmt.where(func.extract("year", Payout.period_start) == year)
        return list(self.session.scalars(stmt.order_by(Payout.period_start, Payout.id)))


class AuditRepository(Repository):
    def add(self, user, action, entity, entity_id, detail=None):
        self.session.add(
            AuditEntry(user_id=user.id, action=action, entity=entity, entity_id=entity_id, detail=detail)
        )
