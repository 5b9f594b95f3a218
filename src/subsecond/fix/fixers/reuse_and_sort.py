"""Fixer: the same rows fetched again in another order are sorted instead."""

from __future__ import annotations

from typing import ClassVar

import libcst as cst

from subsecond.fix.effects import Effects, no_recorded_write
from subsecond.fix.fixer import Code, Draft, RefusedError, fixer
from subsecond.fix.loops import scope_of
from subsecond.fix.models import column, sortable
from subsecond.fix.rows import Scope
from subsecond.fix.source import Edits, Statement, below, code, names_in, targets
from subsecond.fix.statements import Query, direction, plain
from subsecond.model.audit import Audit
from subsecond.model.entity import Entity
from subsecond.model.finding import Finding


@fixer
class ReuseAndSort:
    """`a = q.order_by(X).all()`, then `b = q.order_by(Y).all()`: `b = sorted(…, key=Y)` (catalogue F14).

    What must hold: both in one function and block, equal but for their order; the second order is made of columns that
    Python sorts as the database does and that are never NULL, and ends in the first entity's primary key, so that
    there are no ties; joins are on the primary key of what is joined, so that no row comes twice; no write and no
    attribute assigned from the first to the second. The first list is copied, so it may be changed in between.
    Both reading the same snapshot is what the code gets now, it could see two before.
    """

    kinds: ClassVar[tuple[str, ...]] = ("reordered-query",)

    def draft(self, finding: Finding, audit: Audit, code: Code) -> Draft:
        scope = scope_of(code, finding)
        first, again = _pair(scope, finding)
        where = scope.source.where(again[1].node)
        keys = _keys(scope, again[1], where)
        between = _between(scope, first[0], again[0], where)
        session = plain(again[1].session, scope.source) if again[1].session is not None else ""
        Effects(scope.code, scope.models, session).none_in(scope.source, between, scope.function)
        for statement in between:
            no_recorded_write(audit, finding.requests, scope.source, statement)
        return _rewritten(scope, first, again, keys, finding)


Fetch = tuple[cst.SimpleStatementLine, Query]


def _fetches(scope: Scope) -> list[Fetch]:
    """Statements `name = <query>.all()` of the function, in order."""
    found = []
    for line in below(scope.function, cst.SimpleStatementLine):
        for one in line.body:
            if isinstance(one, cst.Assign) and len(one.targets) == 1 and isinstance(one.targets[0].target, cst.Name):
                query = scope.query(one.value)
                if query is not None and query.fetch in ("all", "scalars.all"):
                    found.append((line, query))
    return found


def _pair(scope: Scope, finding: Finding) -> tuple[Fetch, Fetch]:
    """The statement at the finding's line and the nearest before it that differs by its order alone."""
    fetches = _fetches(scope)
    pairs = [
        (earlier, later)
        for number, later in enumerate(fetches)
        for earlier in reversed(fetches[:number])
        if _but_order(earlier[1]) == _but_order(later[1]) and _order(later[1])
    ]
    at = [pair for pair in pairs if scope.source.holds(pair[1][0], finding.line)] or pairs
    if not at:
        raise RefusedError(
            f"{finding.file}:{finding.line}: no two statements of {finding.function} differ by their order alone"
        )
    return at[0]


def _but_order(query: Query) -> tuple[str, list[str]]:
    session = code(query.session) if query.session is not None else ""
    shaping = [
        f"{name}({', '.join(code(one.with_changes(comma=cst.MaybeSentinel.DEFAULT)) for one in call.args)})"
        for name, call in query.calls
        if name != "order_by"
    ]
    return f"{session} {code(query.root)} {query.fetch}", shaping


def _order(query: Query) -> list[cst.Arg]:
    return [argument for name, call in query.calls if name == "order_by" for argument in call.args]


