"""The requests of the equality test: the same facts always give the same list.

Every parameter alone with every spelling that once broke somebody's code, all pairs of parameters, walks over pages and
days, and the detail endpoint for every sort of user and location. Most cases use a city of few items, because the old
version answers those quickly.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from urllib.parse import quote, urlencode

from contract_facts import Facts

PARAMETERS = (
    "city", "date", "start_time", "end_time", "capacity_min", "capacity_max", "category", "add_ons", "lat", "lng",
    "page", "page_size", "cache",
)  # fmt: skip
NOT_GIVEN = ("", " ", "0", "00", "0.0", " -0 ", "\u00a00e5")
ODD = (
    "-1", "1.5", "1e3", "+5", "007", "1_0", "0x10", "1000000", "1000001", "99999999999999999999", "9" * 400, "NaN",
    "inf", "abc", "٣", "１２", "٠", "München", "'; --", "%", "\x00", "x\x00y", "🪑", "0,0", "90", "-90", "90.0001",
    "180", "-180", "180.5", "1e-7", "2026-10-14", "12:30",
)  # fmt: skip
DAYS = (
    "2000-01-01", "1999-12-31", "2100-12-31", "2101-01-01", "2026-02-29", "2028-02-29", "2026-2-3", "20261014",
    "2026-10-14T00:00", "2026-W42-3", "14.10.2026", " 2026-10-14 ", "0000-00-00",
)  # fmt: skip
CLOCKS = ("08:00", "8:00", "24:00", "23:59", "00:00", "12:60", "12:30:00", "noon", " 09:15 ", "00:01")
BAD_TOKENS = (
    "expired", "other-key", "unknown-key", "unnamed-key", "other-issuer", "no-expiry", "no-subject", "word-subject",
    "huge-subject", "unsigned", "shared-secret",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Request:
    """A GET: path with query, and the name of the token or the whole `Authorization` header."""

    path: str
    token: str | None = None
    authorization: str | None = None


def all_requests(facts: Facts) -> list[Request]:
    """The whole list, each request once."""
    parts = (
        _spellings(facts), _pairs(facts), _windows(facts), _filters(facts), _orders(facts), _walks(facts),
        _spots(facts), _repeats(facts), _listing_tokens(facts), _details(facts), _detail_tokens(facts), _elsewhere(),
    )  # fmt: skip
    return list(dict.fromkeys(request for part in parts for request in part))


def listing(*pairs: tuple[str, object], token: str | None = None, **params: object) -> Request:
    """A request to the discovery endpoint; pairs may repeat a name."""
    query = urlencode([*pairs, *params.items()])
    return Request(f"/v1/discovery?{query}", token)


def detail(location: object, token: str | None = "user1", **params: object) -> Request:
    """A request to the detail endpoint."""
    query = f"?{urlencode(params)}" if params else ""
    return Request(f"/v1/locations/{quote(str(location), safe='%')}/detail{query}", token)


def _spellings(facts: Facts) -> Iterator[Request]:
    base = {"city": facts.village, "date": facts.day}
    values = dict.fromkeys(PARAMETERS, (*NOT_GIVEN, *ODD))
    # Any text will do here (but a NUL), so few are enough.
    few = (*NOT_GIVEN, "\x00", *ODD[::3])
    values |= {"category": few, "add_ons": few, "cache": (*NOT_GIVEN[:3], "\x00", *ODD[::6])}
    values["date"] += DAYS
    values["start_time"] += CLOCKS
    values["end_time"] += CLOCKS
    for name in PARAMETERS:
        for value in values[name]:
            # Without a city all items would come: once is enough, which _filters does.
            if name != "city" or value not in NOT_GIVEN:
                # The counterpart is there, so that a window or a point is really made of the value.
                yield listing(**{**base, **_counterpart(name), name: value})


def _counterpart(name: str) -> dict[str, str]:
    return {"start_time": {"end_time": "18:00"}, "end_time": {"start_time": "07:30"}, "lat": {"lng": "9.5"},
            "lng": {"lat": "48.1"}}.get(name, {})  # fmt: skip


def _typical(facts: Facts) -> dict[str, tuple[object, object]]:
    """Two useful values of each parameter."""
    lat, lng = facts.town_position
    middle = facts.capacities[len(facts.capacities) // 2]
    return {
        "city": (facts.town, "atlantis"),
        "date": (facts.day, facts.day + dt.timedelta(days=4)),
        "start_time": ("10:00", "18:20"),
        "end_time": ("12:00", "18:40"),
        "capacity_min": (1, middle),
        "capacity_max": (facts.capacities[0], middle),
        "category": ("hot-desk", "meeting-room"),
        "add_ons": (facts.add_ons[0], ",".join(facts.add_ons[:2])),
        "lat": (lat, 48.0),
        "lng": (lng, -3.5),
        "page": (2, 3),
        "page_size": (7, 100),
        "cache": ("true", "false"),
    }


def _pairs(facts: Facts) -> Iterator[Request]:
    """Every pair of parameters, with one of two combinations of values, in turn, and one that is not given."""
    values = _typical(facts)
    base = {"city": facts.town, "date": facts.day}
    for number, (one, other) in enumerate(combinations(PARAMETERS, 2)):
        which, city = (0, facts.town) if number % 2 else (1, facts.village)
        yield listing(**{**base, "city": city, one: values[one][which], other: values[other][which]})
        if other in ("capacity_min", "capacity_max", "category", "add_ons"):
            yield listing(**{**base, one: values[one][0], other: "0"})


def _windows(facts: Facts) -> Iterator[Request]:
    windows = (
        ("09:00", "10:00"), ("09:00", "09:20"), ("09:10", "09:11"), ("06:00", "09:00"), ("17:00", "23:59"),
        ("05:00", "06:00"), ("00:01", "23:59"), ("00:00", "12:00"), ("12:00", "12:00"), ("13:00", "12:00"),
        ("08:15", "19:45"), ("10:00", ""), ("", "10:00"), ("0", "10:00"), ("10:00", "0"), ("noon", ""), ("", "25:00"),
    )  # fmt: skip
    for start, end in windows:
        for city in (facts.town, facts.village):
            yield listing(city=city, date=facts.day, start_time=start, end_time=end, page_size=100)
    for spot in (facts.booked, facts.blocked, facts.long_block, facts.early):
        for start, end in windows[:5]:
            yield listing(city=spot.city, date=spot.day, start_time=start, end_time=end, page_size=100)


def _filters(facts: Facts) -> Iterator[Request]:
    for category in (*facts.categories, "hot desk", "HOT-DESK", "nothing"):
        yield listing(city=facts.town, date=facts.day, category=category)
    yield listing(city=facts.big_city, date=facts.day, category="meeting-room", capacity_min=2)
    for bound in {facts.capacities[0], facts.capacities[-1], *facts.capacities[1:-1:4]}:
        for value in (bound - 1, bound, bound + 1):
            yield listing(city=facts.town, date=facts.day, capacity_min=value)
            yield listing(city=facts.town, date=facts.day, capacity_max=value)
        yield listing(city=facts.town, date=facts.day, capacity_min=bound, capacity_max=bound)
    yield listing(city=facts.town, date=facts.day, capacity_min=9, capacity_max=2)
    yield listing(date=facts.day)
    yield listing(city="0", date=facts.day, category="event-space")
    yield from _add_on_filters(facts)


def _add_on_filters(facts: Facts) -> Iterator[Request]:
    often, second, *_, rare = facts.add_ons
    lists = (
        often, second, rare, f"{often},{second}", f"{second},{often}", f"{often},{often}", f" {often} , {second} ",
        f"{often},", f",,{often},,", ",", " , ", f"{often},nothing", "nothing", f"{often},0", "0,0", often.upper(),
        f"{often};{second}",
        ",".join(facts.whole_set), ",".join(facts.whole_set[:-1]), ",".join(facts.whole_set[:3]),
        ",".join(facts.whole_set[:4]), ",".join(facts.add_ons),
    )  # fmt: skip
    for text in lists:
        yield listing(city=facts.town, date=facts.day, add_ons=text)
    yield listing(city=facts.big_city, date=facts.day, add_ons=f"{often},{second}", category="meeting-room")
    yield listing(date=facts.day, add_ons=",".join(facts.add_ons[:3]))


def _orders(facts: Facts) -> Iterator[Request]:
    """Distances from a location itself, from the city's centre, from poles and from the other side of the world."""
    lat, lng = facts.town_position
    points = (
        facts.town_position, facts.town_coordinates, (90, 180), (-90, -180),
        (-lat, lng - 180 if lng > 0 else lng + 180),
        (0, 10), (10, 0), ("0", "0"), (1e-9, 1e-9), (lat, ""), ("", lng), ("north", lng),
    )  # fmt: skip
    for lat_text, lng_text in points:
        yield listing(city=facts.town, date=facts.day, lat=lat_text, lng=lng_text, page_size=100)
    yield listing(city=facts.big_city, date=facts.day, lat=lat, lng=lng, category="hot-desk")
    yield listing(date=facts.day, lat=lat, lng=lng, page=5, page_size=100)
    for city, lat_text, lng_text in facts.bare:
        yield listing(city=city, date=facts.day, lat=lat_text, lng=lng_text, page_size=3)


