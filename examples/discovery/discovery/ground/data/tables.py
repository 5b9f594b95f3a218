"""Every table with its columns and the function that makes its rows, in the order of loading."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from discovery.ground.data import calendar, catalogue, configuration, people, places
from discovery.ground.data.scales import Scale, stream
from discovery.ground.data.world import World

Rows = Callable[[World, Random], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Table:
    """One table: rows are lines in the text format of COPY, columns in the same order."""

    name: str
    columns: str
    rows: Rows


TABLES = (
    Table("statuses", "id code label", catalogue.statuses),
    Table("categories", "id slug name kind sort_order", catalogue.categories),
    Table("cities", "id slug name country lat lng timezone", places.cities),
    Table("config", "id parent_id key value kind", configuration.config),
    Table("holidays", "id country day name", calendar.holidays),
    Table("users", "id email name plan company password created_at", people.users),
    Table("locations", "id city_id name address lat lng description manager_id status", places.locations),
    Table("location_hours", "id location_id weekday opens closes", places.location_hours),
    Table("location_photos", "id location_id position url caption", places.location_photos),
    Table("location_amenities", "id location_id name icon", places.location_amenities),
    Table("restrictions", "id location_id kind value", places.restrictions),
    Table("permissions", "id user_id scope location_id", people.permissions),
    Table("daypasses", "id user_id location_id day status", people.daypasses),
    Table("reviews", "id location_id user_id stars body created_at", people.reviews),
    Table("add_ons", "id slug name unit", catalogue.add_ons),
    Table(
        "items",
        "id location_id category_id name floor capacity hourly_price day_price slot_minutes min_notice status"
        " description attributes sort_order created_at updated_at",
        catalogue.items,
    ),
    Table("item_add_ons", "id item_id add_on_id price max_quantity", catalogue.item_add_ons),
    Table("price_rules", "id item_id weekday factor", catalogue.price_rules),
    Table("item_blocks", "id item_id starts_at ends_at reason", calendar.item_blocks),
    Table(
        "bookings",
        "id item_id user_id starts_at ends_at status attendees total source notes created_at updated_at",
        calendar.bookings,
    ),
)


def lines(table: Table, world: World) -> Iterator[str]:
    """The rows of one table of a world."""
    return table.rows(world, stream(world.seed, table.name))


def digest(seed: int, scale: Scale) -> str:
    """SHA-256 over all rows of all tables: equal for equal seed and scale, on any machine."""
    world, whole = World.build(seed, scale), hashlib.sha256()
    for table in TABLES:
        whole.update(f"{table.name}\n".encode())
        for line in lines(table, world):
            whole.update(line.encode())
    return whole.hexdigest()


def generator_version() -> str:
    """Changes whenever the generator's code does, so that stored data is never taken for newer data."""
    whole = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        # The syntax tree, so that a comment or a formatter does not cost everybody their data.
        whole.update(ast.dump(ast.parse(file.read_bytes())).encode())
    return whole.hexdigest()[:16]
