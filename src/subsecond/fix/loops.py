"""A statement in a loop, and the one statement before the loop that takes its place."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import libcst as cst

from subsecond.fix.effects import Effects, no_recorded_write
from subsecond.fix.fixer import Code, RefusedError
from subsecond.fix.models import Models
from subsecond.fix.rows import Scope
from subsecond.fix.source import Edits, Function, Source, Statement, below, code, names_in, parsed, targets
from subsecond.fix.statements import Query, is_sqlalchemy, roots_of
from subsecond.model.audit import Audit
from subsecond.model.entity import Entity, EntityColumn
from subsecond.model.finding import Finding
from subsecond.sql.fingerprint import tables

T = TypeVar("T")
_EAGER_CALLERS = ("sum", "list", "tuple", "set", "dict", "sorted", "any", "all", "max", "min", "frozenset")


@dataclass(frozen=True)
class Loop:
    """A `for` statement or a comprehension; `statement` is what it is, or stands in."""

    node: cst.For | cst.BaseComp
    statement: Statement
    variable: str
    items: cst.BaseExpression
    body: tuple[cst.CSTNode, ...]

    @property
    def own(self) -> set[str]:
        """Names that have another value each time round."""
        return {self.variable}.union(*(targets(node) for node in self.body))


def loop_around(source: Source, call: cst.BaseExpression) -> Loop | None:
    """The innermost loop that sends a call each time round, None where its function has none.

    Raises RefusedError where it is a loop that no statement can be put before.
    """
    inner: cst.CSTNode = call
    for one in source.above(call):
        where = source.where(one)
        if isinstance(one, cst.Await):
            raise RefusedError(f"{where}: an asynchronous session (await)")
        if isinstance(one, cst.For) and inner is one.body:
            if one.asynchronous is not None:
                raise RefusedError(f"{where}: an asynchronous loop")
            return Loop(one, one, _variable(one.target, where), one.iter, (one.body,))
        if isinstance(one, cst.BaseComp) and inner is not one.for_in:
            return _comprehension(source, one)
        if isinstance(one, cst.CompFor) and inner is not one.iter:
            holder = source.parent(one)
            if isinstance(holder, cst.BaseComp):
                return _comprehension(source, holder)
        if isinstance(one, cst.While):
            raise RefusedError(f"{where}: a while loop: its keys are not known before it runs")
        if isinstance(one, Function | cst.Lambda):
            break
        inner = one
    return None


def _comprehension(source: Source, node: cst.BaseComp) -> Loop:
    where, whole = source.where(node), node.for_in
    if whole.inner_for_in is not None or whole.asynchronous is not None:
        raise RefusedError(f"{where}: a comprehension with several loops, or an asynchronous one")
    if isinstance(node, cst.GeneratorExp):
        holder = next((one for one in source.above(node) if not isinstance(one, cst.Arg)), None)
        at_once = isinstance(holder, cst.Call) and (
            code(holder.func) in _EAGER_CALLERS or code(holder.func).endswith(".join")
        )
        if not at_once:
            raise RefusedError(f"{where}: a generator: it runs later than it is written")
    if any(isinstance(one, cst.Lambda) for one in source.above(node)):
        raise RefusedError(f"{where}: it stands in a lambda")
    statement = source.statement(node)
    if not isinstance(statement, cst.SimpleStatementLine | cst.For | cst.If):
        raise RefusedError(f"{where}: give the comprehension a statement of its own")
    if isinstance(statement, cst.If) and _is_elif(source, statement):
        raise RefusedError(f"{where}: give the comprehension a statement of its own, before the if")
    _runs_with(source, node, statement)
    return Loop(node, statement, _variable(whole.target, where), whole.iter, (node,))


def _runs_with(source: Source, node: cst.BaseComp, statement: Statement) -> None:
    """Raises RefusedError where the statement may run, or begin to, without the comprehension."""
    where = source.where(node)
    inner: cst.CSTNode = node
    if isinstance(statement, cst.SimpleStatementLine) and len(statement.body) > 1:
        raise RefusedError(f"{where}: give the comprehension a line of its own")
    for one in source.above(node):
        always = {cst.BooleanOperation: "left", cst.IfExp: "test", cst.If: "test", cst.For: "iter"}.get(type(one))
        if isinstance(one, cst.Assert | cst.BaseComp) or (always is not None and getattr(one, always) is not inner):
            raise RefusedError(f"{where}: give the comprehension a statement of its own: it does not always run")
        if one is statement:
            return
        inner = one


def _before(source: Source, loop: Loop) -> list[cst.Call]:
    """Calls that a statement makes before it comes to a comprehension in it, and that then come after its rows."""
    held = {loop.node, *source.above(loop.node)}
    first = source.begins(loop.node)
    return [one for one in below(loop.statement, cst.Call) if one not in held and source.begins(one) < first]


def _is_elif(source: Source, statement: cst.If) -> bool:
    holder = source.parent(statement)
    return isinstance(holder, cst.If) and holder.orelse is statement


def _variable(target: cst.BaseExpression, where: str) -> str:
    if not isinstance(target, cst.Name):
        raise RefusedError(f"{where}: the loop has several variables ({code(target)})")
    return target.value


@dataclass(frozen=True)
class Condition:
    """What a statement in a loop asks for: `column` of its model equals `key`, and further conditions as text."""

    column: str
    key: cst.BaseExpression
    rest: tuple[str, ...]


def condition_of(
    source: Source, query: Query, model: cst.BaseExpression, own: set[str], *, besides: Collection[str] = ()
) -> Condition:
    """The conditions of a statement, split. `own`: names that have another value each time round; `besides`: calls that
    the caller sees to.

    Raises RefusedError where they, or anything else in it, do not fit.
    """
    keys: list[tuple[str, cst.BaseExpression]] = []
    rest: list[str] = []
    for name, call in query.calls:
        where = source.where(call)
        if name == "select_from" or name in besides:
            continue
        if name not in ("filter", "where", "filter_by"):
            raise RefusedError(f"{where}: the statement has .{name}(), which one statement for all rows cannot keep")
        for argument in call.args:
            if argument.star:
                raise RefusedError(f"{where}: conditions are handed over as a list")
            value = argument.value
            if name == "filter_by" and argument.keyword is not None:
                if names_in(value) & own:
                    keys.append((argument.keyword.value, value))
                else:
                    rest.append(f"{code(model)}.{argument.keyword.value} == {_steady(source, value)}")
            elif not names_in(value) & own:
                rest.append(_steady(source, value))
            else:
                keys.append(_equality(source, value, code(model), own))
    if len(keys) != 1:
        raise RefusedError(
            f"{source.where(query.node)}: {len(keys) or 'no'} conditions use the loop variable, wanted one"
        )
    return Condition(keys[0][0], keys[0][1], tuple(rest))


def _equality(source: Source, value: cst.BaseExpression, model: str, own: set[str]) -> tuple[str, cst.BaseExpression]:
    """`Model.column == key`, either way round."""
    if isinstance(value, cst.Comparison) and len(value.comparisons) == 1:
        pair = value.comparisons[0]
        if isinstance(pair.operator, cst.Equal):
            for one, other in ((value.left, pair.comparator), (pair.comparator, value.left)):
                if isinstance(one, cst.Attribute) and code(one.value) == model and names_in(other) & own:
                    return one.attr.value, other
    raise RefusedError(f"{source.where(value)}: the condition {code(value)} uses the loop variable and is no equality")


_HARMLESS = ("is_", "is_not", "isnot", "in_", "not_in", "notin_", "like", "ilike", "between", "any_", "desc", "asc")


_FUNCTIONS = ("date", "date_trunc", "lower", "upper", "trim", "length", "coalesce", "abs", "extract", "date_part")
"""Of SQL, whose answer depends on what they are given alone."""


def _steady(source: Source, value: cst.BaseExpression) -> str:
    """A condition that has the same value each time round: names, literals, operators and functions of columns."""
    for one in below(value, cst.Call):
        called = one.func
        if not isinstance(called, cst.Attribute) or not (
            called.attr.value in _HARMLESS
            or (called.attr.value in _FUNCTIONS and is_sqlalchemy(source, called.value, "func"))
        ):
            raise RefusedError(f"{source.where(one)}: the condition calls {code(one.func)}() each time round")
    return code(value)


def key_column(scope: Scope, loop: Loop, key: cst.BaseExpression, where: str) -> EntityColumn:
    """The column behind `variable.column`. Raises RefusedError."""
    if code(key).partition(".")[0] != loop.variable:
        raise RefusedError(f"{where}: the key {code(key)} is not a column of the loop variable {loop.variable}")
    return scope.looped(loop.items)[0].column(key, loop.variable, where)


def unchanged(
    scope: Scope, loop: Loop, session: str, audit: Audit, finding: Finding, *,
    known: Mapping[cst.Call, tuple[Source, Function]] | None = None,
) -> None:  # fmt: skip
    """Raises RefusedError where the loop writes (its callees too), or changes its variable or what it runs over.

    `known`: as `Effects` has it.
    """
    source = scope.source
    changed = set[str]().union(*(targets(node) for node in loop.body if not isinstance(node, cst.BaseComp)))
    if isinstance(loop.node, cst.For):
        watched = names_in(loop.items) | {loop.variable, session.partition(".")[0]}
        if watched & changed:
            name = sorted(watched & changed)[0]
            raise RefusedError(f"{source.where(loop.node)}: {name} gets another value in the loop")
    elif not isinstance(loop.items, cst.Name):
        Effects(scope.code, scope.models, session).none_in(source, _before(source, loop), scope.function)
    Effects(scope.code, scope.models, session, known=known or {}).none_in(source, loop.body, scope.function)
    no_recorded_write(audit, finding.requests, source, loop.node)


def keys_ahead(scope: Scope, edits: Edits, loop: Loop, key: str, *, nullable: bool, noun: str) -> tuple[str, list[str]]:
    """The name of a list of the keys of all rows, and the lines before the loop that make it.

    What the loop runs over gets a name first where it has none, and becomes a list where its rows come one by one.
    """
    source, lines = edits.source, list[str]()
    items = code(loop.items)
    one_by_one = scope.looped(loop.items)[1]
    if one_by_one or not isinstance(loop.items, cst.Name):
        named = source.free(f"{loop.variable}_rows")
        lines.append(f"{named} = list({items})" if one_by_one else f"{named} = {items}")
        edits.replace(loop.items, named)
        items = named
    keys = source.free(f"{noun}_keys")
    found = f"{key} for {loop.variable} in {items}" + (f" if {key} is not None" if nullable else "")
    return keys, [*lines, f"{keys} = list(dict.fromkeys({found}))"]


def snake(name: str) -> str:
    """`OrderLine` as `order_line`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def noun_of(key: cst.BaseExpression) -> str:
    """What the keys are of: `order` of `order.id`."""
    return snake(code(key).partition(".")[0])


