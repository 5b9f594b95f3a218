"""The tree of settings that administrators edit: 400 rows."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from discovery.ground.data.people import NULL
from discovery.ground.data.world import World

ROWS = 400
USED = {
    "discovery": (
        ("max_candidates", "500", "int"),
        ("page_size", "20", "int"),
        ("max_page_size", "100", "int"),
        ("default_radius_km", "25", "int"),
        ("show_ratings", "true", "bool"),
    ),
    "pricing": (
        ("currency", "EUR", "text"),
        ("vat", "0.23", "decimal"),
        ("rounding", "half-up", "text"),
        ("weekend_factor", "1.10", "decimal"),
    ),
    "detail": (("max_items", "10", "int"), ("show_manager", "true", "bool")),
}
OTHERS = (
    "email",
    "billing",
    "search",
    "checkin",
    "partners",
    "mobile",
    "reports",
    "onboarding",
    "support",
    "features",
    "security",
    "exports",
    "calendar",
)
LEAVES = ("enabled", "limit", "template", "retries", "sender", "window_minutes", "ratio", "label", "channel", "owner")
VALUES = {"int": "30", "bool": "true", "decimal": "0.75", "text": "standard"}


def _groups() -> Iterator[tuple[int | None, str]]:
    """(parent row, key) of every group; ids count from 1 in this order."""
    roots = [*USED, *OTHERS]
    for key in roots:
        yield None, key
    for parent, _ in enumerate(OTHERS, len(USED) + 1):
        yield parent, "defaults"
        yield parent, "overrides"


def config(world: World, rng: Random) -> Iterator[str]:
    """Groups first, then the settings, in an order that is not the tree's."""
    groups = list(_groups())
    for number, (parent, key) in enumerate(groups, 1):
        yield f"{number}\t{NULL if parent is None else parent}\t{key}\t{NULL}\tgroup\n"
    settings = [(number, *setting) for number, name in enumerate(USED, 1) for setting in USED[name]]
    parents = range(len(USED) + 1, len(groups) + 1)
    turn = 0
    while len(groups) + len(settings) < ROWS:
        parent = parents[turn % len(parents)]
        kind = tuple(VALUES)[int(rng.random() * 4)]
        key = f"{LEAVES[turn // len(parents) % len(LEAVES)]}"
        settings.append((parent, key, VALUES[kind], kind))
        turn += 1
    for number, (parent, key, value, kind) in enumerate(
        sorted(settings, key=lambda row: rng.random()), len(groups) + 1
    ):
        yield f"{number}\t{parent}\t{key}\t{value}\t{kind}\n"
