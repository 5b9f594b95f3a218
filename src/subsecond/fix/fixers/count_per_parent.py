"""Fixer: rows counted for each parent in a loop become one GROUP BY before it."""

from __future__ import annotations

from typing import ClassVar

import libcst as cst

from subsecond.fix.fixer import Code, Draft, RefusedError, fixer
from subsecond.fix.loops import about, ahead, chosen, condition_of, key_column, loop_around, scope_of, snake, unchanged
from subsecond.fix.models import column, same_type
from subsecond.fix.rows import Scope
from subsecond.fix.source import Edits, below, code
from subsecond.fix.statements import Query, is_sqlalchemy, plain, query_of
from subsecond.model.audit import Audit
from subsecond.model.finding import Finding

Asked = tuple[Query, cst.BaseExpression, str]
_COUNT_FETCHES = ("scalar", "execute.scalar", "execute.scalar_one", "scalars.one", "scalars.first")


@fixer
class CountPerParent:
    """`.filter_by(fk=x.id).count()` and `func.count()` for each `x` of a list (catalogue F5).

    What must hold: as for a row fetched by its key, but the column compared with need not be unique. Key and column
    are not both without NOT NULL: `= None` becomes IS NULL, and IN never matches NULL. No limit, offset or distinct.
    """

    kinds: ClassVar[tuple[str, ...]] = ("n-plus-one-query",)

    def draft(self, finding: Finding, audit: Audit, code: Code) -> Draft:
        scope = scope_of(code, finding)
        call, asked = chosen(scope, finding, _counts(scope, finding), "counts of rows")
        return _rewritten(scope, call, asked, finding, audit)


def _counts(scope: Scope, finding: Finding) -> list[tuple[cst.Call, Asked]]:
    """All counts in the function: the call, its statement, the model whose rows it counts, what it counts."""
    found = []
    for call in below(scope.function, cst.Call):
        query = query_of(scope.source, scope.models, call)
        if query is None or len(query.entities) != 1:
            continue
        only = query.entities[0]
        if query.fetch == "count" and about(finding, scope.models.named(scope.source, only)):
            found.append((call, (query, only, "")))
        elif query.fetch in _COUNT_FETCHES and (counted := _counted(scope, only)) is not None:
            model = _counted_model(scope, query, counted)
            if model is not None and about(finding, scope.models.named(scope.source, model)):
                found.append((call, (query, model, code(only))))
    return found


def _counted(scope: Scope, expression: cst.BaseExpression) -> cst.Call | None:
    """`func.count(…)`."""
    if not isinstance(expression, cst.Call) or not isinstance(expression.func, cst.Attribute):
        return None
    counts = expression.func.attr.value == "count" and is_sqlalchemy(scope.source, expression.func.value, "func")
    return expression if counts else None


def _counted_model(scope: Scope, query: Query, counted: cst.Call) -> cst.BaseExpression | None:
    """Of `select_from(Model)`, `count(Model.column)`, or the one model that its conditions name."""
    explicit = query.called("select_from")
    candidates = [explicit.args[0].value] if explicit is not None else []
    candidates += [one.value for one in below(counted, cst.Attribute)]
    candidates += [one.value for _, call in query.calls for one in below(call, cst.Attribute)]
    return next((one for one in candidates if scope.models.named(scope.source, one) is not None), None)


def _rewritten(scope: Scope, call: cst.Call, asked: Asked, finding: Finding, audit: Audit) -> Draft:
    query, model, counted = asked
    source, where = scope.source, scope.source.where(call)
    entity = scope.models.named(source, model)
    assert entity is not None
    loop = loop_around(source, call, finding)
    condition = condition_of(source, query, model, loop)
    by = column(entity, condition.column, where)
    key = key_column(scope, loop, condition.key)
    same_type(key, by, where)
    if key.nullable and by.nullable:
        raise RefusedError(
            f"{where}: {code(condition.key)} and {entity.short}.{by.key} may both be NULL: `= None` becomes IS NULL, "
            "and IN never matches NULL"
        )
    session = plain(query.session, source) if query.session is not None else ""
    unchanged(scope, loop, session, audit, finding)

    edits = Edits(source)
    name = snake(entity.short)
    plan = ahead(edits, loop, condition.key, key.nullable, noun=snake(loop.variable), mapping=f"{name}_counts")
    number = counted or f"{edits.use('sqlalchemy', 'func')}.count()"
    conditions = ", ".join([f"{code(model)}.{by.key}.in_({plan.chunk})", *condition.rest])
    grouped = f"{code(model)}.{by.key}"
    if query.style == "select":
        assert isinstance(query.root, cst.Call)
        statement = f"{session}.execute({code(query.root.func)}({grouped}, {number}).where({conditions})"
        statement += f".group_by({grouped}))"
    else:
        columns = f"({grouped}, {number}).filter({conditions}).group_by({grouped})"
        statement = f"{session}.query{columns}" if session else f"{code(query.root)}.with_entities{columns}"
    edits.insert(
        loop.statement,
        [
            *plan.lines,
            f"    {plan.mapping}.update((key, number) for key, number in {statement})",
        ],
    )
    edits.replace(call, f"{plan.mapping}.get({code(condition.key)}, 0)")
    return Draft(
        files={source.file: edits.result()},
        summary=f"{entity.short} is counted for all rows at once, not row by row ({where})",
        promised={finding.request: {"queries": 1}},
    )
