"""What hardly ever changes: settings, categories, statuses and the names of add-ons.

A worker reads them together, with four statements, and keeps them for five minutes. None of it is written into the
code: administrators do edit these tables, and a new worker must not differ from an old one for longer than that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection, select

from discovery.models import AddOn, Category, Config, Status


class CategoryFacts(NamedTuple):
    """A row of `categories`."""

    id: int
    slug: str
    name: str
    kind: str


class StatusFacts(NamedTuple):
    """A row of `statuses`."""

    id: int
    code: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings that the two endpoints use."""

    max_candidates: int
    page_size: int
    max_page_size: int
    currency: str
    max_detail_items: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceData:
    """All of it, looked up by id or by slug."""

    settings: Settings
    categories: dict[int, CategoryFacts]
    category_ids: dict[str, int]
    statuses: dict[int, StatusFacts]
    add_on_ids: dict[str, int]


class ConfigRow(NamedTuple):
    """A node of the settings tree."""

    id: int
    parent_id: int | None
    key: str
    value: str | None


def load_reference_data(connection: Connection) -> ReferenceData:
    """Reads everything from the database; raises LookupError when a setting is missing."""
    nodes = connection.execute(select(Config.id, Config.parent_id, Config.key, Config.value)).all()
    all_categories = select(Category.id, Category.slug, Category.name, Category.kind)
    categories = [CategoryFacts(*row) for row in connection.execute(all_categories)]
    statuses = [StatusFacts(*row) for row in connection.execute(select(Status.id, Status.code, Status.label))]
    add_ons = connection.execute(select(AddOn.slug, AddOn.id))
    return ReferenceData(
        settings=_settings(flatten(ConfigRow(*row) for row in nodes)),
        categories={category.id: category for category in categories},
        category_ids={category.slug: category.id for category in categories},
        statuses={status.id: status for status in statuses},
        add_on_ids={row.slug: row.id for row in add_ons},
    )


def flatten(rows: Iterable[ConfigRow]) -> dict[str, str]:
    """Values by dotted path of keys from the root; rows that hang on no root are left out."""
    nodes = {row.id: row for row in rows}
    paths: dict[int, str | None] = {}

    def path(node: ConfigRow) -> str | None:
        if node.id not in paths:
            paths[node.id] = None  # what a row sees that is its own ancestor
            parent = nodes.get(node.parent_id) if node.parent_id is not None else None
            above = path(parent) if parent else None
            if node.parent_id is None:
                paths[node.id] = node.key
            elif above is not None:
                paths[node.id] = f"{above}.{node.key}"
        return paths[node.id]

    return {name: row.value for row in nodes.values() if row.value is not None and (name := path(row)) is not None}


def _settings(values: dict[str, str]) -> Settings:
    try:
        return Settings(
            max_candidates=int(values["discovery.max_candidates"]),
            page_size=int(values["discovery.page_size"]),
            max_page_size=int(values["discovery.max_page_size"]),
            currency=values["pricing.currency"],
            max_detail_items=int(values["detail.max_items"]),
        )
    except KeyError as missing:
        raise LookupError(f"the table config has no setting {missing}") from None
