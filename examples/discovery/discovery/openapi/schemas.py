"""What requests and answers look like: the components of the document."""

from __future__ import annotations

from discovery.openapi.words import (
    ATTRIBUTES,
    CLOCK,
    COUNT,
    DATE,
    DATE_IN,
    FLAG,
    ID,
    KNOWN_ID,
    MOMENT,
    MONEY,
    MONEY_IN,
    NUMBER,
    TEXT,
    WHOLE,
    Schema,
    accepted,
    fields,
    maybe,
    page_of,
    ref,
    several,
)

CITY = fields(slug=TEXT, name=TEXT, country=TEXT, timezone=TEXT)
CODE = fields(code=TEXT, label=TEXT)
SLOT = fields(start=CLOCK, end=CLOCK, available=FLAG)
WEEKDAY: Schema = {"type": "integer", "minimum": 0, "maximum": 6, "description": "0 is Monday."}
NAMED = fields(slug=TEXT, name=TEXT)
KIND_OF = fields(slug=TEXT, name=TEXT, kind=TEXT)


def error(**optional: Schema) -> Schema:
    """The one form of every error, and what some errors say beside."""
    return fields(error=accepted({"code": TEXT, "message": TEXT, "parameter": maybe(TEXT)}, optional))


DISCOVERY_ITEM = fields(
    id=ID,
    name=TEXT,
    floor=WHOLE,
    capacity=ID,
    slot_minutes=ID,
    min_notice=COUNT,
    description=TEXT,
    attributes=ATTRIBUTES,
    category=NAMED,
    hourly_price=MONEY,
    price=MONEY,
    price_rank=ID,
    location=fields(
        id=ID,
        name=TEXT,
        address=TEXT,
        lat=NUMBER,
        lng=NUMBER,
        distance_km=maybe(NUMBER),
        rating=maybe(NUMBER),
        review_count=COUNT,
        cover_photo=maybe(TEXT),
        amenities=several(TEXT),
        opens=maybe(CLOCK),
        closes=maybe(CLOCK),
    ),
    slots=several(ref("Slot")),
    available=FLAG,
    add_ons=several(fields(slug=TEXT, name=TEXT, price=MONEY, max_quantity=COUNT)),
)

DETAIL = fields(
    date=DATE,
    location=fields(
        id=ID,
        name=TEXT,
        address=TEXT,
        description=TEXT,
        lat=NUMBER,
        lng=NUMBER,
        status=CODE,
        city=CITY,
        manager=fields(id=maybe(ID), name=maybe(TEXT)),
        hours=several(fields(weekday=WEEKDAY, opens=CLOCK, closes=CLOCK)),
    ),
    user=fields(id=ID, name=TEXT, plan=TEXT, company=maybe(TEXT)),
    permissions=fields(read=FLAG, book=FLAG, manage=FLAG),
    restrictions=several(fields(kind=TEXT, value=TEXT)),
    currency=TEXT,
    items=several(
        fields(
            id=ID,
            name=TEXT,
            category=KIND_OF,
            floor=WHOLE,
            capacity=ID,
            hourly_price=MONEY,
            day_price=MONEY,
            status=CODE,
            bookings=several(fields(start=CLOCK, end=CLOCK, status=TEXT)),
            occupancy=maybe(fields(attendees=COUNT, bookings=COUNT)),
            daypass=maybe(fields(status=TEXT)),
        )
    ),
)

ADMIN_ITEM = fields(
    id=ID,
    location=fields(id=ID, name=TEXT, city=TEXT),
    category=NAMED,
    name=TEXT,
    floor=WHOLE,
    capacity=ID,
    hourly_price=MONEY,
    day_price=MONEY,
    slot_minutes=ID,
    min_notice=COUNT,
    status=CODE,
    description=TEXT,
    attributes=ATTRIBUTES,
    sort_order=WHOLE,
    created_at=MOMENT,
    updated_at=MOMENT,
)
ITEM_NEEDED: dict[str, Schema] = {
    "location_id": KNOWN_ID,
    "category": {"type": "string", "examples": ["meeting-room"]},
    "name": {"type": "string", "minLength": 1, "maxLength": 120},
    "floor": {"type": "integer", "minimum": -10, "maximum": 200},
    "capacity": {"type": "integer", "minimum": 1, "maximum": 10_000},
    "hourly_price": MONEY_IN,
    "day_price": MONEY_IN,
    "slot_minutes": {"type": "integer", "enum": [30, 60, 90]},
    "min_notice": {"type": "integer", "minimum": 0, "maximum": 10_080},
}
ITEM_OPTIONAL: dict[str, Schema] = {
    "status": {"type": "string", "examples": ["active"]},
    "description": {"type": "string", "maxLength": 1000},
    "attributes": ATTRIBUTES | {"maxProperties": 20},
    "sort_order": {"type": "integer", "minimum": 0, "maximum": 10_000},
}

