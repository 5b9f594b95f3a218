"""Filters of the discovery endpoint."""

from typing import Any

from discovery.params import DiscoveryParams


def apply_filters(rows: list[Any], params: DiscoveryParams) -> list[Any]:
    """The (Item, Location) rows that the client wants to see."""
    cmin = params.capacity_min
    cmax = params.capacity_max
    category = params.category
    result = []
    for row in rows:
        item = row.Item
        # 0 and empty mean no filter, the app sends both
        if cmin and item.capacity < cmin:
            continue
        if cmax and item.capacity > cmax:
            continue
        if category and item.category.slug != category:
            continue
        result.append(row)
    return result
