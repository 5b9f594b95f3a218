"""What a line of the app's source does with what it reads: filters, sorts, cuts, repeats. Read, never imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

from subsecond.model.trace import Frame

Role = Literal["filter", "sort"]
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_LOOPS = (ast.For, ast.AsyncFor, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_PLAIN_KEY = (ast.Attribute, ast.Name, ast.Tuple, ast.UnaryOp, ast.USub, ast.Constant, ast.Load, ast.Subscript)
"""What the key of a sort may consist of for ORDER BY to do the same: columns, their order turned round."""
DEPTH = 3
"""Own frames above a reading that may hold the condition or the sort: the property read, the lambda, their caller."""


def role(stack: Sequence[Frame], name: str, root: Path | None) -> tuple[Role, Frame] | None:
    """What a column is read for, and where: the innermost condition or sort above the reading, None for neither.

    Only the first reading is known: a condition elsewhere in the function that reads the attribute counts too.
    """
    for frame in stack[:DEPTH]:
        tree = _at(root, frame)
        if tree is None:
            continue
        if _sort_at(tree, frame.line) is not None:
            return "sort", _named(frame, stack)
        tests = list(_conditions(tree))
        if any(node.lineno <= frame.line <= (node.end_lineno or 0) for node in tests):
            return "filter", _named(frame, stack)
        function = _function_at(tree, frame.line)
        for test in tests:
            if function is not None and _holds(function, test) and name in _attributes(test):
                return "filter", replace(_named(frame, stack), line=test.lineno)
    return None


def hands_on(frame: Frame, root: Path | None) -> bool:
    """Whether a frame is what a decorator puts around a function: it calls what its maker was given."""
    tree = _at(root, frame)
    if tree is None:
        return False
    line = frame.line
    around = [node for node in ast.walk(tree) if isinstance(node, _DEFINITIONS) and _stands_in(node, line)]
    given = {one.arg for node in sorted(around, key=lambda one: one.lineno)[:-1] for one in node.args.args}
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and _stands_in(node, line))
    return any(isinstance(node.func, ast.Name) and node.func.id in given for node in calls)


def _stands_in(node: ast.expr | ast.stmt, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or 0)


def _named(frame: Frame, stack: Sequence[Frame]) -> Frame:
    """The line in the named function that holds it: a lambda's own name tells a reader nothing."""
    if not frame.function.endswith("<lambda>"):
        return frame
    around = next((other for other in stack if not other.function.endswith("<lambda>")), frame)
    return replace(frame, function=around.function) if around.file == frame.file else frame


def _holds(function: ast.AST, node: ast.expr) -> bool:
    first, last = getattr(function, "lineno", 0), getattr(function, "end_lineno", 0)
    return bool(first <= node.lineno <= last)


def _attributes(node: ast.AST) -> set[str]:
    return {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}


def _conditions(tree: ast.AST) -> Iterator[ast.expr]:
    """Expressions whose truth decides over a row of a loop: an `if` there, a comprehension's, what `any` asks of each.

    An `if` outside all loops decides over the whole request.
    """
    for loop in ast.walk(tree):
        if isinstance(loop, ast.For | ast.AsyncFor | ast.While):
            yield from (node.test for node in ast.walk(loop) if isinstance(node, ast.If))
        elif isinstance(loop, _COMPREHENSIONS):
            yield from (test for part in loop.generators for test in part.ifs)
        elif isinstance(loop, ast.Call) and isinstance(loop.func, ast.Name) and loop.args:
            if loop.func.id in ("any", "all") and isinstance(loop.args[0], ast.GeneratorExp | ast.ListComp):
                yield loop.args[0].elt
            if loop.func.id == "filter":
                yield loop.args[0]


def asks_whether(frame: Frame, root: Path | None) -> bool:
    """Whether a line is part of what `any` or `all` asks of each row: a yes or no is all that becomes of them."""
    tree = _at(root, frame)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)] if tree is not None else []
    return any(
        isinstance(call.func, ast.Name) and call.func.id in ("any", "all")
        and any(isinstance(part, _COMPREHENSIONS) for part in call.args)
        and call.lineno <= frame.line <= (call.end_lineno or 0)
        for call in calls
    )  # fmt: skip