BOOKING = fields(
    id=ID,
    status={"type": "string", "enum": ["confirmed", "pending", "cancelled"]},
    item=fields(id=ID, name=TEXT),
    location=fields(id=ID, name=TEXT),
    city=fields(slug=TEXT, name=TEXT, timezone=TEXT),
    date=DATE,
    start_time=CLOCK,
    end_date=DATE,
    end_time=CLOCK,
    attendees=ID,
    total=MONEY,
    currency=TEXT,
    notes=TEXT,
    created_at=MOMENT,
)
NEW_BOOKING = accepted(
    {"item_id": KNOWN_ID, "date": DATE_IN, "start_time": CLOCK, "end_time": CLOCK},
    {
        "attendees": {"type": "integer", "minimum": 1, "maximum": 1_000_000, "default": 1},
        "notes": {"type": "string", "maxLength": 500},
    },
)
ITEM_ON_A_DAY = fields(
    date=DATE,
    currency=TEXT,
    holiday=maybe(fields(name=TEXT)),
    opens=maybe(CLOCK),
    closes=maybe(CLOCK),
    price=MONEY,
    item=fields(
        id=ID,
        name=TEXT,
        category=KIND_OF,
        floor=WHOLE,
        capacity=ID,
        hourly_price=MONEY,
        day_price=MONEY,
        slot_minutes=ID,
        min_notice=COUNT,
        description=TEXT,
        attributes=ATTRIBUTES,
    ),
    location=fields(id=ID, name=TEXT, address=TEXT, city=CITY),
    slots=several(ref("Slot")),
)

HOLIDAY = fields(id=ID, country=TEXT, day=DATE, name=TEXT)
NEW_HOLIDAY = accepted(
    {
        "country": {"type": "string", "pattern": "^[A-Za-z]{2}$", "examples": ["PT"]},
        "day": DATE_IN,
        "name": {"type": "string", "minLength": 1, "maxLength": 120},
    },
    {},
)
SETTING = fields(id=ID, name=TEXT, kind={"type": "string", "enum": ["int", "decimal", "bool", "text"]}, value=TEXT)

COMPONENTS: dict[str, Schema] = {
    "Error": error(),
    "BookingConflict": error(free=several(fields(start=CLOCK, end=CLOCK))),
    "Slot": SLOT,
    "City": CITY,
    "DiscoveryItem": DISCOVERY_ITEM,
    "Discovery": fields(
        date=DATE,
        weekday=WEEKDAY,
        city=maybe(ref("City")),
        currency=TEXT,
        holiday=maybe(fields(name=TEXT)),
        page=ID,
        page_size=ID,
        total=COUNT,
        pages=COUNT,
        items=several(ref("DiscoveryItem")),
    ),
    "Detail": DETAIL,
    "Me": fields(
        id=ID,
        name=TEXT,
        plan=TEXT,
        company=maybe(TEXT),
        permissions=several(fields(scope=TEXT, location_id=maybe(ID))),
    ),
    "Filters": fields(
        cities=several(fields(slug=TEXT, name=TEXT, country=TEXT)),
        categories=several(KIND_OF),
        add_ons=several(fields(slug=TEXT, name=TEXT, unit=TEXT)),
    ),
    "ItemOnADay": ITEM_ON_A_DAY,
    "Booking": BOOKING,
    "Bookings": page_of("bookings", ref("Booking")),
    "NewBooking": NEW_BOOKING,
    "AdminItem": ADMIN_ITEM,
    "AdminItems": page_of("items", ref("AdminItem")),
    "Statuses": fields(statuses=several(CODE)),
    "NewItem": accepted(ITEM_NEEDED, ITEM_OPTIONAL),
    "ItemChange": accepted({}, ITEM_NEEDED | ITEM_OPTIONAL),
    "Holiday": HOLIDAY,
    "Holidays": page_of("holidays", ref("Holiday")),
    "NewHoliday": NEW_HOLIDAY,
    "Setting": SETTING,
    "Settings": page_of("settings", ref("Setting")),
    "SettingChange": accepted({"value": {"type": "string", "maxLength": 500}}, {}),
    "Health": fields(status={"type": "string", "const": "ok"}),
}
