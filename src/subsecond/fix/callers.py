"""A statement that a helper sends for one row, where a loop in another function calls the helper for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import libcst as cst

from subsecond.fix.fixer import RefusedError
from subsecond.fix.loops import Loop, key_column, keys_ahead, loop_around, unchanged
from subsecond.fix.places import Batch, InLoop, Place
from subsecond.fix.rows import Scope, defined
from subsecond.fix.source import Edits, Function, Source, below, code, names_in, parsed, targets
from subsecond.model.audit import Audit
from subsecond.model.entity import EntityColumn
from subsecond.model.finding import Finding

Listed = TypeVar("Listed", cst.Arg, cst.Param, cst.ImportAlias)


def place_of(scope: Scope, call: cst.Call, finding: Finding, audit: Audit) -> Place:
    """The loop around a statement: in its own function, else in the function that called it when it was recorded.

    Raises RefusedError where neither is certain.
    """
    loop = loop_around(scope.source, call)
    return InLoop(scope, loop) if loop is not None else _called(scope, call, finding, audit)


@dataclass(frozen=True)
class Called:
    """`scope`'s function is called each time round a loop of `caller`.

    All rows are fetched before that loop by a new function beside the helper, and handed to the helper by a new
    parameter; whoever calls it without gets its row as before. `arguments`: what the parameters get in the loop.
    """

    scope: Scope
    caller: Scope
    loop: Loop
    call: cst.Call
    arguments: Mapping[str, cst.BaseExpression]

    @property
    def own(self) -> set[str]:
        changing = {name for name, value in self.arguments.items() if names_in(value) & self.loop.own}
        return changing | self._assigned

    @property
    def _assigned(self) -> set[str]:
        assert isinstance(self.scope.function, Function)
        return targets(self.scope.function.body)

    def key_column(self, key: cst.BaseExpression) -> EntityColumn:
        return key_column(self.caller, self.loop, self._there(key), self.scope.source.where(key))

    def _there(self, key: cst.BaseExpression) -> cst.BaseExpression:
        """A key as the caller writes it. Raises RefusedError where it is not made of a parameter alone."""
        name, _, rest = code(key).partition(".")
        value = self.arguments.get(name)
        if value is None or name in self._assigned or not isinstance(value, cst.Name | cst.Attribute):
            raise RefusedError(
                f"{self.scope.source.where(key)}: the key {code(key)} is not known where "
                f"{self.caller.source.where(self.call)} calls for each row"
            )
        return cst.parse_expression(f"{code(value)}.{rest}" if rest else code(value))

    def unchanged(self, session: str, audit: Audit, finding: Finding) -> None:
        first, _, rest = session.partition(".")
        value = self.arguments.get(first)
        there = session if value is None else ".".join(filter(None, [code(value), rest]))
        unchanged(self.caller, self.loop, there, audit, finding)

    def written(
        self, call: cst.Call, key: cst.BaseExpression, nullable: bool, batch: Batch, needed: set[str]
    ) -> dict[str, str | None]:
        here, there = self.scope.source, self.caller.source
        if own := sorted(needed & self._assigned):
            raise RefusedError(f"{here.where(call)}: {own[0]} is made in the function itself, each time it is called")
        edits = {source.file: Edits(source) for source in (here, there)}
        mapping = _free(batch.mapping, here, there)
        fetch = _free(f"fetch_{mapping}", here, there)
        handed = {name: self._steady(name) for name in self._parameters() if name in needed}
        self._define(edits[here.file], fetch, tuple(handed), batch)
        self._take(edits[here.file], mapping)
        _look(edits[here.file], call, f"{batch.got(mapping, code(key))} if {mapping} is not None else ")

        keys, lines = keys_ahead(edits[there.file], self.loop, code(self._there(key)), nullable, batch.noun)
        made = f"{mapping} = {_beside(self.call.func, fetch)}({', '.join([keys, *handed.values()])})"
        edits[there.file].insert(self.loop.statement, [*lines, made])
        if here.file != there.file and isinstance(self.call.func, cst.Name):
            _import_too(edits[there.file], self.call.func.value, fetch)
        argument = cst.Arg(cst.Name(mapping), keyword=cst.Name(mapping), equal=_TIGHT)
        edits[there.file].replaced[self.call] = self.call.with_changes(args=_with(self.call.args, argument))
        return {file: one.result() for file, one in edits.items()}

    def _parameters(self) -> list[str]:
        assert isinstance(self.scope.function, Function)
        params = self.scope.function.params
        return [one.name.value for one in (*params.posonly_params, *params.params, *params.kwonly_params)]

    def _steady(self, name: str) -> str:
        """What the loop's caller gives a parameter, the same each time round and harmless to read before it."""
        where, value = self.caller.source.where(self.call), self.arguments.get(name)
        if value is None:
            raise RefusedError(f"{where}: {name} is left out here")
        text = code(value)
        if names_in(value) & self.loop.own:
            raise RefusedError(f"{where}: {name} is {text[:60]}, another one each time round")
        plain = all(one.isidentifier() for one in text.split("."))
        if not plain and not isinstance(value, cst.Integer | cst.SimpleString):
            raise RefusedError(f"{where}: {name} is {text[:60]}: give it a name before the loop")
        return text

    def _define(self, edits: Edits, name: str, parameters: Sequence[str], batch: Batch) -> None:
        assert isinstance(self.scope.function, Function)
        body = [f'"""{batch.told}, of all keys at once."""', *batch.lines(edits, "found", "keys", "start")]
        lines = [f"    {line}" for line in (*body, "return found")]
        edits.define(self.scope.function, [f"def {name}({', '.join(['keys', *parameters])}):", *lines])

    def _take(self, edits: Edits, name: str) -> None:
        """The helper's new parameter, which may be left out."""
        assert isinstance(self.scope.function, Function)
        params = self.scope.function.params
        annotated = any(one.annotation is not None for one in params.params)
        new = cst.Param(
            cst.Name(name),
            annotation=cst.Annotation(cst.SimpleString('"dict | None"')) if annotated else None,
            default=cst.Name("None"),
            equal=cst.AssignEqual() if annotated else _TIGHT,
        )
        part = "kwonly_params" if params.kwonly_params else "params"
        edits.replaced[params] = params.with_changes(**{part: _with(getattr(params, part), new)})


