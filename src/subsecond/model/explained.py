"""A database's plan of a recorded statement for a reader: without values, so it may be kept."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanNode:
    """A node of a database's plan, in the order and depth in which EXPLAIN prints it.

    `share`: of the plan's whole cost, its own without its children, 0 to 1. `slow`: the node that costs most, or, where
    the database tells no costs, one that reads a whole table. `detail`: conditions, without values.
    """

    depth: int
    label: str
    detail: str = ""
    rows: float | None = None
    cost: float | None = None
    share: float | None = None
    slow: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """The plan of one statement, by its fingerprint. `note` says what to know of it."""

    fingerprint: str
    nodes: tuple[PlanNode, ...]
    note: str = ""
