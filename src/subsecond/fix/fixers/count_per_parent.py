"""Fixer: rows counted or added up for each parent in a loop become one GROUP BY before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import libcst as cst

from subsecond.fix.callers import place_of
from subsecond.fix.fixer import Code, Draft, fixer
from subsecond.fix.loops import about, chosen, condition_of, noun_of, scope_of, snake
from subsecond.fix.places import Batch, matched
from subsecond.fix.rows import Scope
from subsecond.fix.source import Edits, below, code, names_in
from subsecond.fix.statements import Query, is_sqlalchemy, plain, query_of
from subsecond.model.audit import Audit
from subsecond.model.finding import Finding

_NAMES = {"count": "counts", "sum": "sums", "min": "least", "max": "greatest", "avg": "averages"}
_SUMMED_WHOLE = ("Integer", "SmallInteger", "INTEGER", "SMALLINT")
"""Whose sum is a whole number in Python; of larger ones PostgreSQL makes a decimal, which 0 is not."""
_COUNT_FETCHES = ("scalar", "execute.scalar", "execute.scalar_one", "scalars.one", "scalars.first")


@fixer
class CountPerParent:
    """`.filter_by(fk=x.id).count()` and `func.count()` for each `x` of a list (catalogue F5); `func.sum()`, `min()`,
    `max()` and `avg()` likewise, which are None where there are no rows.

    What must hold: as for a row fetched by its key, but the column compared with need not be unique. Key and column
    are not both without NOT NULL: `= None` becomes IS NULL, and IN never matches NULL. No limit, offset or distinct. A
    `coalesce` around it has a number written out, and a column of whole numbers.
    """

    kinds: ClassVar[tuple[str, ...]] = ("n-plus-one-query",)

    def draft(self, finding: Finding, audit: Audit, code: Code) -> Draft:
        scope = scope_of(code, finding)
        call, asked = chosen(scope, finding, _counts(scope, finding), "counts or sums of rows")
        return _rewritten(scope, call, asked, finding, audit)


@dataclass(frozen=True)
class Asked:
    """A statement, the model whose rows it is about, what it makes of them (empty: `.count()`), the function's name,
    and what it answers where there are none (empty: None)."""

    query: Query
    model: cst.BaseExpression
    number: str = ""
    name: str = "count"
    missing: str = "0"


def _counts(scope: Scope, finding: Finding) -> list[tuple[cst.Call, Asked]]:
    """All counts and sums in the function."""
    found = []
    for call in below(scope.function, cst.Call):
        query = query_of(scope.source, scope.models, call)
        if query is None or len(query.entities) != 1:
            continue
        only = query.entities[0]
        if query.fetch == "count" and about(finding, scope.models.named(scope.source, only)):
            found.append((call, Asked(query, only)))
        elif query.fetch in _COUNT_FETCHES and (made := _made(scope, only)) is not None:
            counted, name, missing = made
            model = _counted_model(scope, query, counted)
            if model is not None and about(finding, scope.models.named(scope.source, model)):
                found.append((call, Asked(query, model, code(only), name, missing)))
    return found


def _made(scope: Scope, expression: cst.BaseExpression) -> tuple[cst.Call, str, str] | None:
    """Of `func.count(…)`, `func.sum(…)`, `func.coalesce(func.sum(…), 0)` …: the inner call, its name, what none is."""
    call, name = _function(scope, expression)
    if call is None:
        return None
    if name in _NAMES:
        return call, name, "0" if name == "count" else ""
    if name != "coalesce" or len(call.args) != 2:
        return None
    inner, name = _function(scope, call.args[0].value)
    other = call.args[1].value
    if inner is None or name not in ("sum", "min", "max") or not isinstance(other, cst.Integer) or len(inner.args) != 1:
        return None
    of = inner.args[0].value
    entity = scope.models.named(scope.source, of.value) if isinstance(of, cst.Attribute) else None
    key = of.attr.value if isinstance(of, cst.Attribute) else ""
    types = [one.type for one in entity.columns if one.key == key] if entity is not None else []
    return (inner, name, code(other)) if types and types[0] in _SUMMED_WHOLE else None


def _function(scope: Scope, expression: cst.BaseExpression) -> tuple[cst.Call | None, str]:
    """A call of one of SQLAlchemy's `func`, and its name."""
    if not isinstance(expression, cst.Call) or not isinstance(expression.func, cst.Attribute):
        return None, ""
    known = is_sqlalchemy(scope.source, expression.func.value, "func")
    return (expression, expression.func.attr.value) if known else (None, "")


def _counted_model(scope: Scope, query: Query, counted: cst.Call) -> cst.BaseExpression | None:
    """Of `select_from(Model)`, `count(Model.column)`, or the one model that its conditions name."""
    explicit = query.called("select_from")
    candidates = [explicit.args[0].value] if explicit is not None else []
    candidates += [one.value for one in below(counted, cst.Attribute)]
    candidates += [one.value for _, call in query.calls for one in below(call, cst.Attribute)]
    return next((one for one in candidates if scope.models.named(scope.source, one) is not None), None)


def _rewritten(scope: Scope, call: cst.Call, asked: Asked, finding: Finding, audit: Audit) -> Draft:
    query, model = asked.query, asked.model
    source, where = scope.source, scope.source.where(call)
    entity = scope.models.named(source, model)
    assert entity is not None
    place = place_of(scope, call, finding, audit)
    condition = condition_of(source, query, model, place.own)
    by, key = matched(place, condition, entity, where)
    session = plain(query.session, source) if query.session is not None else ""
    place.unchanged(session, audit, finding)
    name = snake(entity.short)

    def fill(edits: Edits, mapping: str, keys: str) -> list[str]:
        number = asked.number or f"{edits.use('sqlalchemy', 'func')}.count()"
        conditions = ", ".join([f"{code(model)}.{by.key}.in_({keys})", *condition.rest])
        grouped = f"{code(model)}.{by.key}"
        if query.style == "select":
            assert isinstance(query.root, cst.Call)
            statement = f"{session}.execute({code(query.root.func)}({grouped}, {number}).where({conditions})"
            statement += f".group_by({grouped}))"
        else:
            columns = f"({grouped}, {number}).filter({conditions}).group_by({grouped})"
            statement = f"{session}.query{columns}" if session else f"{code(query.root)}.with_entities{columns}"
        return [f"{mapping}.update((key, number) for key, number in {statement})"]

    what = "Number" if asked.name == "count" else asked.name.capitalize()
    told = f"{what} of {entity.short} by {by.key}"
    batch = Batch(
        told=told, noun=noun_of(condition.key), mapping=f"{name}_{_NAMES[asked.name]}", missing=asked.missing, fill=fill
    )
    needed = names_in(call) - names_in(condition.key)
    return Draft(
        files=place.written(call, condition.key, key.nullable, batch, needed),
        summary=f"{entity.short}: the {asked.name} is asked for all rows at once, not row by row ({where})",
        promised={finding.request: {"queries": 1}},
    )
