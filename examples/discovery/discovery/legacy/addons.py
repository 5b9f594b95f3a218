"""Add-ons of items. Used by the discovery endpoint and by the add-on report."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy.orm import Session as OrmSession

from discovery.models import AddOn, ItemAddOn

# long IN lists made the driver unhappy once
CHUNK = 1000


def links_of_items(session: OrmSession, item_ids: list[int]) -> list[ItemAddOn]:
    """What these items offer."""
    links: list[ItemAddOn] = []
    for start in range(0, len(item_ids), CHUNK):
        chunk = item_ids[start : start + CHUNK]
        links.extend(session.query(ItemAddOn).filter(ItemAddOn.item_id.in_(chunk)).all())
    return links


def all_add_ons(session: OrmSession) -> dict[int, AddOn]:
    """Every add-on by its id."""
    return {add_on.id: add_on for add_on in session.query(AddOn).all()}


def add_on_slugs_by_item(session: OrmSession, item_ids: list[int]) -> dict[int, set[str]]:
    """Slugs of the add-ons of each item."""
    add_ons = all_add_ons(session)
    slugs: dict[int, set[str]] = {}
    for link in links_of_items(session, item_ids):
        slugs.setdefault(link.item_id, set()).add(add_ons[link.add_on_id].slug)
    return slugs


def rows_with_add_ons(session: OrmSession, rows: list[Any], wanted: Iterable[str]) -> list[Any]:
    """The (Item, Location) rows whose item has all the wanted add-ons."""
    slugs = add_on_slugs_by_item(session, [row.Item.id for row in rows])
    wanted = set(wanted)
    return [row for row in rows if wanted <= slugs.get(row.Item.id, set())]