def _sort_at(tree: ast.AST, line: int) -> ast.Call | None:
    """The innermost `sorted(…, key=…)` or `….sort(key=…)` that a line is part of."""
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and (
            (isinstance(node.func, ast.Name) and node.func.id == "sorted")
            or (isinstance(node.func, ast.Attribute) and node.func.attr == "sort")
        )
        and _key_of(node) is not None
        and node.lineno <= line <= (node.end_lineno or 0)
    ]
    return min(found, key=lambda node: (node.end_lineno or 0) - node.lineno, default=None)


def _key_of(call: ast.Call) -> ast.expr | None:
    return next((word.value for word in call.keywords if word.arg == "key"), None)


def is_plain_sort(frame: Frame, root: Path | None, reading: Frame | None = None, name: str = "") -> bool:
    """Whether the key of the sort on that line is made of attributes alone, so that ORDER BY gives the same.

    `reading`: the innermost own frame that read the column `name`; tells of a key that the line only names.
    """
    tree = _at(root, frame)
    call = _sort_at(tree, frame.line) if tree is not None else None
    key = _key_of(call) if call is not None else None
    if isinstance(key, ast.Lambda):
        return _is_plain(key.body)
    if isinstance(key, ast.Call):
        return ast.unparse(key.func).endswith("attrgetter")
    if tree is None or reading is None or not isinstance(key, ast.Name | ast.Attribute | ast.Subscript):
        return False
    if (reading.file, reading.line) == (frame.file, frame.line):
        # no Python of the app's own between sort and column: `attrgetter`, or another reading on the same line
        return name not in _attributes_beside(tree, key, frame.line)
    return _returns_attributes(reading, root)


def _attributes_beside(tree: ast.AST, key: ast.expr, line: int) -> set[str]:
    """Attributes that a line reads elsewhere than in the key of its sort."""
    within = {id(part) for part in ast.walk(key)}
    return {
        part.attr
        for part in ast.walk(tree)
        if isinstance(part, ast.Attribute) and part.end_lineno == line and id(part) not in within
    }


def _is_plain(node: ast.AST) -> bool:
    return all(isinstance(part, _PLAIN_KEY) for part in ast.walk(node))


def _returns_attributes(reading: Frame, root: Path | None) -> bool:
    """Whether the function that read a column returns attributes and does nothing else."""
    tree = _at(root, reading)
    around = [
        node
        for node in (ast.walk(tree) if tree is not None else ())
        if isinstance(node, _FUNCTIONS) and node.lineno <= reading.line <= (node.end_lineno or 0)
    ]
    if not around:
        return False
    function = max(around, key=lambda node: node.lineno)
    if isinstance(function, ast.Lambda):
        return _is_plain(function.body)
    last = function.body[-1]
    told = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return len(told) == 1 and isinstance(last, ast.Return) and last.value is not None and _is_plain(last.value)


def in_loop(frame: Frame, root: Path | None) -> bool:
    """Whether a line stands inside a loop of its own function."""
    return bool(_loops_around(frame, root))


def over_constants(stack: Sequence[Frame], root: Path | None) -> bool:
    """Whether the innermost loop around a chain of frames goes through constants, and no other loop is around it.

    Constants: a list or tuple written out, or what has a name in capitals (PEP 8), as it is, sorted or counted.
    """
    found = [loop for frame in stack for loop in _loops_around(frame, root)]
    iterated = [one for one in found if isinstance(one, (ast.For, ast.AsyncFor, *_COMPREHENSIONS))]
    return len(found) == len(iterated) == 1 and _is_constant(_iterated(iterated[0]))


def _loops_around(frame: Frame, root: Path | None) -> list[ast.AST]:
    """The loops of its own function that run a line each time round."""
    tree = _at(root, frame)
    function = _function_at(tree, frame.line) if tree is not None else None
    return [
        loop
        for loop in (ast.walk(function) if function is not None else ())
        if isinstance(loop, _LOOPS)
        and any(getattr(one, "lineno", 0) <= frame.line <= (getattr(one, "end_lineno", 0) or 0) for one in _parts(loop))
    ]


def _iterated(loop: ast.AST) -> ast.expr:
    if isinstance(loop, ast.For | ast.AsyncFor):
        return loop.iter
    assert isinstance(loop, _COMPREHENSIONS)
    return loop.generators[0].iter


