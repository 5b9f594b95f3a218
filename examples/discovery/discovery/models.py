"""The tables of the Discovery Platform as declarative models, used by every version of the application.

The tables were filled by imports for years, so the database has no foreign-key constraints: every relationship says
its own join. Times are in the location's local time, without a zone; money is `numeric(10,2)`.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from sqlalchemy import CHAR, JSON, DateTime, Double, Numeric, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

ACTIVE = 1
"""Row 1 of `statuses`: the only status that is offered to clients."""


class Base(DeclarativeBase):
    """Parent of all tables; `Base.metadata` is what the migrations describe."""

    type_annotation_map = {
        str: Text,
        float: Double,
        Decimal: Numeric(10, 2),
        dt.datetime: DateTime(timezone=False),
        dict[str, Any]: JSON,
    }

    id: Mapped[int] = mapped_column(primary_key=True)


class City(Base):
    """A city that locations belong to."""

    __tablename__ = "cities"

    slug: Mapped[str]
    name: Mapped[str]
    country: Mapped[str] = mapped_column(CHAR(2))
    lat: Mapped[float]
    lng: Mapped[float]
    timezone: Mapped[str]


class Status(Base):
    """What a location or an item may be: 8 rows, the first is `active`."""

    __tablename__ = "statuses"

    code: Mapped[str]
    label: Mapped[str]


class User(Base):
    """An account. Rows of deleted accounts are gone, references to them stay."""

    __tablename__ = "users"

    email: Mapped[str]
    name: Mapped[str]
    plan: Mapped[str]
    company: Mapped[str | None]
    password: Mapped[str]
    created_at: Mapped[dt.datetime]


class LocationHours(Base):
    """Opening hours of one weekday (0 = Monday); a weekday without a row is closed."""

    __tablename__ = "location_hours"

    location_id: Mapped[int]
    weekday: Mapped[int]
    opens: Mapped[dt.time]
    closes: Mapped[dt.time]


class LocationPhoto(Base):
    """A photo of a location; the lowest position is the cover."""

    __tablename__ = "location_photos"

    location_id: Mapped[int]
    position: Mapped[int]
    url: Mapped[str]
    caption: Mapped[str | None]


class LocationAmenity(Base):
    """Something a location has for everybody: coffee, showers, a terrace."""

    __tablename__ = "location_amenities"

    location_id: Mapped[int]
    name: Mapped[str]
    icon: Mapped[str]


class Review(Base):
    """What a user thought of a location, 1 to 5 stars."""

    __tablename__ = "reviews"

    location_id: Mapped[int]
    user_id: Mapped[int]
    stars: Mapped[int]
    body: Mapped[str]
    created_at: Mapped[dt.datetime]


class Restriction(Base):
    """A rule of the house: who or what is not admitted to a location."""

    __tablename__ = "restrictions"

    location_id: Mapped[int]
    kind: Mapped[str]
    value: Mapped[str]


class Location(Base):
    """A building with items to book."""

    __tablename__ = "locations"

    city_id: Mapped[int]
    name: Mapped[str]
    address: Mapped[str]
    lat: Mapped[float]
    lng: Mapped[float]
    description: Mapped[str]
    manager_id: Mapped[int]
    status: Mapped[int]

    city: Mapped[City] = relationship(primaryjoin="foreign(Location.city_id) == City.id")
    manager: Mapped[User | None] = relationship(primaryjoin="foreign(Location.manager_id) == User.id")
    status_info: Mapped[Status] = relationship(primaryjoin="foreign(Location.status) == Status.id")
    hours: Mapped[list[LocationHours]] = relationship(
        primaryjoin="Location.id == foreign(LocationHours.location_id)", order_by="LocationHours.weekday"
    )
    photos: Mapped[list[LocationPhoto]] = relationship(
        primaryjoin="Location.id == foreign(LocationPhoto.location_id)",
        order_by="(LocationPhoto.position, LocationPhoto.id)",
    )
    amenities: Mapped[list[LocationAmenity]] = relationship(
        primaryjoin="Location.id == foreign(LocationAmenity.location_id)"
    )
    reviews: Mapped[list[Review]] = relationship(primaryjoin="Location.id == foreign(Review.location_id)")

    @property
    def review_count(self) -> int:
        """Number of reviews."""
        return len(self.reviews)

    @property
    def rating(self) -> float | None:
        """Average stars, rounded to 2 decimals; None without reviews."""
        if not self.reviews:
            return None
        return round(sum(review.stars for review in self.reviews) / len(self.reviews), 2)

    @property
    def cover_photo(self) -> str | None:
        """URL of the first photo; None without photos."""
        return self.photos[0].url if self.photos else None

    @property
    def amenity_names(self) -> list[str]:
        """Names of the amenities, in the order of the name."""
        return [amenity.name for amenity in sorted(self.amenities, key=lambda a: (a.name, a.id))]

    def hours_on(self, weekday: int) -> LocationHours | None:
        """Opening hours of that weekday (0 = Monday); None when closed."""
        for hours in self.hours:
            if hours.weekday == weekday:
                return hours
        return None


class Category(Base):
    """What sort of thing an item is: 12 rows."""

    __tablename__ = "categories"

    slug: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    sort_order: Mapped[int]


class Item(Base):
    """Something that can be booked: a room, a desk, a pass."""

    __tablename__ = "items"

    location_id: Mapped[int]
    category_id: Mapped[int]
    name: Mapped[str]
    floor: Mapped[int]
    capacity: Mapped[int]
    hourly_price: Mapped[Decimal]
    day_price: Mapped[Decimal]
    slot_minutes: Mapped[int]
    min_notice: Mapped[int]
    status: Mapped[int]
    description: Mapped[str]
    attributes: Mapped[dict[str, Any]]
    sort_order: Mapped[int]
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]

    location: Mapped[Location] = relationship(primaryjoin="foreign(Item.location_id) == Location.id")
    category: Mapped[Category] = relationship(primaryjoin="foreign(Item.category_id) == Category.id")


class AddOn(Base):
    """Something extra that is booked along with an item: 40 rows."""

    __tablename__ = "add_ons"

    slug: Mapped[str]
    name: Mapped[str]
    unit: Mapped[str]


class ItemAddOn(Base):
    """An add-on as one item offers it; at most one row for a pair."""

    __tablename__ = "item_add_ons"

    item_id: Mapped[int]
    add_on_id: Mapped[int]
    price: Mapped[Decimal]
    max_quantity: Mapped[int]


class Booking(Base):
    """A reservation of an item: `confirmed`, `pending` or `cancelled`."""

    __tablename__ = "bookings"

    item_id: Mapped[int]
    user_id: Mapped[int]
    starts_at: Mapped[dt.datetime]
    ends_at: Mapped[dt.datetime]
    status: Mapped[str]
    attendees: Mapped[int]
    total: Mapped[Decimal]
    source: Mapped[str]
    notes: Mapped[str]
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]


class ItemBlock(Base):
    """A stretch of time, perhaps several days, in which an item is not to be had."""

    __tablename__ = "item_blocks"

    item_id: Mapped[int]
    starts_at: Mapped[dt.datetime]
    ends_at: Mapped[dt.datetime]
    reason: Mapped[str]


class PriceRule(Base):
    """A factor on an item's price for one weekday; of several the lowest id counts."""

    __tablename__ = "price_rules"

    item_id: Mapped[int]
    weekday: Mapped[int]
    factor: Mapped[Decimal] = mapped_column(Numeric(5, 3))


class Holiday(Base):
    """A day on which nothing is let in a country."""

    __tablename__ = "holidays"

    country: Mapped[str] = mapped_column(CHAR(2))
    day: Mapped[dt.date]
    name: Mapped[str]


class Config(Base):
    """A node of the settings tree; the keys from the root, joined by dots, name a setting."""

    __tablename__ = "config"

    parent_id: Mapped[int | None]
    key: Mapped[str]
    value: Mapped[str | None]
    kind: Mapped[str]


class Permission(Base):
    """A scope that a user holds, for one location or (without one) for all."""

    __tablename__ = "permissions"

    user_id: Mapped[int]
    scope: Mapped[str]
    location_id: Mapped[int | None]


class Daypass(Base):
    """A pass for one location and day: `active`, `used` or `cancelled`."""

    __tablename__ = "daypasses"

    user_id: Mapped[int]
    location_id: Mapped[int]
    day: Mapped[dt.date]
    status: Mapped[str]