def _walks(facts: Facts) -> Iterator[Request]:
    for size in (1, 3, 100, 101, 1_000_000):
        for page in (1, 2, 34, 1_000_000):
            yield listing(city=facts.town, date=facts.day, page=page, page_size=size)
    yield listing(city=facts.big_city, date=facts.day, page=2)
    for city, day in (*facts.holidays, facts.foreign_holiday):
        yield listing(city=city, date=day, page=2, page_size=3, start_time="10:00", end_time="11:00", category="studio")
    yield listing(city=facts.holidays[0][0], date=facts.holidays[0][1])
    for offset in range(7):
        yield listing(city=facts.town, date=facts.day + dt.timedelta(days=offset), page_size=100)
        yield listing(city=facts.village, date=facts.day + dt.timedelta(days=offset))
    if facts.empty_city:
        yield listing(city=facts.empty_city, date=facts.day)
    yield listing(city=facts.village)
    yield Request("/v1/discovery?category=studio&capacity_min=9&page_size=3")


def spots(facts: Facts) -> dict[str, Request]:
    """For each rule with an item of its own, the request that shows it."""
    named = ("booked", "blocked", "long_block", "after_midnight", "early", "ruled_twice", "closed")
    found = {name: getattr(facts, name) for name in named}
    return {name: listing(city=spot.city, date=spot.day, page_size=100) for name, spot in found.items()}