def _is_constant(node: ast.expr) -> bool:
    if isinstance(node, ast.Call):  # enumerate(STATES), sorted(STATES), zip(NAMES, STATES), PRICES.items()
        beside = [node.func.value] if isinstance(node.func, ast.Attribute) and not node.args else list(node.args)
        return bool(beside) and all(_is_constant(one) for one in beside)
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return all(isinstance(part, ast.Constant) or _is_constant(part) for part in node.elts)
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return name.isupper()


def _parts(loop: ast.AST) -> Iterator[ast.AST]:
    """Expressions and statements that a loop runs in each round."""
    if isinstance(loop, ast.For | ast.AsyncFor):
        return (part for statement in loop.body for part in ast.walk(statement))
    return (part for part in _each_round(loop) if part is not loop and isinstance(part, ast.expr | ast.stmt))


def cuts(file: str, line: int, root: Path | None) -> list[tuple[int, frozenset[str], bool]]:
    """Slices with an upper bound in the function around a line.

    -> (their line, names that the bounds come from, whether they begin with the first row)

    Those of a text that an object holds, or taken in each round of a loop, cut no list of rows. A name that the
    function assigned stands for the names and texts it was made of, two steps back.
    """
    tree = _tree(root / file) if root is not None else None
    function = _function_at(tree, line) if tree is not None else None
    if function is None:
        return []
    made: dict[str, set[str]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    made.setdefault(target.id, set()).update(_words(node.value))
    repeated = {id(part) for loop in ast.walk(function) if isinstance(loop, _LOOPS) for part in _each_round(loop)}
    found = []
    for node in ast.walk(function):
        if not isinstance(node, ast.Subscript) or not isinstance(node.slice, ast.Slice) or node.slice.upper is None:
            continue
        if not isinstance(node.value, ast.Name | ast.Call) or id(node) in repeated:
            continue
        words = _words(node.slice)
        for _ in range(2):
            words |= {word for name in words & made.keys() for word in made[name]}
        found.append((node.lineno, frozenset(words), node.slice.lower is None))
    return found


def _each_round(loop: ast.AST) -> Iterator[ast.AST]:
    """What a loop does in each of its rounds: all of it but what it goes through."""
    once: set[int] = set()
    if isinstance(loop, ast.For | ast.AsyncFor):
        once = {id(part) for part in ast.walk(loop.iter)}
    elif isinstance(loop, _COMPREHENSIONS):
        once = {id(part) for part in ast.walk(loop.generators[0].iter)}
    return (part for part in ast.walk(loop) if id(part) not in once)


def _words(node: ast.AST) -> set[str]:
    """Names, attributes and texts in an expression."""
    words: set[str] = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            words.add(part.id)
        elif isinstance(part, ast.Attribute):
            words.add(part.attr)
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            words.add(part.value)
    return words


def _function_at(tree: ast.AST, line: int) -> ast.AST | None:
    """The innermost named function around a line; the module itself where there is none."""
    around = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.lineno <= line <= (node.end_lineno or 0)
    ]
    return max(around, key=lambda node: node.lineno, default=tree)


def batch_functions(file: str, function: str, root: Path | None) -> list[str]:
    """Functions of the same file that look as if they did for many what `function` does for one: `name (line)`.

    Their name shares the longest word with it, and a parameter is annotated as a collection or its name is a plural.
    """
    tree = _tree(root / file) if root is not None else None
    if tree is None:
        return []
    own = function.rpartition(".")[2]
    stem = max(own.split("_"), key=len, default="")
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef) or node.name == own or len(stem) < 4:
            continue
        if stem in node.name.split("_") and (_takes_many(node) or _gives_by_key(node)):
            found.append(f"{node.name} ({file}:{node.lineno})")
    return found


def _takes_many(node: ast.FunctionDef) -> bool:
    return any(
        argument.arg.endswith(("_ids", "_keys"))
        or (
            argument.annotation is not None
            and ast.unparse(argument.annotation).startswith(("list[", "set[", "Sequence["))
        )
        for argument in node.args.args
    )


def _gives_by_key(node: ast.FunctionDef) -> bool:
    return node.returns is not None and ast.unparse(node.returns).startswith(("dict[int", "dict[str, dict"))


def _at(root: Path | None, frame: Frame) -> ast.Module | None:
    return _tree(root / frame.file) if root is not None and frame.file.endswith(".py") else None


@lru_cache(maxsize=512)
def _tree(path: Path) -> ast.Module | None:
    """None where it cannot be read or parsed: the app's Python may be newer than the tool's."""
    try:
        return ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None
