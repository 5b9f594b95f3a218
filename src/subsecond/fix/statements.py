"""SQLAlchemy statements as the code writes them: `session.query(A)…`, `select(A)…`, `A.query…`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import libcst as cst

from subsecond.fix.fixer import RefusedError
from subsecond.fix.models import Models
from subsecond.fix.source import Source, code, every

Calls = tuple[tuple[str, cst.Call], ...]
FETCHING = frozenset(
    "all first one one_or_none scalar scalar_one scalar_one_or_none count get exists update delete".split()
)
RUNS = frozenset({"scalars", "execute", "scalar"})


@dataclass(frozen=True)
class Query:
    """A statement. `calls` shape it (filter, order_by …), `ends` run and fetch it, each in the order of writing.

    `session` is the expression that it is run on, None where that stands elsewhere (`A.query`, a bare `select`).
    """

    node: cst.BaseExpression
    root: cst.BaseExpression
    style: Literal["query", "select"]
    session: cst.BaseExpression | None
    entities: tuple[cst.BaseExpression, ...]
    calls: Calls
    ends: Calls

    def called(self, *names: str) -> cst.Call | None:
        """The first of its shaping calls that has one of the names."""
        return next((call for name, call in self.calls if name in names), None)

    @property
    def fetch(self) -> str:
        """How it is fetched, such as `scalars.all`; empty where it is only built."""
        return ".".join(name for name, _ in self.ends)


def query_of(source: Source, models: Models, expression: cst.BaseExpression) -> Query | None:
    """The statement that an expression is, from its root on; None where it is none, or begins in a variable."""
    base, calls = unrolled(source, models, expression)
    if calls and calls[0][0] in RUNS and calls[0][1].args and not _is_root(source, models, base):
        built = query_of(source, models, calls[0][1].args[0].value)
        if built is None or built.style != "select" or built.ends:
            return None
        return Query(expression, built.root, "select", base, built.entities, built.calls, calls)
    if not _is_root(source, models, base):
        return None
    cut = next((n for n, (name, _) in enumerate(calls) if name in FETCHING), len(calls))
    if isinstance(base, cst.Attribute):
        return Query(expression, base, "query", None, (base.value,), calls[:cut], calls[cut:])
    assert isinstance(base, cst.Call)
    entities = tuple(argument.value for argument in base.args)
    if isinstance(base.func, cst.Attribute) and base.func.attr.value == "query":
        return Query(expression, base, "query", base.func.value, entities, calls[:cut], calls[cut:])
    return Query(expression, base, "select", None, entities, calls[:cut], calls[cut:])


def unrolled(source: Source, models: Models, expression: cst.BaseExpression) -> tuple[cst.BaseExpression, Calls]:
    """A chain of method calls: what it begins with, and the calls in order."""
    calls: list[tuple[str, cst.Call]] = []
    at = expression
    while isinstance(at, cst.Call) and isinstance(at.func, cst.Attribute) and not _is_root(source, models, at):
        calls.append((at.func.attr.value, at))
        at = at.func.value
    return at, tuple(reversed(calls))


def _is_root(source: Source, models: Models, expression: cst.BaseExpression) -> bool:
    if isinstance(expression, cst.Attribute):
        return expression.attr.value == "query" and models.named(source, expression.value) is not None
    if not isinstance(expression, cst.Call) or not expression.args:
        return False
    if isinstance(expression.func, cst.Attribute) and expression.func.attr.value == "query":
        return True
    return is_sqlalchemy(source, expression.func, "select")


def is_sqlalchemy(source: Source, expression: cst.BaseExpression, name: str) -> bool:
    """Whether an expression is a name imported from SQLAlchemy, or of Flask-SQLAlchemy's object (`db.select`)."""
    origin = source.origin(expression) if isinstance(expression, cst.Name | cst.Attribute) else None
    if origin is not None and origin[0].partition(".")[0] == "sqlalchemy":
        return origin[1] == name
    return (
        isinstance(expression, cst.Attribute)
        and expression.attr.value == name
        and isinstance(expression.value, cst.Name)
        and expression.value.value in source.extensions
    )


def roots_of(source: Source, models: Models, within: cst.CSTNode) -> list[Query]:
    """All statements that begin in a piece of code, each as long as its chain is."""
    found: list[Query] = []
    for one in every(within):
        if isinstance(one, cst.Call | cst.Attribute):
            query = query_of(source, models, one)
            if query is not None and all(query.root is not other.root for other in found):
                found.append(query)
    return found


def direction(value: cst.BaseExpression) -> tuple[cst.BaseExpression, bool]:
    """Of one argument of `order_by`: what is ordered by, and whether the largest comes first."""
    if (
        isinstance(value, cst.Call)
        and isinstance(value.func, cst.Attribute)
        and value.func.attr.value in ("desc", "asc")
    ):
        return value.func.value, value.func.attr.value == "desc"
    if isinstance(value, cst.Call) and code(value.func).rpartition(".")[2] in ("desc", "asc") and len(value.args) == 1:
        return value.args[0].value, code(value.func).endswith("desc")
    return value, False


def plain(expression: cst.BaseExpression | None, source: Source) -> str:
    """A session's text, where it may be written twice: a name, or an attribute of one. Raises RefusedError."""
    if isinstance(expression, cst.Name | cst.Attribute):
        text = code(expression)
        if all(word.isidentifier() for word in text.split(".")):
            return text
    raise RefusedError(f"{source.where(expression) if expression else source.file}: the session is no plain name")
