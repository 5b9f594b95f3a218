"""The tables that a finding is about, as the app's mapper knows them: what may be NULL, what refers to what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from subsecond.model.entity import Entity, EntityColumn
from subsecond.model.finding import Finding
from subsecond.sql.fingerprint import tables

MOST_TABLES = 6
"""A longer list hides the rest of the prompt; the models are in the code."""


def told(finding: Finding, entities: Sequence[Entity]) -> str:
    """One line a mapped table and its columns; empty where the finding names none or the app has no mapper."""
    names = _of_relation(finding.fingerprint, entities) or set(_bare(tables(finding.fingerprint)))
    about = [one for one in entities if one.table and one.table.rpartition(".")[2] in names]
    return "\n".join(_line(one) for one in about[:MOST_TABLES])


def _bare(names: Sequence[str]) -> Iterator[str]:
    return (one.rpartition(".")[2] for one in names)


def _of_relation(relation: str, entities: Sequence[Entity]) -> set[str]:
    """Tables of `Class.attribute`: the class's own, that between and that of the target; empty for a statement."""
    owner, _, key = relation.rpartition(".")
    found = set[str]()
    for entity in entities:
        for one in entity.relations:
            if (entity.short, one.key) == (owner, key):
                target = next((each.table for each in entities if each.name == one.target), None)
                found |= set(_bare([name for name in (entity.table, target, one.secondary) if name]))
    return found


def _line(entity: Entity) -> str:
    columns = ", ".join(_column(one) for one in entity.columns)
    return f"{entity.table} ({entity.name}): {columns}"


def _column(one: EntityColumn) -> str:
    words = [one.name, one.type, "primary key" if one.primary_key else "null" if one.nullable else "not null"]
    words += ["unique"] if one.unique else ["indexed"] if one.indexed and not one.primary_key else []
    return " ".join([*words, *(f"→ {each}" for each in one.references)])