def _spots(facts: Facts) -> Iterator[Request]:
    yield from spots(facts).values()
    for spot in (facts.booked, facts.early, facts.after_midnight):
        yield detail(spot.location, date=spot.day)


def _repeats(facts: Facts) -> Iterator[Request]:
    yield listing(("city", facts.village), ("city", facts.town), ("date", facts.day))
    yield listing(("city", ""), ("city", facts.village), ("date", facts.day), ("category", "locker"))
    yield listing(("date", facts.day), ("date", "never"), ("city", facts.village))
    yield listing(("page", 2), ("page", 1), ("page_size", 3), ("city", facts.village), ("date", facts.day))
    yield listing(
        ("City", facts.village), ("sort", "price"), ("city", facts.village), ("date", facts.day), ("limit", 1)
    )
    yield Request(f"/v1/discovery?city={facts.village}&date={facts.day}&capacity_min")
    yield Request(f"/v1/discovery?city={facts.village}&date={facts.day}&category=%ff%fe")
    yield Request(f"/v1/discovery?city={facts.village}&date={facts.day}&page_size=+3+&&&=1")


def _listing_tokens(facts: Facts) -> Iterator[Request]:
    path = listing(city=facts.village, date=facts.day).path
    for token in ("user1", "user3", "user17", "user999999999", *BAD_TOKENS):
        yield Request(path, token)
    for header in ("", "Bearer", "Bearer ", "Basic dXNlcjp4", "Bearer a.b.c", "bearer x", "Bearer ä", "Token"):
        yield Request(path, authorization=header)
    yield Request("/v1/discovery?capacity_min=x", "expired")
    yield Request("/v1/discovery?capacity_min=x&city=atlantis")


def _details(facts: Facts) -> Iterator[Request]:
    for location in facts.locations:
        yield detail(location, date=facts.day)
    for offset in range(1, 8):
        yield detail(facts.locations[0], date=facts.day + dt.timedelta(days=offset))
    for value in (*NOT_GIVEN[:4], *DAYS, "abc", "\x00", "🪑"):
        yield detail(facts.locations[0], date=value)
    yield detail(facts.locations[0])
    unknown = (0, facts.last_location + 1, 2**31 - 1, 2**31, 10**30, "00", "01", -1, "1.0", "x", "", "%00", "٣")
    for location in (facts.other_status, *unknown):
        for user in ("user1", "user2", "user5"):
            yield detail(location, user, date=facts.day)
    yield Request(f"/v1/locations/{facts.locations[0]}/detail?date={facts.day}&date=never&page=x", "user1")


def _detail_tokens(facts: Facts) -> Iterator[Request]:
    for location in (*facts.locations[:3], facts.other_status, facts.last_location):
        for user in (1, 2, 3, 4, 5, 17, 21, 22, 40, 999999999):
            yield detail(location, f"user{user}", date=facts.day)
    for token in (None, *BAD_TOKENS):
        yield detail(facts.locations[0], token, date=facts.day)
    yield detail(facts.locations[0], None, date="never")
    yield detail(facts.locations[0], "user3", date="never")


def _elsewhere() -> Iterator[Request]:
    for path in ("/healthz", "/v1", "/v1/discovery/", "/v1/locations/1", "/v1/locations/1/detail/", "/v2/discovery"):
        yield Request(path)
