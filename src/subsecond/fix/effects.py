"""Whether code may change what a later statement reads: writes, flushes, ends of transactions, also in its callees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import libcst as cst

from subsecond.fix.fixer import Code, RefusedError
from subsecond.fix.models import Models
from subsecond.fix.rows import defined
from subsecond.fix.source import Function, Source, below, code, every
from subsecond.fix.statements import is_sqlalchemy, query_of, unrolled
from subsecond.model.audit import Audit
from subsecond.sql.fingerprint import operation

_SESSION = frozenset(
    "add add_all delete merge flush commit rollback expire expire_all expunge expunge_all refresh begin begin_nested "
    "close bulk_save_objects bulk_insert_mappings bulk_update_mappings execute executemany connection reset".split()
)
_CHANGING = frozenset("append extend insert remove pop clear sort reverse".split())
_CONTAINERS = (cst.Set, cst.SetComp, cst.List, cst.ListComp, cst.Dict, cst.DictComp)
_MAKERS = ("set", "list", "dict", "defaultdict", "Counter", "deque")
MAX_DEPTH = 4
"""Callees of callees; what lies deeper is left to the recorded writes."""


@dataclass
class Effects:
    """Looks through code. `session`: text of the session that must not be handed to what cannot be looked into.

    `known`: what calls run that only their caller can tell, such as methods of a row.
    """

    project: Code
    models: Models
    session: str
    seen: set[tuple[str, str]] = field(default_factory=set)
    known: Mapping[cst.Call, tuple[Source, Function]] = field(default_factory=dict)

    def none_in(
        self, source: Source, nodes: Iterable[cst.CSTNode], function: Function | cst.Module, depth: int = 0
    ) -> None:
        """Raises RefusedError, with file:line, where a node writes, flushes, or may do so."""
        for node in nodes:
            for one in every(node):
                if isinstance(one, cst.Assign | cst.AugAssign | cst.AnnAssign):
                    self._assignment(source, one, function)
                elif isinstance(one, cst.Call):
                    self._call(source, one, function, depth)
                elif isinstance(one, cst.Await | cst.Yield):
                    raise RefusedError(f"{source.where(one)}: others may run in between (await, yield)")

    def _assignment(
        self, source: Source, one: cst.Assign | cst.AugAssign | cst.AnnAssign, function: Function | cst.Module
    ) -> None:
        goals = [target.target for target in one.targets] if isinstance(one, cst.Assign) else [one.target]
        for goal in (each for whole in goals for each in below(whole, cst.Attribute)):
            if not _is_container(source, goal.value, function):
                raise RefusedError(f"{source.where(one)}: an attribute is assigned: {code(goal)}")

    def _call(self, source: Source, call: cst.Call, function: Function | cst.Module, depth: int) -> None:
        if isinstance(call.func, cst.Attribute):
            verb, receiver = call.func.attr.value, call.func.value
            reads = verb == "execute" and (query_of(source, self.models, call) is not None or _reads(source, call))
            if verb in _SESSION and not reads and not _is_container(source, receiver, function):
                raise RefusedError(f"{source.where(call)}: a write, or the end of a transaction: {code(call.func)}()")
            if verb == "update" and self._is_query(source, receiver):
                raise RefusedError(f"{source.where(call)}: a write: {code(call.func)[-60:]}()")
            if verb in _CHANGING and isinstance(receiver, cst.Attribute) and code(receiver.value) != "self":
                raise RefusedError(f"{source.where(call)}: {code(receiver)} is changed")
        self._callee(source, call, function, depth)

    def _is_query(self, source: Source, receiver: cst.BaseExpression) -> bool:
        calls = unrolled(source, self.models, receiver)[1]
        shaped = any(name in ("filter", "filter_by", "where") for name, _ in calls)
        return shaped or query_of(source, self.models, receiver) is not None

    def _callee(self, source: Source, call: cst.Call, function: Function | cst.Module, depth: int) -> None:
        found = self.known.get(call) or defined(self.project, source, call.func) or _method(source, call, function)
        handed = any(_mentions(argument.value, self.session.partition(".")[0]) for argument in call.args)
        if found is None:
            chained = isinstance(call.func, cst.Attribute) and code(call.func.value).startswith(self.session)
            if handed and not chained and self.session:
                raise RefusedError(
                    f"{source.where(call)}: the session is handed to {code(call.func)}, which cannot be looked into"
                )
            return
        there, callee = found
        key = (there.file, callee.name.value)
        if key in self.seen:
            return
        if depth >= MAX_DEPTH:
            raise RefusedError(f"{source.where(call)}: calls go too deep to be looked into")
        self.seen.add(key)
        inner = self._parameter(call, callee)
        Effects(self.project, self.models, inner, self.seen).none_in(there, [callee.body], callee, depth + 1)

    def _parameter(self, call: cst.Call, callee: Function) -> str:
        """What the callee calls the session that it is handed; empty where it is handed none."""
        names = [one.name.value for one in callee.params.params]
        names = names[1:] if names[:1] in (["self"], ["cls"]) else names
        for number, argument in enumerate(call.args):
            if self.session and code(argument.value) == self.session:
                return argument.keyword.value if argument.keyword else names[number] if number < len(names) else ""
        return ""


def _reads(source: Source, call: cst.Call) -> bool:
    """Whether `text("SELECT …")` is what is executed, written there or once at the top of the file."""
    value = call.args[0].value if call.args else None
    if isinstance(value, cst.Name):
        given = [one.value for one in below(source.module, cst.Assign) if code(one.targets[0].target) == value.value]
        value = given[0] if len(given) == 1 else None
    if not isinstance(value, cst.Call) or not is_sqlalchemy(source, value.func, "text") or not value.args:
        return False
    literal = value.args[0].value
    words = str(literal.evaluated_value).split() if isinstance(literal, cst.SimpleString) else []
    said = " ".join(words).lower()
    return said.startswith("select ") and " for update" not in said and " into " not in said


def _mentions(node: cst.CSTNode, name: str) -> bool:
    """Whether an argument is the name, or holds it, other than inside a call of its own."""
    if isinstance(node, cst.Call):
        return False
    return (isinstance(node, cst.Name) and node.value == name) or any(_mentions(one, name) for one in node.children)


def _method(source: Source, call: cst.Call, function: Function | cst.Module) -> tuple[Source, Function] | None:
    """A method of the same class, called on `self`."""
    if not isinstance(call.func, cst.Attribute) or code(call.func.value) not in ("self", "cls"):
        return None
    for holder in source.above(function):
        if isinstance(holder, cst.ClassDef):
            named = [one for one in below(holder, Function) if one.name.value == call.func.attr.value]
            return (source, named[0]) if len(named) == 1 else None
    return None


def _is_container(source: Source, receiver: cst.BaseExpression, function: Function | cst.Module) -> bool:
    """Whether a name holds only sets, lists and dicts that the function itself makes."""
    if isinstance(receiver, cst.Subscript):
        return _is_container(source, receiver.value, function)
    if isinstance(receiver, cst.Call) and isinstance(receiver.func, cst.Attribute):
        made = receiver.func.attr.value == "setdefault" and _is_container(source, receiver.func.value, function)
        return made and isinstance(receiver.args[-1].value, cst.Call | cst.List | cst.Dict)
    if not isinstance(receiver, cst.Name):
        return False
    values = [
        one.value
        for one in every(function)
        if (isinstance(one, cst.Assign) and any(code(target.target) == receiver.value for target in one.targets))
        or (isinstance(one, cst.AnnAssign) and code(one.target) == receiver.value)
    ]
    return bool(values) and all(
        isinstance(value, _CONTAINERS) or (isinstance(value, cst.Call) and code(value.func) in _MAKERS)
        for value in values
    )


def no_recorded_write(audit: Audit, requests: Iterable[str], source: Source, node: cst.CSTNode) -> None:
    """Raises RefusedError where the recording holds a write that was sent from within the node, however deep."""
    first, last = source.lines(node)
    wanted = set(requests)
    for result in audit.requests:
        for group in result.groups if result.name in wanted else ():
            if operation(group.fingerprint) == "SELECT":
                continue
            for step in group.chain:
                file, _, rest = step.rpartition(":")
                line = rest.partition(" ")[0]
                if file == source.file and line.isdigit() and first <= int(line) <= last:
                    raise RefusedError(f"{file}:{line}: {operation(group.fingerprint)} was sent from here")
