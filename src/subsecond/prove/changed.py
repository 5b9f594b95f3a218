"""What a change's functions read of a request and compare with: names of parameters and headers, literals.

Read from the text of both versions of each Python function and assignment that differs: the change may read what no
request gives (`page`, when nobody asks for a second one), a boundary it moves is a literal in it, and a table of what
there is (`{"rooms": …}`) has its keys.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_QUERY = frozenset({"args", "values", "query_params", "GET", "params"})
"""What Flask, Werkzeug, Starlette and Django call the parameters of an address."""
_HEADERS = frozenset({"headers"})
_READS = frozenset({"get", "getlist", "pop"})
MOST_LITERALS = 32
MOST_KEYS = 16
MOST_WORDS = 12
"""Literals that one parameter's name brings."""
_SKIPPED = frozenset({".git", ".venv", "venv", "node_modules", "site-packages"})
LONGEST_LITERAL = 60


@dataclass(frozen=True, slots=True)
class Read:
    """`names` of parameters, of headers with a colon (`X-Tenant:`); `literals` as texts; `keys` of any mapping, also in
    functions that name what is changed."""

    names: tuple[str, ...] = ()
    literals: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()


@functools.lru_cache(maxsize=4)
def read_by_change(base: Path, candidate: Path) -> Read:
    """What the functions read that differ between two trees of files."""
    names, literals, keys, tables = dict[str, None](), dict[str, None](), dict[str, None](), set[str]()
    called = set[str]()
    for path in sorted(base.rglob("*.py")):
        other = candidate / path.relative_to(base)
        if not other.is_file() or other.read_bytes() == path.read_bytes():
            continue
        before, after = _functions(path), _functions(other)
        for name in before.keys() | after.keys():
            one, two = before.get(name), after.get(name)
            if one and two and ast.dump(one) == ast.dump(two):
                continue
            called.add(name.rpartition(".")[2].removeprefix("="))
            for function in filter(None, (one, two)):
                names |= dict.fromkeys(_names(function))
                literals |= dict.fromkeys(_literals(function))
                keys |= dict.fromkeys(key for _, key in _asked(function))
                tables |= {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and node.id.isupper()}
    for name in sorted(tables):
        literals |= dict.fromkeys(_constants(base).get(name, ()))
    for function in _mentioned(base, called):
        keys |= dict.fromkeys([*(key for _, key in _asked(function)), *_handed(function)])
    return Read(tuple(sorted(names)), tuple(sorted(literals))[:MOST_LITERALS], tuple(keys)[:MOST_KEYS])


@functools.lru_cache(maxsize=4)
def words_near(tree: Path) -> dict[str, tuple[str, ...]]:
    """By each short text in a tree's functions, a parameter's name for instance, what the same function compares with.

    A change in what is called (the SQL of `city=none`) is met by values that the caller knows (`"none"`).
    """
    found: dict[str, dict[str, None]] = {}
    for path in _files(tree):
        for function in _functions(path).values():
            compared = dict.fromkeys(_literals(function))
            if not compared:
                continue
            texts = {node.value for node in ast.walk(function) if isinstance(node, ast.Constant)}
            for text in texts:
                if isinstance(text, str) and 0 < len(text) <= LONGEST_LITERAL and text.replace("-", "_").isidentifier():
                    found.setdefault(text, {}).update(compared)
    return {text: tuple(own)[:MOST_WORDS] for text, own in found.items()}


def _mentioned(tree: Path, names: set[str]) -> Iterator[ast.AST]:
    """The functions of a tree that name one of these: what a body must hold for the change to be met they read."""
    for path in _files(tree):
        for name, function in _functions(path).items():
            if name.startswith("=") or name.rpartition(".")[2] in names:
                continue
            said = (
                node.attr if isinstance(node, ast.Attribute) else node.id
                for node in ast.walk(function) if isinstance(node, ast.Attribute | ast.Name)
            )  # fmt: skip
            if names.intersection(said):
                yield function


