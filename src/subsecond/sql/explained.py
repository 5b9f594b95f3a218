"""The databases' plans -> nodes for a reader, the values in their conditions taken out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from subsecond.model.database import DatabaseFacts, Plan
from subsecond.model.explained import Explained, PlanNode
from subsecond.sql.fingerprint import redacted

_CONDITIONS = (
    "Index Cond",
    "Recheck Cond",
    "Hash Cond",
    "Merge Cond",
    "Join Filter",
    "Filter",
    "Sort Key",
    "Group Key",
)


def explained(facts: DatabaseFacts | None) -> tuple[Explained, ...]:
    """All plans that were read, by fingerprint in the order of the alphabet; none without a database."""
    plans = facts.plans if facts is not None else {}
    return tuple(_one(fingerprint, plan) for fingerprint, plan in sorted(plans.items()) if plan.tree or plan.lines)


def _one(fingerprint: str, plan: Plan) -> Explained:
    note = "planned without values" if plan.generic else "planned with the values of one recorded run"
    if plan.tree:
        return Explained(fingerprint=fingerprint, nodes=_marked(list(_tree(plan.tree, 0))), note=f"{note}, not run")
    nodes = [PlanNode(depth=depth, label=redacted(text), slow=text.startswith("SCAN ")) for depth, text in plan.lines]
    return Explained(fingerprint=fingerprint, nodes=tuple(nodes), note="SQLite tells no costs")


def _tree(node: Mapping[str, Any], depth: int) -> Iterator[PlanNode]:
    children = [child for child in node.get("Plans", ()) if isinstance(child, Mapping)]
    cost = float(node.get("Total Cost", 0.0))
    own = max(0.0, cost - sum(float(child.get("Total Cost", 0.0)) for child in children))
    yield PlanNode(
        depth=depth, label=_label(node), detail="; ".join(_conditions(node)), rows=float(node.get("Plan Rows", 0.0)),
        cost=round(own, 2), share=0.0,
    )  # fmt: skip
    for child in children:
        yield from _tree(child, depth + 1)


def _label(node: Mapping[str, Any]) -> str:
    label = str(node.get("Node Type", "?"))
    if "Index Name" in node:
        label += f" using {node['Index Name']}"
    if "Relation Name" in node:
        label += f" on {node['Relation Name']}"
    return label


def _conditions(node: Mapping[str, Any]) -> Iterator[str]:
    for name in _CONDITIONS:
        found = node.get(name)
        if found:
            text = ", ".join(map(str, found)) if isinstance(found, list) else str(found)
            yield f"{name}: {redacted(text)}"


def _marked(nodes: list[PlanNode]) -> tuple[PlanNode, ...]:
    whole = sum(node.cost or 0.0 for node in nodes) or 1.0
    worst = max(range(len(nodes)), key=lambda number: nodes[number].cost or 0.0)
    return tuple(
        replace(node, share=round((node.cost or 0.0) / whole, 4), slow=number == worst)
        for number, node in enumerate(nodes)
    )