def _keys(scope: Scope, query: Query, where: str) -> list[tuple[str, bool, str]]:
    """The order as (attribute from the row on, descending, type). Raises RefusedError where Python's would differ."""
    bad = query.called("limit", "offset", "slice", "distinct", "group_by", "with_entities", "yield_per", "outerjoin")
    if bad is not None:
        raise RefusedError(
            f"{scope.source.where(bad)}: {code(bad.func)[-60:]}() depends on the order, or changes the rows"
        )
    entities = {code(one): scope.models.named(scope.source, one) for one in query.entities}
    alone = len(entities) == 1 and (query.style == "query" or query.fetch.startswith("scalars"))
    keys, last = [], None
    for argument in _order(query):
        value, descending = direction(argument.value)
        model = code(value.value) if isinstance(value, cst.Attribute) else ""
        entity = entities.get(model)
        if not isinstance(value, cst.Attribute) or entity is None:
            raise RefusedError(f"{where}: the order {code(argument.value)} is no column of what is fetched")
        by = column(entity, value.attr.value, where)
        sortable(by, where)
        last = (entity, by)
        keys.append((by.key if alone else f"{entity.short}.{by.key}", descending, by.type))
    main = next(iter(entities.values()))
    if main is None or last is None or last[0] is not main or not last[1].primary_key:
        raise RefusedError(f"{where}: the order does not end in the primary key of what is fetched: ties are open")
    _each_once(scope, query, main, where)
    return keys


def _each_once(scope: Scope, query: Query, main: Entity, where: str) -> None:
    """Raises RefusedError where a join may bring a row of the first entity several times."""
    joined = [call for name, call in query.calls if name.startswith("join")]
    for call in joined:
        what = [argument.value for argument in call.args]
        entity = scope.models.named(scope.source, what[0]) if what else None
        on = code(what[1]) if len(what) == 2 else ""
        keys = [f"{code(what[0])}.{one.key}" for one in entity.columns if one.primary_key] if entity else []
        sides = [side.strip() for side in on.split("==")]
        if len(keys) != 1 or len(sides) != 2 or keys[0] not in sides:
            raise RefusedError(f"{scope.source.where(call)}: the join may bring a row of {main.short} several times")
    if len(query.entities) > 1 + len(joined):
        raise RefusedError(f"{where}: entities without a join bring every row with every other")


def _between(scope: Scope, first: Statement, again: Statement, where: str) -> list[cst.CSTNode]:
    """The statements from one to the other, in the same block. Raises RefusedError where they are not."""
    block = scope.source.parent(first)
    if block is None or block is not scope.source.parent(again):
        raise RefusedError(f"{where}: the first statement stands in another block, {scope.source.where(first)}")
    body = list(block.children)
    between = body[body.index(first) + 1 : body.index(again)]
    fixed = names_in(first) - targets(first)
    changed = fixed & set[str]().union(*(targets(one) for one in between))
    if changed:
        raise RefusedError(f"{where}: {sorted(changed)[0]} gets another value before it")
    return between


def _rewritten(scope: Scope, first: Fetch, again: Fetch, keys: list[tuple[str, bool, str]], finding: Finding) -> Draft:
    source, edits = scope.source, Edits(scope.source)
    where, name = source.where(again[1].node), sorted(targets(first[0]))[0]
    kept, row = source.free(f"{name}_as_fetched"), "row"
    _insert_after(scope, edits, first[0], f"{kept} = list({name})")
    text = kept
    if all(not descending for _, descending, _ in keys) or len(keys) == 1:
        text = _sorted(text, [key for key, _, _ in keys], row, keys[0][1])
    else:  # from the last key to the first: sorting keeps what is equal in its order
        for key, descending, _ in reversed(keys):
            text = _sorted(text, [key], row, descending)
    edits.replace(again[1].node, text)
    return Draft(
        files={source.file: edits.result()},
        summary=f"The rows fetched at {source.where(first[1].node)} are sorted, not fetched again ({where})",
        promised={finding.request: {"queries": 1}},
    )


def _sorted(rows: str, keys: list[str], row: str, descending: bool) -> str:
    attributes = ", ".join(f"{row}.{key}" for key in keys)
    key = attributes if len(keys) == 1 else f"({attributes})"
    return f"sorted({rows}, key=lambda {row}: {key}{', reverse=True' if descending else ''})"


def _insert_after(scope: Scope, edits: Edits, statement: Statement, line: str) -> None:
    block = scope.source.parent(statement)
    assert block is not None
    body = list(block.children)
    following = body[body.index(statement) + 1]
    assert isinstance(following, Statement)
    edits.insert(following, [line])
