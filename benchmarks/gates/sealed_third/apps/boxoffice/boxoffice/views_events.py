"""Events, venues and the programme page."""
from flask import g, jsonify, make_response, render_template, request
from flask.views import MethodView

from . import config
from .db import with_session
from .errors import Forbidden, NotFound, PreconditionFailed
from .params import (
    bool_arg,
    choice_arg,
    current_user,
    date_arg,
    decimal_arg,
    etag_of,
    int_arg,
    json_body,
    language,
    list_arg,
    page_args,
    paged,
    text_arg,
)
from .repositories import EventRepository, SettingRepository, VenueRepository
from .serializers import CategorySerializer, EventSerializer, SectionSerializer, VenueSerializer
from .services import EventService

EVENT_SORTS = ("date", "-date", "title", "-title", "price", "-price")


def cheapest(event):
    prices = [category.price for category in event.categories]
    return min(prices) if prices else None


def sort_events(events, sort):
    key = sort.lstrip("-")
    reverse = sort.startswith("-")
    events = sorted(events, key=lambda event: event.id)
    if key == "date":
        events.sort(key=lambda event: event.starts_at, reverse=reverse)
    elif key == "title":
        events.sort(key=lambda event: event.title.casefold(), reverse=reverse)
    else:
        priced = [event for event in events if cheapest(event) is not None]
        priced.sort(key=cheapest, reverse=reverse)
        events = priced + [event for event in events if cheapest(event) is None]
    return events


def may_see_draft(user, event):
    if user is None:
        return False
    return user.role == "staff" or (user.role == "organiser" and user.organiser_id == event.organiser_id)


class EventListView(MethodView):
    decorators = [with_session]

    def get(self):
        page = page_args()
        sort = choice_arg("sort", EVENT_SORTS, "date")
        statuses = list_arg("status", config.EVENT_STATUSES) or ["published"]
        min_price, max_price = decimal_arg("min_price"), decimal_arg("max_price")
        age = int_arg("age", minimum=0)
        available = bool_arg("available")
        query = text_arg("q")
        user = current_user(required=False)

        events = EventRepository(g.session).search(
            statuses=statuses,
            genre=text_arg("genre"),
            city=text_arg("city"),
            starts_from=date_arg("from"),
            starts_to=date_arg("to"),
        )
        found = []
        for event in events:
            if event.status == "draft" and not may_see_draft(user, event):
                continue
            if query and query.casefold() not in event.title.casefold():
                continue
            if age is not None and event.min_age is not None and event.min_age > age:
                continue
            if min_price is not None or max_price is not None:
                price = cheapest(event)
                if price is None:
                    continue
                if min_price is not None and price < min_price:
                    continue
                if max_price is not None and price > max_price:
                    continue
            if available is not None:
                has_tickets = any(c.remaining is None or c.remaining > 0 for c in event.categories)
                if has_tickets != available:
                    continue
            found.append(event)
        found = sort_events(found, sort)
        items = EventSerializer(language()).many(page.cut(found))
        response = paged(items, page, len(found))
        response.headers["Vary"] = "X-Language, X-User"
        response.headers["Content-Language"] = language()
        return response


class EventView(MethodView):
    decorators = [with_session]

    def find(self, event_id, user):
        event = EventRepository(g.session).get(event_id)
        if event is None or (event.status == "draft" and not may_see_draft(user, event)):
            raise NotFound("no such event")
        return event

    def get(self, event_id):
        event = self.find(event_id, current_user(required=False))
        payload = EventSerializer(language()).full(event)
        response = make_response(jsonify(payload))
        response.set_etag(etag_of(payload))
        response.headers["Cache-Control"] = "public, max-age=60"
        response.headers["Vary"] = "X-Language, X-User"
        response.headers["Content-Language"] = language()
        return response.make_conditional(request)

    def patch(self, event_id):
        user = current_user()
        event = self.find(event_id, user)
        if not may_see_draft(user, event):
            raise Forbidden("not your event")
        serializer = EventSerializer(language())
        if request.if_match and not request.if_match.contains(etag_of(serializer.full(event))):
            raise PreconditionFailed("the event was changed meanwhile")
        changed = EventService(g.session).update(user, event, json_body())
        payload = serializer.full(event)
        g.session.commit()
        response = jsonify({**payload, "changed": changed})
        response.set_etag(etag_of(payload))
        return response


