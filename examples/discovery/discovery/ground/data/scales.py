"""How many rows each scale has, and the random numbers of each table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Rows per table; tables that are not named here have a fixed size or follow from these."""

    name: str
    locations: int
    items: int
    bookings: int
    reviews: int
    daypasses: int
    blocks: int
    price_rules: int
    users: int
    permissions: int
    restrictions: int

    @property
    def item_add_ons(self) -> int:
        """Three links an item on average."""
        return 3 * self.items

    @property
    def photos(self) -> int:
        """Four an active location on average."""
        return 4 * self.locations

    @property
    def amenities(self) -> int:
        """Six a location on average."""
        return 6 * self.locations


def _scale(name: str, divisor: int) -> Scale:
    return Scale(
        name=name,
        locations=2_000 // divisor,
        items=200_000 // divisor,
        bookings=2_000_000 // divisor,
        reviews=300_000 // divisor,
        daypasses=300_000 // divisor,
        blocks=100_000 // divisor,
        price_rules=200_000 // divisor,
        users=50_000 // divisor,
        permissions=150_000 // divisor,
        restrictions=10_000 // divisor,
    )


SCALES = {"small": _scale("small", 100), "medium": _scale("medium", 10), "full": _scale("full", 1)}


def stream(seed: int, table: str) -> Random:
    """The random numbers of one table; a change in one table leaves the others as they were."""
    return Random(f"{seed}:{table}")


def shares(total: int, weights: Sequence[float]) -> list[int]:
    """Split total by weights into whole numbers that add up to it (largest remainders)."""
    scale = total / sum(weights)
    exact = [weight * scale for weight in weights]
    counts = [int(value) for value in exact]
    by_remainder = sorted(range(len(exact)), key=lambda i: (counts[i] - exact[i], i))
    for i in by_remainder[: total - sum(counts)]:
        counts[i] += 1
    return counts
