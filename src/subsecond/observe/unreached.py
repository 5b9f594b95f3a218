"""Lines of functions in the call chain that ran in no request, and which parameter would make them run.

The condition above such a line is read from the source; where it speaks of a variable that the same function filled
from a parameter of the request, the parameter is named: a request that sends it (or not) might run the line.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from subsecond.model.deep import FunctionCalls
from subsecond.model.trace import Trace
from subsecond.model.unreached import Unreached


def unreached(traces: Sequence[Trace], root: Path) -> tuple[Unreached, ...]:
    """What no deep run reached, by file and line. Functions of which one run could not tell are left out."""
    asked = {one.name for trace in traces if trace.deep for one in trace.deep.asked if one.name}
    found: list[Unreached] = []
    for functions in _by_function(traces).values():
        if any(one.missed is None for one in functions):
            continue
        missed = set.intersection(*(_numbers(one.missed or ()) for one in functions))
        if missed:
            found += _in_function(functions[0], missed, asked, root)
    return tuple(sorted(found, key=lambda one: (one.file, one.first)))


def _by_function(traces: Iterable[Trace]) -> Mapping[tuple[str, int], list[FunctionCalls]]:
    found: dict[tuple[str, int], list[FunctionCalls]] = {}
    for trace in traces:
        for one in trace.deep.functions if trace.deep else ():
            found.setdefault((one.file, one.line), []).append(one)
    return found


def _numbers(ranges: Iterable[tuple[int, int]]) -> set[int]:
    return {line for first, last in ranges for line in range(first, last + 1)}


def _in_function(one: FunctionCalls, missed: set[int], asked: set[str], root: Path) -> list[Unreached]:
    tree = _parsed(root / one.file)
    function = _function_at(tree, one.line) if tree else None
    found = []
    for first, last in _ranges(missed):
        condition = _condition(function, first) if function else None
        parameters = _parameters(function, condition, asked) if function and condition is not None else ()
        found.append(
            Unreached(
                file=one.file,
                first=first,
                last=last,
                function=one.function,
                condition=ast.unparse(condition) if condition is not None else None,
                parameters=parameters,
            )
        )
    return found


def _ranges(lines: set[int]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for line in sorted(lines):
        if found and line == found[-1][1] + 1:
            found[-1] = (found[-1][0], line)
        else:
            found.append((line, line))
    return found


def _parsed(path: Path) -> ast.Module | None:
    try:
        return ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):  # newer syntax than ours, a file that is gone
        return None


def _function_at(tree: ast.Module, line: int) -> ast.AST | None:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            starts = {node.lineno, *(decorator.lineno for decorator in node.decorator_list)}
            if line in starts:
                return node
    return None


def _condition(function: ast.AST, line: int) -> ast.expr | None:
    """The innermost condition (of an if, a while, a conditional expression) whose branch holds the line."""
    found: ast.expr | None = None
    size = 0
    for node in ast.walk(function):
        if not isinstance(node, (ast.If, ast.While)):
            continue
        for branch in (node.body, node.orelse):
            if branch and branch[0].lineno <= line <= (branch[-1].end_lineno or 0):
                length = (node.end_lineno or 0) - node.lineno
                if found is None or length <= size:
                    found, size = node.test, length
    return found


def _parameters(function: ast.AST, condition: ast.expr, asked: set[str]) -> tuple[str, ...]:
    """Parameters of the request that the condition speaks of: by name, or through what variables were made of."""
    assignments = [node for node in ast.walk(function) if isinstance(node, ast.Assign)]
    words, variables = _words(condition)
    while True:
        made_of = [
            _words(node.value) for node in assignments if any(_words(one)[1] & variables for one in node.targets)
        ]
        more = variables.union(*(names for _, names in made_of))
        words = words.union(*(texts for texts, _ in made_of))
        if more == variables:
            return tuple(sorted(asked & (words | variables)))
        variables = more


def _words(node: ast.AST) -> tuple[set[str], set[str]]:
    """Texts and names that stand in an expression."""
    inner = list(ast.walk(node))
    texts = {one.value for one in inner if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    return texts, {one.id for one in inner if isinstance(one, ast.Name)}
