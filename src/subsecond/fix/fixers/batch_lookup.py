"""Fixer: a row fetched by its key in a loop becomes one IN statement before it, and a dictionary."""

from __future__ import annotations

from typing import ClassVar

import libcst as cst

from subsecond.fix.callers import place_of
from subsecond.fix.fixer import Code, Draft, RefusedError, fixer
from subsecond.fix.loops import about, chosen, condition_of, scope_of, snake
from subsecond.fix.models import column, primary_key, same_type
from subsecond.fix.places import Batch
from subsecond.fix.rows import Scope
from subsecond.fix.source import Edits, below, code, names_in
from subsecond.fix.statements import Query, is_sqlalchemy, plain, query_of
from subsecond.model.audit import Audit
from subsecond.model.finding import Finding

_ONE_OR_NONE = {
    "query": ("get", "first", "one_or_none"),
    "select": (
        "scalars.first", "scalars.one_or_none", "execute.scalar_one_or_none", "execute.scalars.first", "scalar",
        "execute.scalars.one_or_none",
    ),
}  # fmt: skip
Asked = tuple[cst.BaseExpression, Query | None]
_RAISES = ("one", "scalars.one", "execute.scalar_one", "execute.scalars.one")


@fixer
class BatchLookup:
    """`session.get(M, x.k)`, `.filter_by(pk=x.k).first()` and the like for each `x` of a list (catalogue F1, F2, F3).

    What must hold: the loop runs over rows that are known, and whenever its statement does; the key is a column of
    the loop variable, of the type of the column it is compared with, whole numbers, UUIDs or days (text: a
    collation matches what a dictionary does not); that column is the primary key, or unique and never NULL; no
    write, flush, commit, rollback or expiry in the loop or what it calls, no attribute assigned, no other value for
    the variable; no `.one()`, lock, option, order or limit. Further conditions go along where they have the same
    value each time round. Where a plain function, or a method of a mapped class that has no heirs, sends the
    statement and the loop stands in the function that calls it, the rows are handed to it.
    """

    kinds: ClassVar[tuple[str, ...]] = ("n-plus-one-query",)

    def draft(self, finding: Finding, audit: Audit, code: Code) -> Draft:
        scope = scope_of(code, finding)
        call, asked = chosen(scope, finding, _lookups(scope, finding), "look-ups of one row by its key")
        return _rewritten(scope, call, asked, finding, audit)


def _lookups(scope: Scope, finding: Finding) -> list[tuple[cst.Call, Asked]]:
    """All look-ups of one row in the function: the call, its model, its statement (None: `session.get`)."""
    found: list[tuple[cst.Call, Asked]] = []
    named = scope.models.named
    for call in below(scope.function, cst.Call):
        query = query_of(scope.source, scope.models, call)
        if query is not None and len(query.entities) == 1 and about(finding, named(scope.source, query.entities[0])):
            if query.fetch in (*_ONE_OR_NONE[query.style], *_RAISES):
                found.append((call, (query.entities[0], query)))
        elif query is None and isinstance(call.func, cst.Attribute) and call.func.attr.value == "get":
            first = call.args[0].value if len(call.args) > 1 else cst.Name("None")
            if about(finding, named(scope.source, first)):
                found.append((call, (first, None)))
    return found


def _rewritten(scope: Scope, call: cst.Call, asked: Asked, finding: Finding, audit: Audit) -> Draft:
    model, query = asked
    source, where = scope.source, scope.source.where(call)
    if query is not None and query.fetch in _RAISES:
        raise RefusedError(f"{where}: .{query.ends[-1][0]}() raises where there is no row, a dictionary would not")
    entity = scope.models.named(source, model)
    assert entity is not None
    place = place_of(scope, call, finding, audit)
    rest: tuple[str, ...] = ()
    if query is None or query.fetch == "get":
        given = call.args[1:] if query is None else call.args
        if len(given) != 1 or given[0].keyword is not None or (query is not None and query.calls):
            raise RefusedError(f"{where}: get() is asked for more than a row by its key (options, a lock)")
        by, key = primary_key(entity, where), given[0].value
    else:
        condition = condition_of(source, query, model, place.own)
        by, key, rest = column(entity, condition.column, where), condition.key, condition.rest
        if by.primary_key:
            primary_key(entity, where)  # of several columns none alone is unique
        elif not by.unique or by.nullable:
            raise RefusedError(
                f"{where}: {entity.short}.{by.key} is not unique and never NULL: first() picks one of many"
            )
    if entity.parent is not None or any(entity.name == other.parent for other in scope.models.entities):
        raise RefusedError(f"{where}: {entity.short} is part of an inheritance, whose rows differ in class")
    found = place.key_column(key)
    same_type(found, by, where)
    session = _session(scope, call, query)
    place.unchanged(session, audit, finding)
    name = snake(entity.short)

    def fill(edits: Edits, mapping: str, keys: str) -> list[str]:
        conditions = ", ".join([f"{code(model)}.{by.key}.in_({keys})", *rest])
        statement = _statement(scope, model, query, session, conditions)
        row = edits.source.free(f"found_{name}")
        return [f"for {row} in {statement}:", f"    {mapping}[{row}.{by.key}] = {row}"]

    told = f"{entity.short} by {by.key}"
    batch = Batch(told=told, noun=name, mapping=f"{name}_by_{by.key}", missing="", fill=fill)
    needed = names_in(call) - names_in(key)
    return Draft(
        files=place.written(call, key, found.nullable, batch, needed),
        summary=f"{entity.short} is fetched for all rows at once, not row by row ({where})",
        promised={finding.request: {"queries": 1}},
    )


def _session(scope: Scope, call: cst.Call, query: Query | None) -> str:
    if query is not None:
        return plain(query.session, scope.source) if query.session is not None else ""
    assert isinstance(call.func, cst.Attribute)
    return plain(call.func.value, scope.source)


def _statement(scope: Scope, model: cst.BaseExpression, query: Query | None, session: str, conditions: str) -> str:
    """In the style that the code has already."""
    name = code(model)
    if query is not None and query.style == "query":
        return f"{code(query.root)}.filter({conditions})"
    local = next((word for word in scope.source.names if is_sqlalchemy(scope.source, cst.Name(word), "select")), None)
    if query is not None:
        assert isinstance(query.root, cst.Call)
        local = code(query.root.func)
    return (
        f"{session}.scalars({local}({name}).where({conditions}))"
        if local
        else (f"{session}.query({name}).filter({conditions})")
    )
