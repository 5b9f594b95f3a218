"""One file of the user's code as a syntax tree: where things stand, what names mean, and edits that keep the rest."""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TypeVar

import libcst as cst
from libcst.codemod import CodemodContext
from libcst.codemod.visitors import AddImportsVisitor
from libcst.metadata import MetadataWrapper, ParentNodeProvider, PositionProvider

from subsecond.fix.fixer import RefusedError

N = TypeVar("N", bound=cst.CSTNode)
Function = cst.FunctionDef
Statement = cst.SimpleStatementLine | cst.BaseCompoundStatement


def code(node: cst.CSTNode) -> str:
    """The node as text."""
    return cst.Module(body=[]).code_for_node(node)


def below(node: cst.CSTNode, kind: type[N]) -> Iterator[N]:
    """The node itself and all below it that are of a kind, outer ones first."""
    return (one for one in every(node) if isinstance(one, kind))


def every(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The node and all below it, outer ones first."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        yield one
        waiting.extend(reversed(one.children))


def names_in(node: cst.CSTNode) -> set[str]:
    """All names that an expression mentions; an attribute's own name and a keyword's are none."""
    if isinstance(node, cst.Name):
        return {node.value}
    if isinstance(node, cst.Attribute):
        return names_in(node.value)
    if isinstance(node, cst.Arg):
        return names_in(node.value)
    return {name for child in node.children for name in names_in(child)}


def targets(node: cst.CSTNode) -> set[str]:
    """Names that a node gives a value to, anywhere below it."""
    found: set[str] = set()
    for one in every(node):
        if isinstance(one, cst.AssignTarget | cst.AnnAssign | cst.AugAssign | cst.For | cst.CompFor | cst.NamedExpr):
            found |= _bound(one.target)
        elif isinstance(one, cst.AsName):
            found |= _bound(one.name)
        elif isinstance(one, cst.Del):
            found |= _bound(one.target)
    return found


def _bound(target: cst.CSTNode) -> set[str]:
    """Of `a, (b, *c), d.e, f[0]` the names a, b, c: an attribute or an item is no name of its own."""
    if isinstance(target, cst.Name):
        return {target.value}
    if isinstance(target, cst.Attribute | cst.Subscript):
        return set()
    return {name for child in target.children for name in _bound(child)}


@dataclass
class Source:
    """A parsed file. Raises RefusedError where it is no Python that LibCST reads."""

    file: str
    text: str
    module: cst.Module = field(init=False)

    def __post_init__(self) -> None:
        try:
            wrapper = MetadataWrapper(cst.parse_module(self.text), unsafe_skip_copy=True)
        except cst.ParserSyntaxError as problem:
            raise RefusedError(f"{self.file}:{problem.raw_line} is not Python that can be read") from None
        self.module = wrapper.module
        self._at = wrapper.resolve(PositionProvider)
        self._parents = wrapper.resolve(ParentNodeProvider)
        self.names = dict(_names(self.module))
        at_top = _unconditional(self.module)
        self.at_top = [name for name in self.names if name in at_top]
        """Names that stand for the same everywhere in the file: not imported in one function or for type checkers."""

    @cached_property
    def _functions(self) -> Sequence[Function]:
        return tuple(below(self.module, Function))

    @cached_property
    def extensions(self) -> frozenset[str]:
        """Names that are used as Flask-SQLAlchemy's object is: `db.session`, `db.Model`."""
        used = (one for one in below(self.module, cst.Attribute) if one.attr.value in ("session", "Model"))
        return frozenset(one.value.value for one in used if isinstance(one.value, cst.Name)) - {"self", "cls"}

    def lines(self, node: cst.CSTNode) -> tuple[int, int]:
        """First and last line of a node."""
        span = self._at[node]
        return span.start.line, span.end.line

    def begins(self, node: cst.CSTNode) -> tuple[int, int]:
        """Line and column of its first character: what stands earlier in an expression is worked out earlier."""
        span = self._at[node]
        return span.start.line, span.start.column

    def holds(self, node: cst.CSTNode, line: int) -> bool:
        """Whether a line lies in the node."""
        first, last = self.lines(node)
        return first <= line <= last

    def where(self, node: cst.CSTNode) -> str:
        """`file:line` of a node, for a reader."""
        return f"{self.file}:{self.lines(node)[0]}"

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The node that holds it, None for the module."""
        return self._parents.get(node)

    def above(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """What holds a node, the nearest first."""
        at = self.parent(node)
        while at is not None:
            yield at
            at = self.parent(at)

    def statement(self, node: cst.CSTNode) -> Statement:
        """The statement that a node is part of."""
        for one in (node, *self.above(node)):
            if isinstance(one, Statement):
                return one
        raise RefusedError(f"{self.where(node)} is in no statement")

    def function(self, qualified: str, line: int) -> Function | cst.Module:
        """The function of a frame (`Class.method`, `outer.<locals>.inner`), the module for code outside any.

        Where lines have moved since the recording, the name decides; among several of one name, the line.
        """
        words = [word for word in qualified.split(".") if not word.startswith("<")]
        if not words:
            return self.module
        named = [one for one in self._functions if self.qualified(one)[-len(words) :] == words]
        at = [one for one in named if self.holds(one, line)] if len(named) > 1 else named
        if len(at) != 1:
            raise RefusedError(f"{self.file}:{line}: there is no function {qualified} (any more)")
        return at[0]

    def qualified(self, function: Function) -> list[str]:
        """The names of a function and of all that it stands in, outermost first."""
        holders = [one for one in self.above(function) if isinstance(one, Function | cst.ClassDef)]
        return [*(one.name.value for one in reversed(holders)), function.name.value]

    def parent_class(self, function: Function) -> cst.ClassDef:
        """The class that a method stands in. Raises RefusedError."""
        for one in self.above(function):
            if isinstance(one, cst.ClassDef):
                return one
        raise RefusedError(f"{self.where(function)}: {function.name.value} is no method")

    def origin(self, expression: cst.BaseExpression) -> tuple[str, str] | None:
        """Module and name behind `Name` or `module.Name`, by the file's imports; ("", name) if defined here itself."""
        words = code(expression).split(".")
        known = self.names.get(words[0])
        if known is None:
            return None
        module, name = known
        if len(words) == 1:
            return module, name
        if not all(word.isidentifier() for word in words):
            return None
        return ".".join(part for part in (module, name, *words[1:-1]) if part), words[-1]

    def imported(self, module: str, name: str) -> str:
        """How the file may call a name of a module: as it is imported already, else `name`, to be imported by an edit.

        Raises RefusedError where the plain name means something else in this file.
        """
        packages = (module, module.partition(".")[0])
        for local, (package, original) in self.names.items():
            if original == name and package in packages and local in self.at_top:
                return local
        known = self.names.get(name)
        elsewhere = known is not None and (known[1] != name or known[0] not in packages)
        if elsewhere or name in targets(self.module) or hasattr(builtins, name):
            raise RefusedError(f"{self.file} uses the name {name} for something else than {module}.{name}")
        return name

    def free(self, wanted: str) -> str:
        """A name that the file does not use yet: the wanted one, else with a number."""
        used = {one.value for one in below(self.module, cst.Name)}
        number, name = 2, wanted
        while name in used:
            name, number = f"{wanted}_{number}", number + 1
        return name


@lru_cache(maxsize=256)
def parsed(file: str, text: str) -> Source:
    """The tree of a file, which nobody changes: findings of one audit ask for the same few files again and again."""
    return Source(file, text)


def _names(module: cst.Module) -> Iterator[tuple[str, tuple[str, str]]]:
    """Local name -> (module, name) of imports anywhere in the file and of classes and functions at its top."""
    for statement in module.body:
        if isinstance(statement, cst.ClassDef | Function):
            yield statement.name.value, ("", statement.name.value)
    yield from _imports(module)


def _imports(node: cst.CSTNode) -> Iterator[tuple[str, tuple[str, str]]]:
    """Local name -> (module, name) of the imports below a node; where both forms give a name, `import` comes last."""
    whole: list[cst.Import] = []
    for one in every(node):
        if isinstance(one, cst.Import):
            whole.append(one)
        elif isinstance(one, cst.ImportFrom) and not isinstance(one.names, cst.ImportStar):
            package = "." * len(one.relative) + (code(one.module) if one.module else "")
            for alias in one.names:
                local = alias.evaluated_alias or alias.evaluated_name
                yield local, (package, alias.evaluated_name)
    for statement in whole:
        for alias in statement.names:
            first = alias.evaluated_name.partition(".")[0]
            yield alias.evaluated_alias or first, (alias.evaluated_name if alias.evaluated_alias else first, "")


def _unconditional(module: cst.Module) -> set[str]:
    """Local names of the imports, classes and functions that stand at the file's top itself."""
    found = {one.name.value for one in module.body if isinstance(one, cst.ClassDef | Function)}
    for line in module.body:
        if isinstance(line, cst.SimpleStatementLine):
            found |= {name for name, _ in _imports(line)}
    return found


@dataclass
class Edits:
    """Changes to one file: nodes to replace, statements to put before or after others, names to import."""

    source: Source
    replaced: dict[cst.CSTNode, cst.CSTNode] = field(default_factory=dict)
    before: dict[cst.CSTNode, list[Statement]] = field(default_factory=dict)
    after: dict[cst.CSTNode, list[Statement]] = field(default_factory=dict)
    imports: list[tuple[str, str]] = field(default_factory=list)

    def use(self, module: str, name: str) -> str:
        """The local name of something imported; the import is added where it is missing."""
        local = self.source.imported(module, name)
        if local not in self.source.at_top:
            self.imports.append((module, name))
        return local

    def replace(self, node: cst.BaseExpression, text: str) -> None:
        """Another expression in its place, in parentheses where the old one had them."""
        new = cst.parse_expression(text, config=self.source.module.config_for_parsing)
        self.replaced[node] = new.with_changes(lpar=[*node.lpar, *new.lpar], rpar=[*new.rpar, *node.rpar])

    def restate(self, statement: cst.Expr, text: str) -> None:
        """Another small statement in the place of an expression that stands alone."""
        [line] = self._statements([text])
        assert isinstance(line, cst.SimpleStatementLine)
        self.replaced[statement] = line.body[0]

    def insert(self, statement: Statement, lines: Sequence[str]) -> None:
        """Statements before another one."""
        self.before.setdefault(statement, []).extend(self._statements(lines))

    def append(self, statement: Statement, lines: Sequence[str]) -> None:
        """Statements after another one."""
        self.after.setdefault(statement, []).extend(self._statements(lines))

    def define(self, behind: cst.FunctionDef | cst.ClassDef, lines: Sequence[str]) -> None:
        """A function behind another one, or a class, at the top of the file."""
        [made] = self._statements(lines)
        gap = [cst.EmptyLine(indent=False)] * 2
        self.after.setdefault(behind, []).append(made.with_changes(leading_lines=gap))

    def _statements(self, lines: Sequence[str]) -> Sequence[Statement]:
        text = "\n".join(lines) + "\n"
        return cst.parse_module(text, config=self.source.module.config_for_parsing).body

    def result(self) -> str:
        """The file's new text; all else in it as it was."""
        changed = self.source.module.visit(_Apply(self))
        assert isinstance(changed, cst.Module)
        if self.imports:
            context = CodemodContext()
            for module, name in self.imports:
                AddImportsVisitor.add_needed_import(context, module, name)
            changed = AddImportsVisitor(context).transform_module(changed)
        return changed.code


class _Apply(cst.CSTTransformer):
    def __init__(self, edits: Edits) -> None:
        super().__init__()
        self.edits = edits

    def on_leave(
        self, original_node: cst.CSTNodeT, updated_node: cst.CSTNodeT
    ) -> cst.CSTNodeT | cst.RemovalSentinel | cst.FlattenSentinel[cst.CSTNodeT]:
        new = self.edits.replaced.get(original_node)
        made, behind = self.edits.before.get(original_node), self.edits.after.get(original_node, [])
        found: cst.CSTNode = updated_node if new is None else new
        if made is None:
            return cst.FlattenSentinel([found, *behind]) if behind else found  # type: ignore[list-item,return-value]
        first, *rest = made
        blank, leading = _blank_first(found)  # the gap stays above, a comment stays with the statement it is about
        first = first.with_changes(leading_lines=blank)
        found = found.with_changes(leading_lines=leading)
        return cst.FlattenSentinel([first, *rest, found, *behind])  # type: ignore[list-item]


def _blank_first(statement: cst.CSTNode) -> tuple[Sequence[cst.EmptyLine], Sequence[cst.EmptyLine]]:
    lines: Sequence[cst.EmptyLine] = getattr(statement, "leading_lines", ())
    number = 0
    while number < len(lines) and lines[number].comment is None:
        number += 1
    return lines[:number], lines[number:]
