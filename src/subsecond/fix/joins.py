"""How a relationship comes along with its parents' statement: by a join in it, or by a statement behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal

import libcst as cst

from subsecond.fix.loaders import Loader, Step, loaded_at_once
from subsecond.fix.models import Models
from subsecond.fix.source import below, code
from subsecond.model.entity import Entity, Relation

Way = Literal["defaultload", "joinedload", "selectinload"]
_BESIDE = (
    "with_for_update", "distinct", "group_by", "having", "from_self", "text", "column", "literal_column", "statement",
)  # fmt: skip
"""Beside them a statement gets no join more: rows are locked, columns grouped, names written out bare."""
_CLAUSES = re.compile(r"\bfor (?:no key )?update\b|\bfor (?:key )?share\b|\bdistinct\b|\bgroup by\b")
_LARGE = re.compile("text|lob|binary|bytea|json|array", re.IGNORECASE)
"""Types whose values would be sent with each parent, not once."""


def ways(loader: Loader, path: Sequence[Step], models: Models) -> list[Way]:
    """How each relationship on a path is loaded; what the statement loads already keeps its own way.

    A join, where it changes neither rows nor their order, and sends no large values again and again: of one row found
    by its key, in a statement that says its order or brings one row. Else a statement of its own.
    """
    found = list[Way]()
    joins = _takes_joins(loader)
    for step in path:
        target = models.called(step.relation.target)
        joins = joins and not step.relation.uselist
        if step is not path[-1] and loaded_at_once(loader, step):
            found.append("defaultload")
        elif joins and _one_by_key(step.relation, target, models) and _fits(loader, target, models):
            found.append("joinedload")
        else:
            found.append("selectinload")
            joins = False
    return found


def _takes_joins(loader: Loader) -> bool:
    """Whether a join in the statement could change nothing but its columns."""
    group = loader.group
    called = {code(call.func).rpartition(".")[2] for call in below(loader.function, cst.Call)}
    if group is None or called.intersection(_BESIDE) or _CLAUSES.search(group.fingerprint):
        return False
    return _single(loader) or " order by " in group.fingerprint


def _single(loader: Loader) -> bool:
    """Whether the statement brings one row at most each time."""
    return loader.group is not None and (loader.group.rows or 0) <= loader.group.count


def _one_by_key(relation: Relation, target: Entity, models: Models) -> bool:
    """Whether it is one row at most, none where there is none, by the target's whole key, and nothing more with it."""
    remote = {pair[1].rpartition(".")[2] for pair in relation.keys}
    lineage = models.lineage(target)
    keys = [{one.name for one in each.columns if one.primary_key and one.table == each.table} for each in lineage]
    unique = {one.name for each in lineage for one in each.columns if one.unique}
    by_key = any(one and one <= remote for one in keys) or bool(unique & remote)
    plain = relation.direction == "MANYTOONE" and relation.secondary is None and not relation.innerjoin
    return plain and by_key and not _brings_more(target, models, set())


def _brings_more(entity: Entity, models: Models, seen: set[str]) -> bool:
    """Whether loading it joins a collection, or says an order: the model itself asks for that."""
    seen.add(entity.name)
    for relation in _relations(entity, models):
        if relation.lazy in ("joined", "False"):
            target = models.called(relation.target)
            if relation.uselist or relation.ordered:
                return True
            if target.name not in seen and _brings_more(target, models, seen):
                return True
    return False


def _relations(entity: Entity, models: Models) -> Iterator[Relation]:
    """Its own relationships, inherited ones, and those of its subclasses."""
    for one in models.entities:
        if one in models.lineage(entity) or entity in models.lineage(one):
            yield from one.relations


def _fits(loader: Loader, target: Entity, models: Models) -> bool:
    """Whether its columns are no burden, and none has a name that the statement writes out bare."""
    columns = [one for each in models.lineage(target) for one in each.columns]
    if not _single(loader) and any(_LARGE.search(one.type) and not one.deferred for one in columns):
        return False
    text = loader.group.fingerprint if loader.group is not None else ""
    return not any(re.search(rf"(?<![\w.])(?<!\bas ){re.escape(one.name)}(?![\w.(])", text) for one in columns)