class AvailabilityView(MethodView):
    decorators = [with_session]

    def get(self, event_id):
        repo = EventRepository(g.session)
        event = repo.get(event_id)
        if event is None or event.status == "draft":
            raise NotFound("no such event")
        only_available = bool_arg("only_available", False)
        max_price = decimal_arg("max_price")
        rows = []
        for category in event.categories:
            reserved = repo.reserved_quantity(category.id)
            if only_available and category.remaining == 0:
                continue
            if max_price is not None and category.price > max_price:
                continue
            rows.append({**CategorySerializer().one(category), "sold": category.sold, "reserved": reserved})
        limited = [row["remaining"] for row in rows if row["remaining"] is not None]
        response = jsonify({
            "event": event.id,
            "categories": rows,
            "remaining": sum(limited) if len(limited) == len(rows) else None,
            "reserved": sum(row["reserved"] for row in rows),
        })
        response.headers["Cache-Control"] = "no-store"
        return response


class VenueListView(MethodView):
    decorators = [with_session]

    def get(self):
        min_capacity = int_arg("min_capacity")
        busy = bool_arg("busy")
        repo = VenueRepository(g.session)
        today = SettingRepository(g.session).today()
        items = []
        for venue in repo.all(text_arg("city")):
            if min_capacity is not None and (venue.capacity is None or venue.capacity < min_capacity):
                continue
            upcoming = repo.count_upcoming(venue.id, today)
            if busy is not None and busy != (upcoming > 0):
                continue
            seats = [section.seats for section in venue.sections if section.seats is not None]
            items.append({
                **VenueSerializer().one(venue),
                "capacity": venue.capacity,
                "sections": len(venue.sections),
                "seats": sum(seats) if seats else None,
                "upcoming": upcoming,
            })
        response = jsonify(items)
        response.headers["X-Total-Count"] = str(len(items))
        return response


class VenueView(MethodView):
    decorators = [with_session]

    def get(self, venue_id):
        limit = int_arg("upcoming", 5, minimum=0, maximum=50)
        repo = VenueRepository(g.session)
        venue = repo.get(venue_id)
        if venue is None:
            raise NotFound("no such venue")
        today = SettingRepository(g.session).today()
        serializer = EventSerializer(language())
        payload = {
            **VenueSerializer().one(venue),
            "capacity": venue.capacity,
            "sections": SectionSerializer().many(venue.sections),
            "upcoming": [serializer.brief(event) for event in repo.upcoming(venue.id, today, limit)],
        }
        response = jsonify(payload)
        response.set_etag(etag_of(payload))
        response.headers["Vary"] = "X-Language"
        return response.make_conditional(request)


class ProgrammeView(MethodView):
    decorators = [with_session]

    def get(self):
        day = date_arg("day") or SettingRepository(g.session).today()
        events = EventRepository(g.session).on_local_day(day, text_arg("city"))
        serializer = EventSerializer(language())
        venues = {}
        for event in events:
            entry = venues.setdefault(event.venue_id, {"venue": event.venue, "events": []})
            entry["events"].append({
                "title": serializer.title(event),
                "time": event.local_start.strftime("%H:%M"),
                "genre": event.genre,
                "price": cheapest(event),
                "age": event.min_age,
            })
        groups = sorted(venues.values(), key=lambda entry: (entry["venue"].name, entry["venue"].id))
        html = render_template("programme.html", day=day, groups=groups, language=language(), count=len(events))
        response = make_response(html)
        response.headers["Content-Language"] = language()
        return response
