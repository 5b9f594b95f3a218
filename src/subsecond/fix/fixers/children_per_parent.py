"""Fixer: the rows of each parent, fetched in a loop, become one IN statement before it, grouped by parent."""

from __future__ import annotations

from typing import ClassVar

import libcst as cst

from subsecond.fix.callers import place_of
from subsecond.fix.fixer import Code, Draft, RefusedError, fixer
from subsecond.fix.loops import about, chosen, condition_of, noun_of, scope_of, snake
from subsecond.fix.places import Batch, matched
from subsecond.fix.rows import ONE_BY_ONE, Scope
from subsecond.fix.source import Edits, below, code, names_in
from subsecond.fix.statements import Query, direction, plain, query_of
from subsecond.model.audit import Audit
from subsecond.model.entity import Entity
from subsecond.model.finding import Finding

_LISTS = {"query": ("all",), "select": ("scalars.all", "execute.scalars.all")}
_KEPT = ("order_by", "options")
"""Calls that one statement for all parents has too, as they are."""


@fixer
class ChildrenPerParent:
    """`.filter_by(fk=x.id).order_by(…).all()` for each `x` of a list: one statement, grouped in Python (catalogue F4).

    What must hold: as for rows counted for each parent; no limit or offset either, which would be of all parents
    together; the order ends in the primary key, or a column that is unique and never NULL, since rows in no order come
    as the plan likes, which is another one then. Each parent gets a list of its own, an empty one where it has no rows.
    """

    kinds: ClassVar[tuple[str, ...]] = ("n-plus-one-query",)

    def draft(self, finding: Finding, audit: Audit, code: Code) -> Draft:
        scope = scope_of(code, finding)
        call, query = chosen(scope, finding, _fetches(scope, finding), "lists of rows")
        return _rewritten(scope, call, query, finding, audit)


def _fetches(scope: Scope, finding: Finding) -> list[tuple[cst.Call, Query]]:
    """All statements of the function that fetch rows of one model, as a list or to be run over."""
    found = []
    for call in below(scope.function, cst.Call):
        query = query_of(scope.source, scope.models, call)
        if query is None or len(query.entities) != 1:
            continue
        listed = query.fetch in _LISTS[query.style] or (
            query.fetch in ONE_BY_ONE[query.style] and _is_run_over(scope, call)
        )
        if listed and about(finding, scope.models.named(scope.source, query.entities[0])):
            found.append((call, query))
    return found


def _is_run_over(scope: Scope, call: cst.Call) -> bool:
    holder = scope.source.parent(call)
    return isinstance(holder, cst.For | cst.CompFor) and holder.iter is call


def _rewritten(scope: Scope, call: cst.Call, query: Query, finding: Finding, audit: Audit) -> Draft:
    source, where = scope.source, scope.source.where(call)
    model = query.entities[0]
    entity = scope.models.named(source, model)
    assert entity is not None
    place = place_of(scope, call, finding, audit)
    condition = condition_of(source, query, model, place.own, besides=_KEPT)
    by, key = matched(place, condition, entity, where)
    if by.deferred:
        raise RefusedError(f"{where}: {entity.short}.{by.key} is deferred: reading it loads it row by row")
    kept = _kept(scope, query, entity, place.own, where)
    session = plain(query.session, source) if query.session is not None else ""
    place.unchanged(session, audit, finding)
    name = snake(entity.short)

    def fill(edits: Edits, mapping: str, keys: str) -> list[str]:
        conditions = ", ".join([f"{code(model)}.{by.key}.in_({keys})", *condition.rest])
        if query.style == "select":
            assert isinstance(query.root, cst.Call)
            statement = f"{session}.scalars({code(query.root.func)}({code(model)}).where({conditions}){kept})"
        else:
            statement = f"{code(query.root)}.filter({conditions}){kept}"
        row = edits.source.free(f"found_{name}")
        return [f"for {row} in {statement}:", f"    {mapping}.setdefault({row}.{by.key}, []).append({row})"]

    told = f"{entity.short} rows by {by.key}"
    batch = Batch(
        told=told, noun=noun_of(condition.key), mapping=f"{name}_rows_by_{by.key}", missing="()", fill=fill, listed=True
    )
    return Draft(
        files=place.written(call, condition.key, key.nullable, batch, names_in(call) - names_in(condition.key)),
        summary=f"{entity.short}: the rows of all parents are fetched at once, not parent by parent ({where})",
        promised={finding.request: {"queries": 1}},
    )


def _kept(scope: Scope, query: Query, entity: Entity, own: set[str], where: str) -> str:
    """The calls that stay, as text. Raises RefusedError where they differ from parent to parent or leave ties open."""
    kept = [(name, call) for name, call in query.calls if name in _KEPT]
    for _, call in kept:
        if changing := sorted(set[str]().union(*(names_in(one) for one in call.args)) & own):
            raise RefusedError(f"{scope.source.where(call)}: {changing[0]} is another one each time round")
    order = [argument.value for name, call in kept if name == "order_by" for argument in call.args]
    last = direction(order[-1])[0] if order else None
    at = last.attr.value if isinstance(last, cst.Attribute) and code(last.value) == code(query.entities[0]) else ""
    found = next((one for one in entity.columns if one.key == at), None)
    alone = sum(one.primary_key for one in entity.columns) == 1
    if found is None or not ((found.primary_key and alone) or (found.unique and not found.nullable)):
        raise RefusedError(
            f"{where}: the order does not end in the primary key of {entity.short}: with rows of other parents among "
            "them, those tied may come otherwise"
        )
    texts = (f".{name}({', '.join(code(_alone(one)) for one in call.args)})" for name, call in kept)
    return "".join(texts)


def _alone(argument: cst.Arg) -> cst.Arg:
    return argument.with_changes(comma=cst.MaybeSentinel.DEFAULT)
