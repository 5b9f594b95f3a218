"""What several tables must agree on: which location lies where, and what each item is."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import exp
from random import Random

from discovery.ground.data.scales import Scale, shares, stream
from discovery.settings import DELETED_USER_ID, DEMO_LOCATION_ID

ACTIVE = 1
CITY_COUNT = 40
INACTIVE_LOCATION = 14  # every 14th location has another status: 93 % are active
ITEM_ACTIVE = 0.97
SIZE_SIGMA = 0.9  # of the logarithm of a location's number of items
# of the logarithm of prices: houses are dear or cheap as a whole, and their items differ. How far houses differ decides
# over how many of them the 500 cheapest items of a city are spread, and so what the lazy loads of a list come to.
HOUSE_PRICE_SIGMA = 0.4
ITEM_PRICE_SIGMA = 0.48
FLAGSHIP_ITEMS = 12  # the demo location has at least these

# slug, name, kind, share of the items, typical price of an hour in euro, largest capacity
CATEGORIES = (
    ("meeting-room", "Meeting room", "room", 25, 24.0, 20),
    ("hot-desk", "Hot desk", "desk", 25, 10.0, 1),
    ("day-pass", "Day pass", "daypass", 9, 12.0, 1),
    ("dedicated-desk", "Dedicated desk", "desk", 8, 14.0, 1),
    ("private-office", "Private office", "room", 8, 30.0, 12),
    ("training-room", "Training room", "room", 5, 38.0, 40),
    ("event-space", "Event space", "room", 3, 85.0, 200),
    ("phone-booth", "Phone booth", "room", 6, 9.0, 2),
    ("studio", "Studio", "room", 3, 33.0, 10),
    ("lounge-seat", "Lounge seat", "other", 4, 8.0, 4),
    ("parking", "Parking", "other", 2, 9.0, 1),
    ("locker", "Locker", "other", 2, 8.0, 1),
)
# The first items of the demo location, so that its page looks alike at every scale: three of ten are desks or passes.
FLAGSHIP = (1, 2, 1, 5, 3, 6, 1, 2, 8, 5, 7, 9)


@dataclass(slots=True)
class World:
    """Lists indexed by id; entry 0 is unused."""

    seed: int
    scale: Scale
    location_city: list[int] = field(default_factory=lambda: [0])
    location_status: list[int] = field(default_factory=lambda: [0])
    item_location: list[int] = field(default_factory=lambda: [0])
    item_category: list[int] = field(default_factory=lambda: [0])
    item_status: list[int] = field(default_factory=lambda: [0])
    item_price: list[int] = field(default_factory=lambda: [0])  # cents an hour

    @classmethod
    def build(cls, seed: int, scale: Scale) -> World:
        """The world of a seed and scale."""
        world = cls(seed=seed, scale=scale)
        rng = stream(seed, "world")
        world._place_locations()
        world._place_items(rng)
        return world

    def any_user(self, rng: Random) -> int:
        """A user that exists."""
        user = int(rng.random() * self.scale.users) + 1
        return user + 1 if user >= DELETED_USER_ID else user

    def _place_locations(self) -> None:
        """Cities by Zipf: the largest has 23 % of the locations."""
        for city, count in enumerate(shares(self.scale.locations, [1 / rank for rank in range(1, CITY_COUNT + 1)]), 1):
            self.location_city.extend([city] * count)
        others = (2, 3, 4, 5)
        for number in range(1, self.scale.locations + 1):
            closed = number % INACTIVE_LOCATION == 0
            self.location_status.append(others[number // INACTIVE_LOCATION % 4] if closed else ACTIVE)

    def _place_items(self, rng: Random) -> None:
        """Log-normal numbers of items a location, categories by share, prices in steps of ten cents."""
        sizes = [exp(SIZE_SIGMA * rng.gauss(0, 1)) for _ in range(self.scale.locations)]
        spare = self.scale.items - self.scale.locations - FLAGSHIP_ITEMS
        counts = [size + 1 for size in shares(spare, sizes)]
        counts[DEMO_LOCATION_ID - 1] += FLAGSHIP_ITEMS
        lottery = [number for number, row in enumerate(CATEGORIES, 1) for _ in range(row[3])]
        for location, count in enumerate(counts, 1):
            level = exp(HOUSE_PRICE_SIGMA * rng.gauss(0, 1))
            for position in range(count):
                flagship = location == DEMO_LOCATION_ID and position < len(FLAGSHIP)
                drawn = lottery[int(rng.random() * len(lottery))]
                category = FLAGSHIP[position] if flagship else drawn
                draw = rng.random()
                status = ACTIVE if flagship or draw < ITEM_ACTIVE else 2 + int(draw * 1000) % 6
                self.item_location.append(location)
                self.item_category.append(category)
                self.item_status.append(status)
                price = CATEGORIES[category - 1][4] * level * exp(ITEM_PRICE_SIGMA * rng.gauss(0, 1))
                self.item_price.append(max(10, round(price * 10)) * 10)
