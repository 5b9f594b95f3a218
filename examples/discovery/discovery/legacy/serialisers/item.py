"""Items in the discovery list."""

from typing import Any

from discovery.legacy.helpers.formatting import money
from discovery.models import AddOn, Item, ItemAddOn


def serialise_item(item: Item, rank: int, location: dict[str, Any]) -> dict[str, Any]:
    """What we know of an item without looking at the day."""
    return {
        "id": item.id,
        "name": item.name,
        "floor": item.floor,
        "capacity": item.capacity,
        "slot_minutes": item.slot_minutes,
        "min_notice": item.min_notice,
        "description": item.description,
        "attributes": item.attributes,
        "category": {"slug": item.category.slug, "name": item.category.name},
        "hourly_price": money(item.hourly_price),
        "price_rank": rank,
        "location": location,
    }


def serialise_add_on(link: ItemAddOn, add_on: AddOn) -> dict[str, Any]:
    """An add-on with the item's own price."""
    return {"slug": add_on.slug, "name": add_on.name, "price": money(link.price), "max_quantity": link.max_quantity}
