"""Categories, statuses, items, add-ons and price rules."""

from __future__ import annotations

import json
from bisect import bisect
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import accumulate
from random import Random

from discovery.ground.data import words
from discovery.ground.data.world import CATEGORIES, FLAGSHIP, World
from discovery.settings import DEMO_LOCATION_ID

STATUSES = (
    ("active", "Active"),
    ("draft", "Draft"),
    ("paused", "Paused"),
    ("maintenance", "Under maintenance"),
    ("closed", "Closed"),
    ("archived", "Archived"),
    ("review", "In review"),
    ("hidden", "Hidden"),
)
ADD_ONS = (
    "projector",
    "whiteboard",
    "coffee",
    "lunch",
    "video-conference",
    "flipchart",
    "parking-spot",
    "extra-chair",
    "second-screen",
    "catering",
    "sound-system",
    "microphone",
    "printer",
    "laptop",
    "adapter",
    "stage",
    "lighting",
    "recording",
    "streaming",
    "interpreter-booth",
    "cleaning",
    "reception",
    "security",
    "cloakroom",
    "breakfast",
    "fruit",
    "water",
    "tea",
    "snacks",
    "wine",
    "flowers",
    "photographer",
    "host",
    "moderator",
    "bike-rental",
    "shower",
    "towels",
    "yoga-mat",
    "gift-box",
    "name-badges",
)
ADD_ON_UNITS = ("piece", "person", "hour", "day")
SLOT_MINUTES = (30, 60, 60, 60, 90)
FACTORS = ("0.800", "0.900", "1.100", "1.150", "1.250", "1.333", "1.500")
REPEATED_RULE = 10  # every tenth rule is a second one for the item and weekday before it
FEATURES = ("natural light", "blackout", "carpet", "standing desk", "corner", "balcony")


def categories(world: World, rng: Random) -> Iterator[str]:
    """12 rows."""
    for number, (slug, name, kind, *_) in enumerate(CATEGORIES, 1):
        yield f"{number}\t{slug}\t{name}\t{kind}\t{number * 10}\n"


def statuses(world: World, rng: Random) -> Iterator[str]:
    """8 rows; the first is `active`."""
    for number, (code, label) in enumerate(STATUSES, 1):
        yield f"{number}\t{code}\t{label}\n"


def add_ons(world: World, rng: Random) -> Iterator[str]:
    """40 rows; the first are the popular ones."""
    for number, slug in enumerate(ADD_ONS, 1):
        yield f"{number}\t{slug}\t{slug.replace('-', ' ').capitalize()}\t{ADD_ON_UNITS[number % 4]}\n"


def _attributes(rng: Random) -> list[str]:
    """Ready JSON texts; a pool, because 200,000 dumps would cost more than everything else about an item."""
    return [
        json.dumps(
            {
                "feature": FEATURES[int(rng.random() * len(FEATURES))],
                "area_m2": int(rng.random() * 90) + 3,
                "accessible": rng.random() < 0.6,
                "sockets": int(rng.random() * 8),
                "note": None if rng.random() < 0.5 else "près de l’entrée",
            },
            ensure_ascii=False,
        )
        for _ in range(400)
    ]


def items(world: World, rng: Random) -> Iterator[str]:
    """Items with ids in the order of their locations."""
    texts, attributes = words.thing_texts(rng), _attributes(rng)
    first = date(2022, 1, 3)
    days = [str(first + timedelta(days=n)) for n in range(1000)]
    for number in range(1, world.scale.items + 1):
        category = world.item_category[number]
        _, name, _, _, _, largest = CATEGORIES[category - 1]
        cents = world.item_price[number]
        day_cents = cents * 6 + 50 * int(rng.random() * 8)
        order = int(rng.random() * 50) + 10
        if world.item_location[number] == DEMO_LOCATION_ID and number <= len(FLAGSHIP):
            order = number // 3  # ties in the first places
        created = int(rng.random() * 700)
        yield (
            f"{number}\t{world.item_location[number]}\t{category}\t{name} {number % 97 + 1}\t{int(rng.random() * 9)}"
            f"\t{int(rng.random() * largest) + 1}\t{cents // 100}.{cents % 100:02}"
            f"\t{day_cents // 100}.{day_cents % 100:02}"
            f"\t{SLOT_MINUTES[int(rng.random() * 5)]}\t{15 * int(rng.random() * 9)}\t{world.item_status[number]}"
            f"\t{texts[number % len(texts)]}\t{attributes[int(rng.random() * 400)]}\t{order}"
            f"\t{days[created]} 09:{number % 60:02}:00"
            f"\t{days[created + int(rng.random() * 300)]} 17:{number % 60:02}:00\n"
        )


def item_add_ons(world: World, rng: Random) -> Iterator[str]:
    """Three links an item on average, popular add-ons (by rank^-0.7) more often; a pair at most once."""
    edges = list(accumulate((rank + 1) ** -0.7 for rank in range(len(ADD_ONS))))
    number, wanted = 0, 0
    for item in range(1, world.scale.items + 1):
        # Neighbours share six links, so that the total is exact.
        wanted = 6 - wanted if item % 2 == 0 else int(rng.random() * 7)
        chosen: set[int] = set()
        while len(chosen) < wanted:
            chosen.add(bisect(edges, rng.random() * edges[-1]) + 1)
        # Rows were entered by people: in no order.
        for add_on in sorted(chosen, key=lambda n: (n * 17 + item) % 41):
            number += 1
            price = 50 * (int(rng.random() * 60) + 1)
            yield f"{number}\t{item}\t{add_on}\t{price // 100}.{price % 100:02}\t{int(rng.random() * 10) + 1}\n"


def price_rules(world: World, rng: Random) -> Iterator[str]:
    """Factors by weekday; sometimes two for the same item and weekday."""
    item, weekday = 1, 2
    for number in range(1, world.scale.price_rules + 1):
        if number % REPEATED_RULE:
            item, weekday = int(rng.random() * world.scale.items) + 1, int(rng.random() * 7)
        yield f"{number}\t{item}\t{weekday}\t{FACTORS[int(rng.random() * len(FACTORS))]}\n"
