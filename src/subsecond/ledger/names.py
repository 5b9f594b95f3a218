"""What a module's text runs when it is imported, by the full name of what is called: `multiprocessing.Manager`.

Names are followed through imports and aliases of the same module (`import multiprocessing as mp`, `from threading
import Lock as L`, `make = mp.Manager`), and into functions of the module that are called at import.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

DEEPEST = 5
"""Functions that call each other at import are followed so far."""


@dataclass(frozen=True, slots=True)
class Call:
    """Something called at import: its full name and line."""

    name: str
    line: int


def imported(text: str) -> dict[str, int]:
    """Modules that the text imports anywhere, with the line: `from a.b import c` counts as `a.b` and `a.b.c`."""
    found: dict[str, int] = {}
    for node in ast.walk(_parsed(text)):
        if isinstance(node, ast.Import):
            for one in node.names:
                found.setdefault(one.name, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            found.setdefault(base, node.lineno)
            for one in node.names:
                found.setdefault(f"{base}.{one.name}", node.lineno)
        elif isinstance(node, ast.Call) and _ends(node.func, ("__import__", "import_module")) and node.args:
            first = node.args[0]
            found.setdefault(str(first.value) if isinstance(first, ast.Constant) else "", node.lineno)
    return found


def called_at_import(text: str) -> list[Call]:
    """Everything called while the module is imported, with full names where they can be told."""
    tree = _parsed(text)
    reader = _Reader({})
    reader.collect(tree)
    return list(reader.run(tree.body, 0))


def _parsed(text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return ast.Module(body=[], type_ignores=[])  # the import gate says what is wrong with it


def _ends(node: ast.expr, names: tuple[str, ...]) -> bool:
    last = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return last in names


@dataclass(slots=True)
class _Reader:
    known: dict[str, str]
    functions: dict[str, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef] = field(default_factory=dict)

    def collect(self, tree: ast.Module) -> None:
        """Imports, functions and plain aliases of the whole module: what a name stands for when it is called."""
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for one in node.names:
                    self.known[one.asname or one.name.partition(".")[0]] = (
                        one.name if one.asname else one.name.partition(".")[0]
                    )
            elif isinstance(node, ast.ImportFrom):
                base = "." * node.level + (node.module or "")
                for one in node.names:
                    self.known[one.asname or one.name] = f"{base}.{one.name}"
        for node in tree.body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                self.functions[node.name] = node
            elif isinstance(node, ast.Assign) and isinstance(node.value, (ast.Attribute, ast.Name, ast.Call)):
                full = self.name_of(node.value)
                for target in node.targets:
                    if isinstance(target, ast.Name) and full:
                        self.known.setdefault(target.id, full)

    def name_of(self, node: ast.expr) -> str:
        """`multiprocessing.Manager` for what the expression names; a call stands for what is called, with `()`."""
        if isinstance(node, ast.Name):
            return self.known.get(node.id, node.id)
        if isinstance(node, ast.Attribute):
            inner = self.name_of(node.value)
            return f"{inner}.{node.attr}" if inner else ""
        if isinstance(node, ast.Call):
            if _ends(node.func, ("__import__", "import_module")) and node.args:
                first = node.args[0]
                return str(first.value) if isinstance(first, ast.Constant) else ""
            inner = self.name_of(node.func)
            return f"{inner}()" if inner else ""
        if isinstance(node, ast.Subscript):
            return self.name_of(node.value)
        return ""

    def run(self, body: list[ast.stmt], depth: int) -> Iterator[Call]:
        """Calls of statements that run now: function bodies only where the function is called."""
        for statement in body:
            for node in _now(statement):
                if isinstance(node, ast.Call):
                    yield from self._call(node, depth)
                elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                    for decorator in node.decorator_list:
                        if not isinstance(decorator, ast.Call):
                            yield Call(self.name_of(decorator), decorator.lineno)

    def _call(self, node: ast.Call, depth: int) -> Iterator[Call]:
        name = self.name_of(node.func)
        if name:
            yield Call(name, node.lineno)
        own = self.functions.get(name)
        if isinstance(own, ast.ClassDef):
            own = next((one for one in own.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"), None)
        if own is not None and depth < DEEPEST:
            yield from self.run(own.body, depth + 1)


def _now(node: ast.AST) -> Iterator[ast.AST]:
    """The node and what runs with it: not the bodies of functions and lambdas."""
    yield node
    for name, value in ast.iter_fields(node):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and name in ("body", "returns", "type_params"):
            continue
        if isinstance(node, ast.Lambda) and name == "body":
            continue
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, ast.AST):
                yield from _now(one)
