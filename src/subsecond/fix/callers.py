"""A statement that a helper sends for one row, where a loop in another function calls the helper for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import libcst as cst

from subsecond.fix.fixer import RefusedError
from subsecond.fix.loops import Loop, key_column, keys_ahead, loop_around, snake, unchanged
from subsecond.fix.places import Batch, InLoop, Place
from subsecond.fix.rows import Scope, defined, module_of
from subsecond.fix.source import Edits, Function, Source, below, code, every, names_in, parsed, targets
from subsecond.model.audit import Audit
from subsecond.model.entity import Entity, EntityColumn
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
    `owner`: the entity whose method the helper is, None for a plain function.
    """

    scope: Scope
    caller: Scope
    loop: Loop
    call: cst.Call
    arguments: Mapping[str, cst.BaseExpression]
    owner: Entity | None = None

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
        assert isinstance(self.scope.function, Function)
        here = {self.call: (self.scope.source, self.scope.function)}
        unchanged(self.caller, self.loop, there, audit, finding, known=here)

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

        row_key = code(self._there(key))
        noun = batch.noun if self.owner is None or batch.noun not in self.arguments else snake(self.owner.short)
        keys, lines = keys_ahead(self.caller, edits[there.file], self.loop, row_key, nullable=nullable, noun=noun)
        helper = self.call.func if self.owner is None else _class_in(self.caller, self.owner, here)
        made = f"{mapping} = {_beside(helper, fetch)}({', '.join([keys, *handed.values()])})"
        edits[there.file].insert(self.loop.statement, [*lines, made])
        if here.file != there.file and isinstance(helper, cst.Name):
            _import_too(edits[there.file], helper.value, fetch)
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
        behind = self.scope.function if self.owner is None else self.scope.source.parent_class(self.scope.function)
        edits.define(behind, [f"def {name}({', '.join(['keys', *parameters])}):", *lines])

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
    words = scope.source.qualified(function) if isinstance(function, Function) else []
    owner = _owner(scope, words)
    depth = 1 if owner is None else 2
    if not isinstance(function, Function) or ".".join(words) != finding.function or len(words) != depth:
        raise RefusedError(f"{hidden}, and it is no function of its own, nor a method of a mapped class: {advice}")
    params = function.params
    if function.asynchronous or function.decorators or _starred(params):
        raise RefusedError(f"{hidden}, and it may be called in other ways than it is written: {advice}")
    callers = set(_callers(finding, audit))
    if len(callers) != 1:
        raise RefusedError(f"{hidden}, at {len(callers) or 'no'} places of the recording: {advice}")
    [(file, line, name)] = callers
    source = parsed(file, scope.code.text(file))
    caller = Scope(scope.code, source, scope.models, source.function(name, line))
    calls = _calls(caller, scope) if owner is None else _calls_of_method(caller, function.name.value)
    found = [(one, loop) for one in calls if (loop := loop_around(source, one)) is not None]
    if owner is not None:
        found = [(one, loop) for one, loop in found if _is_row(caller, one, loop, owner)]
    at = [pair for pair in found if source.holds(pair[0], line)] or found
    if len(at) != 1:
        raise RefusedError(f"{hidden}, and {file}:{line} calls it in {len(at) or 'no'} loops: {advice}")
    [(one, loop)] = at
    return Called(scope, caller, loop, one, _arguments(caller.source, one, function, owner is not None), owner)


def _owner(scope: Scope, words: Sequence[str]) -> Entity | None:
    """The entity whose method a function is; None where it is another's, or the class has others above or below it."""
    if len(words) != 2:
        return None
    entity = scope.models.named(scope.source, cst.Name(words[0]))
    if entity is None or entity.parent is not None:
        return None
    return None if any(one.parent == entity.name for one in scope.models.entities) else entity


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


def _calls_of_method(caller: Scope, name: str) -> Iterator[cst.Call]:
    """Calls `variable.name(…)`."""
    for one in below(caller.function, cst.Call):
        if isinstance(one.func, cst.Attribute) and one.func.attr.value == name and isinstance(one.func.value, cst.Name):
            yield one


def _is_row(caller: Scope, call: cst.Call, loop: Loop, owner: Entity) -> bool:
    """Whether a method is called on the loop's own variable, and that is an object of the entity."""
    assert isinstance(call.func, cst.Attribute)
    return code(call.func.value) == loop.variable and caller.looped(loop.items)[0].fields.get("") == owner


def _class_in(caller: Scope, owner: Entity, here: Source) -> cst.BaseExpression:
    """How the caller's file writes the class, as it is imported from where it is defined. Raises RefusedError."""
    there = caller.source
    if there.file == here.file:
        return cst.Name(owner.short)
    for one in every(there.module):
        if isinstance(one, cst.Name | cst.Attribute) and caller.models.named(there, one) == owner:
            origin = there.origin(one)
            holder = module_of(caller.code, there, origin[0]) if origin is not None and origin[0] else None
            if holder is not None and holder.file == here.file:
                return one
    raise RefusedError(f"{there.file} does not import {owner.short} from {here.file}, where it is defined")


def _name(helper: Scope) -> str:
    assert isinstance(helper.function, Function)
    return helper.function.name.value


def _arguments(source: Source, call: cst.Call, function: Function, method: bool) -> dict[str, cst.BaseExpression]:
    """What each parameter is given, a method's first one what it is called on.

    Raises RefusedError where a list or a dictionary of arguments is handed over.
    """
    params = function.params
    names = [one.name.value for one in (*params.posonly_params, *params.params)]
    found = dict[str, cst.BaseExpression]()
    if method and names and isinstance(call.func, cst.Attribute):
        found[names.pop(0)] = call.func.value
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
