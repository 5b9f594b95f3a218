"""Where a run spent its seconds: what a plan says will remain. From the waits that the agent sums, not from spans."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from subsecond_agent import protocol

DATABASE, TRIPS, WAITING, LOGS, GARBAGE, PYTHON = "database", "round trips", "waiting", "logs", "garbage", "python"
TRIPS_OF_A_TRANSACTION = 2
"""BEGIN and what ends it travel alone with psycopg (reference: observing, section 4: they count as round trips)."""


def spent(line: Mapping[str, Any], rtt: float | None) -> dict[str, float]:
    """Seconds of one line of the agent by what they went into; they add up to the request's own seconds.

    `rtt`: seconds that the arm adds to each round trip, None where it adds none: the trips are then part of the
    database's share, which they cannot be told from. With it they are approximate: how a driver groups what it sends
    is not known.
    """
    waits, counts = line["waits"], line["counts"]
    database = waits.get(protocol.WAIT_DATABASE, 0.0)
    number = counts.get(protocol.COUNT_QUERIES, 0) + TRIPS_OF_A_TRANSACTION * counts.get(protocol.COUNT_TRANSACTIONS, 0)
    trips = min(database, (rtt or 0.0) * number)
    waited = sum(waits.get(name, 0.0) for name in (protocol.WAIT_POOL, protocol.WAIT_HTTP, protocol.WAIT_KEY_VALUE))
    logs, garbage = waits.get(protocol.WAIT_LOGS, 0.0), line["gc_seconds"]
    parts = {DATABASE: database - trips, TRIPS: trips, WAITING: waited, LOGS: logs, GARBAGE: garbage}
    return {**parts, PYTHON: max(0.0, line["seconds"] - sum(parts.values()))}


def typical(runs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The median of each part over several runs; empty without any."""
    return {name: statistics.median(run[name] for run in runs) for name in (runs[0] if runs else ())}
