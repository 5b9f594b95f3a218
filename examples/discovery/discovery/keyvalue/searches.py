"""A discovery request as a key: two that must have the same answer have the same key."""

from __future__ import annotations

import hashlib

from discovery.params import DiscoveryParams


def canonical(params: DiscoveryParams) -> dict[str, str]:
    """The query parameters that matter for the answer, each in one spelling, in one order.

    Add-ons are a set; half a window and half a point count as not given, as the contract says; what `cache` says does
    not belong to the search.
    """
    window, point = params.window, params.point
    named = {
        "city": params.city,
        "date": params.day.isoformat(),
        "start_time": window and f"{window[0]:%H:%M}",
        "end_time": window and f"{window[1]:%H:%M}",
        "capacity_min": params.capacity_min,
        "capacity_max": params.capacity_max,
        "category": params.category,
        "add_ons": ",".join(sorted(params.add_ons)),
        "lat": point and repr(point[0]),
        "lng": point and repr(point[1]),
        "page": params.page,
        "page_size": params.page_size,
    }
    return {name: str(value) for name, value in named.items() if value not in (None, "")}


def fingerprint(params: DiscoveryParams) -> str:
    """The search as a short text."""
    text = "\x00".join(f"{name}={value}" for name, value in canonical(params).items())
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