def scope_of(project: Code, finding: Finding) -> Scope:
    """The function that a finding is about. Raises RefusedError where it or the mapper is not known."""
    if not project.entities:
        raise RefusedError("the app's mapper was not recorded; run `subsecond audit` again")
    source = parsed(finding.file, project.text(finding.file))
    return Scope(project, source, Models(project.entities), source.function(finding.function, finding.line))


def about(finding: Finding, entity: Entity | None) -> bool:
    """Whether a finding's statement reads the entity's table; so it is taken to be where it names no statement."""
    if entity is None or not finding.fingerprint:
        return entity is not None
    read = {name.rpartition(".")[2] for name in tables(finding.fingerprint)}
    return (entity.table or "").rpartition(".")[2] in read


def chosen(scope: Scope, finding: Finding, found: Sequence[tuple[cst.Call, T]], what: str) -> tuple[cst.Call, T]:
    """The one that the finding is about: at its line, or the only one (lines may have moved since the recording).

    `found`: calls, each with what was made of it; `what` they are, in a refusal's words. Raises RefusedError where that
    is not certain.
    """
    at = [one for one in found if scope.source.holds(one[0], finding.line)]
    statements = roots_of(scope.source, scope.models, scope.function)
    if found and not at and any(scope.source.holds(one.node, finding.line) for one in statements):
        raise RefusedError(f"{finding.file}:{finding.line}: what stands there is none of {what}")
    at = at or list(found)
    if len(at) != 1:
        raise RefusedError(f"{finding.file}:{finding.line}: {len(found) or 'no'} {what} in {finding.function}")
    return at[0]