_TIGHT = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))


def _called(scope: Scope, call: cst.Call, finding: Finding, audit: Audit) -> Called:
    where, function = scope.source.where(call), scope.function
    hidden = f"{where}: {finding.function} hides the statement, the loop stands in what calls it"
    advice = "hand it the rows, or fetch them for all at once"
    if not isinstance(function, Function) or scope.source.qualified(function) != [finding.function]:
        raise RefusedError(f"{hidden}, and it is no function of its own: {advice}")
    params = function.params
    if function.asynchronous or function.decorators or _starred(params):
        raise RefusedError(f"{hidden}, and it may be called in other ways than it is written: {advice}")
    callers = set(_callers(finding, audit))
    if len(callers) != 1:
        raise RefusedError(f"{hidden}, at {len(callers) or 'no'} places of the recording: {advice}")
    [(file, line, name)] = callers
    source = parsed(file, scope.code.text(file))
    caller = Scope(scope.code, source, scope.models, source.function(name, line))
    found = [(one, loop) for one in _calls(caller, scope) if (loop := loop_around(source, one)) is not None]
    at = [pair for pair in found if source.holds(pair[0], line)] or found
    if len(at) != 1:
        raise RefusedError(f"{hidden}, and {file}:{line} calls it in {len(at) or 'no'} loops: {advice}")
    [(one, loop)] = at
    return Called(scope, caller, loop, one, _arguments(caller.source, one, function))


def _starred(params: cst.Parameters) -> bool:
    return isinstance(params.star_arg, cst.Param) or params.star_kwarg is not None


def _callers(finding: Finding, audit: Audit) -> Iterator[tuple[str, int, str]]:
    """Where the recording has the finding's function called from: file, line, function."""
    for result in audit.requests:
        for group in result.groups if result.name in finding.requests else ():
            same = (group.file, group.line) == (finding.file, finding.line)
            if same and group.fingerprint == finding.fingerprint and len(group.chain) > 1:
                place, _, function = group.chain[1].partition(" ")
                file, _, line = place.rpartition(":")
                if line.isdigit():
                    yield file, int(line), function


def _calls(caller: Scope, helper: Scope) -> Iterator[cst.Call]:
    for one in below(caller.function, cst.Call):
        found = defined(caller.code, caller.source, one.func)
        if found is not None and found[0].file == helper.source.file and found[1].name.value == _name(helper):
            yield one


def _name(helper: Scope) -> str:
    assert isinstance(helper.function, Function)
    return helper.function.name.value


def _arguments(source: Source, call: cst.Call, function: Function) -> dict[str, cst.BaseExpression]:
    """What each parameter is given. Raises RefusedError where a list or a dictionary of arguments is handed over."""
    params = function.params
    names = [one.name.value for one in (*params.posonly_params, *params.params)]
    found = dict[str, cst.BaseExpression]()
    for number, argument in enumerate(call.args):
        if argument.star or (argument.keyword is None and number >= len(names)):
            raise RefusedError(f"{source.where(call)}: it is not seen which argument is which")
        found[argument.keyword.value if argument.keyword else names[number]] = argument.value
    return found


def _look(edits: Edits, call: cst.Call, instead: str) -> None:
    """The dictionary where there is one, else the statement as it was."""
    text = f"({instead}{code(call)})"
    if "\n" not in text and isinstance(edits.source.parent(call), cst.Assign | cst.AnnAssign | cst.Return):
        text = text[1:-1]
    edits.replaced[call] = cst.parse_expression(text, config=edits.source.module.config_for_parsing)


def _beside(function: cst.BaseExpression, name: str) -> str:
    """A name of the same module, as a caller writes it."""
    return f"{code(function.value)}.{name}" if isinstance(function, cst.Attribute) else name


def _import_too(edits: Edits, helper: str, name: str) -> None:
    """Another name from where the helper is imported from. Raises RefusedError where that is not certain."""
    found = [
        one
        for one in below(edits.source.module, cst.ImportFrom)
        if not isinstance(one.names, cst.ImportStar)
        and any((alias.evaluated_alias or alias.evaluated_name) == helper for alias in one.names)
    ]
    if len(found) != 1 or isinstance(found[0].names, cst.ImportStar):
        raise RefusedError(f"{edits.source.file}: {helper} is imported in {len(found) or 'no'} places")
    names = _with(found[0].names, cst.ImportAlias(cst.Name(name)))
    edits.replaced[found[0]] = found[0].with_changes(names=names)


def _with(existing: Sequence[Listed], new: Listed) -> list[Listed]:
    """One more at the end of a list; what follows its last comma, such as a new line, stays at the end."""
    if not existing:
        return [new]
    *before, last = existing
    between = before[-1].comma if before else cst.MaybeSentinel.DEFAULT
    if not isinstance(between, cst.Comma):
        between = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    return [*before, last.with_changes(comma=between), new.with_changes(comma=last.comma)]


def _free(wanted: str, *sources: Source) -> str:
    """A name that none of the files uses yet."""
    name = wanted
    while (names := [one.free(name) for one in sources]) != [name] * len(names):
        name = max(names, key=len)
    return name