@functools.lru_cache(maxsize=4)
def _constants(tree: Path) -> dict[str, tuple[str, ...]]:
    """The texts in a tree's tables of what there is (`SORTS = {"price": …}`), by the name they are assigned to."""
    return {
        name.removeprefix("="): tuple(dict.fromkeys(_literals(node)))[:MOST_WORDS]
        for path in _files(tree)
        for name, node in _functions(path).items()
        if name.startswith("=") and name[1:].isupper()
    }


def _files(tree: Path) -> Iterator[Path]:
    return (path for path in sorted(tree.rglob("*.py")) if not _SKIPPED.intersection(path.relative_to(tree).parts))


def _functions(path: Path) -> dict[str, ast.AST]:
    """Functions of a file by their place in it, its own assignments by their target; empty where it does not parse,
    which the import gate says."""
    found: dict[str, ast.AST] = {}

    def walk(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = f"{prefix}.{child.name}"
                if not isinstance(child, ast.ClassDef):
                    found[name] = child
                walk(child, name)
            elif isinstance(child, ast.Assign | ast.AnnAssign) and isinstance(node, ast.Module):
                found[f"={ast.unparse(child.targets[0] if isinstance(child, ast.Assign) else child.target)}"] = child
            else:
                walk(child, prefix)

    try:
        walk(ast.parse(path.read_bytes()), "")
    except (SyntaxError, ValueError, RecursionError):
        return {}
    return found


def _names(function: ast.AST) -> Iterator[str]:
    for where, key in _asked(function):
        if where in _QUERY:
            yield key
        elif where in _HEADERS:
            yield f"{key}:"


def _asked(function: ast.AST) -> Iterator[tuple[str, str]]:
    """What a mapping is called and the text that is looked up in it."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _READS:
            source, key = node.func.value, node.args[0] if node.args else None
        elif isinstance(node, ast.Subscript):
            source, key = node.value, node.slice
        else:
            continue
        where = source.attr if isinstance(source, ast.Attribute) else source.id if isinstance(source, ast.Name) else ""
        if isinstance(key, ast.Constant) and isinstance(key.value, str) and key.value:
            yield where, key.value


def _handed(function: ast.AST) -> Iterator[str]:
    """Names that a function compares with or hands on: `field == "status"`, `choice(data, "status", STATUSES)`."""
    for node in ast.walk(function):
        if isinstance(node, ast.Compare):
            parts = [node.left, *node.comparators]
        elif isinstance(node, ast.Call):
            parts = node.args
        else:
            continue
        texts = (one.value for one in parts if isinstance(one, ast.Constant))
        yield from (one for one in texts if isinstance(one, str) and one.isidentifier() and len(one) <= LONGEST_LITERAL)


def _literals(function: ast.AST) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Dict):
            yield from (key.value for key in node.keys if isinstance(key, ast.Constant) and isinstance(key.value, str))
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            texts = [one.value for one in node.elts if isinstance(one, ast.Constant)]
            yield from (one for one in texts if isinstance(one, str) and 0 < len(one) <= LONGEST_LITERAL)
        if isinstance(node, ast.BinOp):  # what is counted in hundreds has its steps there
            sides = [one.value for one in (node.left, node.right) if isinstance(one, ast.Constant)]
            steps = [one for one in sides if isinstance(one, int) and one > 1]
            yield from (str(one * times) for one in steps for times in (1, 2))
        if not isinstance(node, ast.Compare):
            continue
        for part in (node.left, *node.comparators):
            for one in ast.walk(part):
                if not isinstance(one, ast.Constant) or isinstance(one.value, bool):
                    continue
                if isinstance(one.value, int):
                    yield from (str(one.value + step) for step in (-1, 0, 1))
                elif isinstance(one.value, str | float) and 0 < len(str(one.value)) <= LONGEST_LITERAL:
                    yield str(one.value)
