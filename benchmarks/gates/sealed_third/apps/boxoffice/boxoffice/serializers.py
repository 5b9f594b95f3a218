"""What the API shows of the rows."""
from .money import cents, money


def iso(value):
    return None if value is None else value.isoformat()


class Serializer:
    def one(self, obj):
        raise NotImplementedError

    def many(self, objs):
        return [self.one(obj) for obj in objs]


class VenueSerializer(Serializer):
    def one(self, venue):
        return {"id": venue.id, "name": venue.name, "city": venue.city}


class SectionSerializer(Serializer):
    def one(self, section):
        return {"id": section.id, "name": section.name, "seats": section.seats}


class CategorySerializer(Serializer):
    def one(self, category):
        data = {
            "id": category.id,
            "name": category.name,
            "price": money(category.price),
            "quota": category.quota,
            "remaining": category.remaining,
        }
        if category.section is not None:
            data["section"] = category.section.name
        return data


class EventSerializer(Serializer):
    def __init__(self, language):
        self.language = language

    def title(self, event):
        if self.language == "de" and event.title_de is not None:
            return event.title_de
        return event.title

    def brief(self, event):
        return {"id": event.id, "title": self.title(event), "starts_at": iso(event.starts_at)}

    def one(self, event):
        prices = [category.price for category in event.categories]
        data = {
            "id": event.id,
            "title": self.title(event),
            "genre": event.genre,
            "status": event.status,
            "starts_at": iso(event.starts_at),
            "local_date": event.local_start.date().isoformat(),
            "venue": VenueSerializer().one(event.venue),
            "from_price": money(min(prices)) if prices else None,
            "sold_out": bool(event.categories) and all(c.remaining == 0 for c in event.categories),
            "min_age": event.min_age,
        }
        if event.doors_at is not None:
            data["doors_at"] = iso(event.doors_at)
        return data

    def full(self, event):
        data = self.one(event)
        data["organiser"] = {"id": event.organiser.id, "name": event.organiser.name}
        data["categories"] = CategorySerializer().many(event.categories)
        return data


class TicketSerializer(Serializer):
    def one(self, ticket):
        admitted = [c for c in ticket.check_ins if c.result == "admitted"]
        return {
            "code": ticket.code,
            "seat": ticket.seat,
            "status": ticket.status,
            "checked_in_at": iso(admitted[0].scanned_at) if admitted else None,
        }


class OrderLineSerializer(Serializer):
    def one(self, line):
        return {
            "id": line.id,
            "category": line.category.name,
            "quantity": line.quantity,
            "unit_price": money(line.unit_price),
            "amount": money(line.unit_price * line.quantity),
            "tickets": TicketSerializer().many(line.tickets),
        }


class OrderSerializer(Serializer):
    def __init__(self, language):
        self.events = EventSerializer(language)

    def one(self, order):
        data = {
            "id": order.id,
            "status": order.status,
            "channel": order.channel,
            "total": money(order.total),
            "discount": money(order.discount),
            "placed_at": iso(order.placed_at),
            "event": self.events.brief(order.event),
            "promo": order.promo.code if order.promo is not None else None,
            "tickets": sum(line.quantity for line in order.lines),
        }
        if order.note is not None:
            data["note"] = order.note
        return data

    def full(self, order):
        data = self.one(order)
        data["customer"] = {"id": order.user.id, "name": order.user.name, "email": order.user.email}
        data["lines"] = OrderLineSerializer().many(order.lines)
        return data


class PromoSerializer(Serializer):
    def one(self, promo):
        return {
            "code": promo.code,
            "event": promo.event_id,
            "percent": str(promo.percent) if promo.percent is not None else None,
            "amount": money(promo.amount),
            "min_total": money(promo.min_total),
            "valid_from": iso(promo.valid_from),
            "valid_until": iso(promo.valid_until),
            "used": promo.used,
            "left": None if promo.max_uses is None else max(0, promo.max_uses - promo.used),
        }


class PayoutSerializer(Serializer):
    def one(self, payout):
        data = {
            "id": payout.id,
            "organiser": payout.organiser.name,
            "from": iso(payout.period_start),
            "to": iso(payout.period_end),
            "gross": money(payout.gross),
            "fees": money(payout.fees),
            "net": money(payout.net),
            "status": payout.status,
        }
        if payout.status == "paid":
            data["paid_on"] = iso(payout.paid_on)
        return data

    def with_running(self, payouts):
        running = cents(0)
        rows = []
        for payout in payouts:
            running += payout.net
            rows.append({**self.one(payout), "running": money(running)})
        return rows
