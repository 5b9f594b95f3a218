"""PostgreSQL."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from subsecond.model.database import DatabaseFacts, Plan, Table
from subsecond.model.index import IndexKey, IndexSpec
from subsecond.sql.dialect import Access, dialect
from subsecond.sql.names import key_sql, quoted

PAGE_BYTES = 8192
DEFAULTS = {"random_page_cost": 4.0, "seq_page_cost": 1.0, "cpu_tuple_cost": 0.01, "cpu_operator_cost": 0.0025}
# what these give for a timestamp with a time zone depends on the session's zone: no index may hold it
_ZONED = re.compile(r"\b(date|date_trunc|extract|date_part|to_char|cast|timestamp_trunc)\b", re.I)
_NEVER = re.compile(r"\b(now|current_date|current_timestamp|random|to_char|to_date|age|concat|concat_ws)\b", re.I)
"""Stable or volatile whatever their arguments (pg_proc.provolatile)."""


@dialect
class Postgresql:
    """Statements, plans and costs of PostgreSQL."""

    def create_index_sql(self, spec: IndexSpec, name: str, *, concurrently: bool = False) -> str:
        words = ["CREATE INDEX", *(["CONCURRENTLY"] if concurrently else []), quoted(name), "ON", quoted(spec.table)]
        words += [f"USING {spec.method}"] if spec.method else []
        words.append(f"({', '.join(key_sql(key) for key in spec.keys)})")
        words += [f"INCLUDE ({', '.join(quoted(column) for column in spec.include)})"] if spec.include else []
        words += [f"WHERE {spec.where}"] if spec.where else []
        return " ".join(words)

    def drop_index_sql(self, spec: IndexSpec, name: str, *, concurrently: bool = False) -> str:
        return f"DROP INDEX {'CONCURRENTLY ' if concurrently else ''}IF EXISTS {_beside_its_table(spec, name)}"

    def index_bytes_sql(self, spec: IndexSpec, name: str) -> str:
        return f"SELECT pg_relation_size('{_beside_its_table(spec, name)}'::regclass)"

    def accesses(self, plan: Plan) -> list[Access]:
        return list(_accesses(plan.tree)) if plan.tree else []

    def cost_share(self, table: Table, matched: float, correlation: float, settings: Mapping[str, str]) -> float:
        """The planner's own formulas for a plain and a bitmap index scan (costsize.c), the cheaper of them."""
        cost = {name: float(settings.get(name, default)) for name, default in DEFAULTS.items()}
        pages = float(table.pages or max(1.0, table.rows * 100 / PAGE_BYTES))
        rows = max(table.rows, 1.0)
        whole = pages * cost["seq_page_cost"] + rows * (cost["cpu_tuple_cost"] + cost["cpu_operator_cost"])
        fetched = min(2 * pages * matched / (2 * pages + matched), pages)  # Mackert and Lohman, all of it cached
        apart = cost["random_page_cost"] - (cost["random_page_cost"] - cost["seq_page_cost"]) * math.sqrt(
            fetched / pages
        )
        ordered = max(1.0, matched / rows * pages) * cost["seq_page_cost"]
        scattered = fetched * cost["random_page_cost"]
        plain = scattered - correlation**2 * (scattered - ordered)
        of_rows = matched * (cost["cpu_tuple_cost"] + 2 * cost["cpu_operator_cost"])
        descent = 2 * cost["random_page_cost"]
        return (min(plain, fetched * apart) + of_rows + descent) / whole

    def why_no_key(self, expression: str, kind: str) -> str | None:
        if found := _NEVER.search(expression):
            return f"{found[0].lower()}() is not immutable, so no index can hold it"
        if kind.startswith("timestamp") and "with time zone" in kind and _ZONED.search(expression):
            return "what it gives for a timestamp with time zone depends on the session's zone: no index can hold it"
        return None

    def pattern_key(self, key: IndexKey, built: bool, insensitive: bool, facts: DatabaseFacts) -> IndexKey | str:
        if insensitive:
            return "ILIKE needs a trigram index (pg_trgm), or lower(…) LIKE with an index on lower(…)"
        return key if facts.c_collation else replace(key, operators="text_pattern_ops")


def _beside_its_table(spec: IndexSpec, name: str) -> str:
    """An index lies in its table's schema."""
    schema = spec.table.rpartition(".")[0]
    return quoted(f"{schema}.{name}" if schema else name)


def _accesses(node: Mapping[str, Any]) -> Iterator[Access]:
    relation = node.get("Relation Name")
    if relation is not None:
        schema = node.get("Schema")
        yield Access(
            table=f"{schema}.{relation}" if schema else str(relation),
            alias=str(node.get("Alias", relation)),
            index=None if node["Node Type"] == "Seq Scan" else _index(node),
            rows=float(node.get("Plan Rows", 0)),
            filtered="Filter" in node,
        )
    for child in node.get("Plans", []):
        yield from _accesses(child)


def _index(node: Mapping[str, Any]) -> str:
    """The index a scan goes by; a bitmap scan's stands below it, several are told as `a and b`."""
    if "Index Name" in node:
        return str(node["Index Name"])
    names = [_index(child) for child in node.get("Plans", [])]
    return " and ".join(name for name in names if name) or str(node["Node Type"])
