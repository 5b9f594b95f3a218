"""The parameters of an experiment that only the recording can give: statements, keys, a model, a function."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from subsecond.model.entity import Entity
from subsecond.model.experiment import Experiment, Learn
from subsecond.model.sent import Sent
from subsecond.sql.fingerprint import fingerprint, tables
from subsecond_agent import protocol

MOST_KEYS = 20_000
"""More keys than this in one statement are beyond what drivers bind (PostgreSQL: 65,535 values)."""
ONE_EQUALITY = ("batch-equality", "eager-load")
"""Of the fixes that learn keys those whose keys are single values; those of `batch` may be composed."""
_LOOPS = (ast.For, ast.AsyncFor, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class Known:
    """Where functions and classes are looked up: the project's folder, the classes that the app's mapper knows."""

    root: Path
    entities: tuple[Entity, ...] = ()


class CannotLearnError(Exception):
    """Why a parameter cannot be had, for the verdict *not testable*."""


def parameters(
    experiment: Experiment, sent: Sequence[Sent], known: Known, deep: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """All parameters of the fix for one request, whose statements are `sent`, whose deep run's spool line is `deep`.

    Raises CannotLearnError.
    """
    alone = experiment.fix in ONE_EQUALITY
    learnt = {name: _learnt(wanted, sent, known, deep, alone) for name, wanted in experiment.learn.items()}
    return {**experiment.parameters, **learnt}


def _learnt(wanted: Learn, sent: Sequence[Sent], known: Known, deep: Mapping[str, Any] | None, alone: bool) -> Any:
    root = known.root
    if wanted.what == "function":
        return function_of(wanted.chain, root)
    if wanted.what in ("place", "places"):
        found = [[str((root / file).absolute()), function] for file, function in wanted.functions]
        return found if wanted.what == "places" else found[0]
    if wanted.what in ("kept-values", "kept-keys"):
        return kept(wanted, deep)
    mine = [one for one in sent if one.fingerprint == wanted.fingerprint]
    if not mine:
        raise CannotLearnError("the statement was not sent in this request's recording")
    if wanted.what == "statements":
        return sorted({one.hash for one in mine})
    if wanted.what == "model":
        return model_of(mine[0], known.entities)
    return changing(mine) if alone else keys_of(mine)


def kept(wanted: Learn, deep: Mapping[str, Any] | None) -> list[Any]:
    """What tells the rows that were used: the values of their column, or their primary keys."""
    clusters = [
        cluster
        for group in (deep or {}).get("deep", {}).get("reads", ())
        if group["entity"] == wanted.entity and _text_of(deep or {}, group["span"]) == wanted.fingerprint
        for cluster in [*group["clusters"], *([None] if group["others"] else [])]
    ]
    used = [one for one in clusters if one is None or tuple(one["columns"]) not in wanted.rejected]
    if not used:
        raise CannotLearnError("no row was used in this request's deep run, so there is nothing to filter by")
    found: dict[str, Any] = {}
    for cluster in used:
        told = cluster and (cluster.get("keys") if wanted.what == "kept-keys" else _some(cluster, wanted.column))
        if told is None:
            raise CannotLearnError("more rows were used than the deep run names one by one")
        for value in told:
            literal = value[0] if wanted.what == "kept-keys" and len(value) == 1 else value
            found.setdefault(repr(literal), literal)
    return list(found.values())


def _some(cluster: Mapping[str, Any], column: str) -> list[Any] | None:
    told = cluster["values"].get(column)
    if told is None or told["distinct"] is None:
        return None
    values = [*told["some"], *([None] if told.get("missing") and None not in told["some"] else [])]
    return values if len(values) == told["distinct"] else None


def _text_of(line: Mapping[str, Any], span: int) -> str:
    """Fingerprint of the statement at a place among the spans of a spool line."""
    if span < 0:
        return ""
    text = line["spans"][span][5].get(protocol.DB_TEXT)
    return fingerprint(line["texts"][text]) if isinstance(text, int) else ""


def keys_of(sent: Sequence[Sent]) -> list[Any]:
    """The values that statements were sent with, each once, as JSON literals."""
    found: dict[tuple[str, ...], Any] = {}
    for one in sent:
        if one.values in found:
            continue
        literals = [_literal(text) for text in one.values]
        if not literals:
            raise CannotLearnError("the statement carries no values, so there is no key to batch by")
        found[one.values] = literals[0] if len(literals) == 1 else literals
    if len(found) > MOST_KEYS:
        raise CannotLearnError(f"{len(found)} keys are more than one statement can carry")
    return list(found.values())


def changing(sent: Sequence[Sent]) -> list[Any]:
    """The values, each once, at the only place where what was bound to the statements differs; of one value that one.

    What stands at the other places may be of any type: it is not needed.
    """
    rows = list(dict.fromkeys(one.values for one in sent))
    if len({len(row) for row in rows}) != 1:
        raise CannotLearnError("its statements carry lists of different lengths")
    places = [place for place, values in enumerate(zip(*rows, strict=True)) if len(set(values)) > 1]
    if len(rows[0]) == 1:
        places = [0]
    if len(places) != 1:
        raise CannotLearnError(
            f"{len(places) or 'none'} of its values change from statement to statement; only where one does, all can "
            "be asked for at once"
        )
    return keys_of([replace(one, values=(one.values[places[0]],)) for one in sent])


def _literal(text: str) -> Any:
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        raise CannotLearnError("its values are no plain numbers or texts") from None
    if not isinstance(value, str | int | float | bool | None):
        raise CannotLearnError("its values are no plain numbers or texts")
    return value


def model_of(sent: Sent, entities: Sequence[Entity]) -> str:
    """The name of the mapped class with the statement's table, as the app's own mapper knows it."""
    read = tables(sent.text)
    if not read:
        raise CannotLearnError("the statement's table cannot be told")
    table = _bare(read[0])
    mapped = {one.name: one for one in entities if one.table is not None and _bare(one.table) == table}
    found = [one for one in mapped.values() if one.parent not in mapped]  # who inherits the table is a part of it
    if len(found) != 1:
        names = ", ".join(sorted(one.short for one in found))
        said = f"several classes ({names})" if found else "no class"
        raise CannotLearnError(f"{said} of the app's mapper with the table {table}")
    [model] = found
    key = [column.name for column in model.columns if column.primary_key]
    if key and len(sent.values) != len(key):
        raise CannotLearnError(f"it does not look up {model.short} by its primary key ({', '.join(key)})")
    return model.short


def _bare(table: str) -> str:
    return table.rpartition(".")[2].strip('"`').lower()


def function_of(chain: Sequence[tuple[str, int]], root: Path) -> str:
    """`module:qualname` of the innermost function that is called in a loop of its caller, else of the innermost one.

    A loop in the innermost function itself leaves nothing to remember: then the statement is the loop's own.
    """
    for number, (file, line) in enumerate(chain):
        path = root / file
        if path.suffix != ".py":  # a template: its loops are not read; what it calls is called per row
            if number:
                return _named(chain[number - 1], root)
            raise CannotLearnError("the statement is sent from a template itself, so there is no function to remember")
        if _in_loop(path, line):
            if number:
                return _named(chain[number - 1], root)
            raise CannotLearnError("the loop sends the statement itself, so there is no function to remember")
    if not chain:
        raise CannotLearnError("no function of the app's own code sent the statement")
    return _named(chain[0], root)


def _in_loop(path: Path, line: int) -> bool:
    function = _innermost(path, line)
    inside = ast.walk(function) if function is not None else iter(())
    return any(isinstance(node, _LOOPS) and node.lineno <= line <= (node.end_lineno or line) for node in inside)


def _named(place: tuple[str, int], root: Path) -> str:
    path, line = root / place[0], place[1]
    names: list[str] = []
    node: ast.AST = _tree(path)
    while True:
        inner = next(
            (child for child in _definitions(node) if _first_line(child) <= line <= (child.end_lineno or child.lineno)),
            None,
        )
        if inner is None:
            break
        if names and isinstance(node, _FUNCTIONS):
            names.append("<locals>")
        names.append(inner.name)
        node = inner
    if "<locals>" in names:
        raise CannotLearnError(f"{names[-1]} is made inside another function: it cannot be reached from outside")
    if not names or not isinstance(node, _FUNCTIONS):
        raise CannotLearnError(f"no function stands at {place[0]}:{line}")
    if any(isinstance(part, ast.Yield | ast.YieldFrom) for part in ast.walk(node)):
        raise CannotLearnError(f"{names[-1]} is a generator: what it returned cannot be given again")
    return f"{_module(path)}:{'.'.join(names)}"


def _definitions(node: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Classes and functions directly inside, also below an `if` or a `try`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield child
        elif isinstance(child, ast.stmt | ast.excepthandler):
            yield from _definitions(child)


def _first_line(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> int:
    return min([node.lineno, *(one.lineno for one in node.decorator_list)])


def _innermost(path: Path, line: int) -> ast.AST | None:
    around = [
        node
        for node in ast.walk(_tree(path))
        if isinstance(node, _FUNCTIONS) and node.lineno <= line <= (node.end_lineno or line)
    ]
    return max(around, key=lambda node: node.lineno, default=None)


@lru_cache(maxsize=256)
def _tree(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return ast.Module(body=[], type_ignores=[])


def _module(path: Path) -> str:
    """The dotted name under which a file is imported: from the outermost package on."""
    parts = [] if path.stem == "__init__" else [path.stem]
    folder = path.parent
    while (folder / "__init__.py").exists():
        parts.append(folder.name)
        folder = folder.parent
    return ".".join(reversed(parts))


def shown(experiment: Experiment) -> Mapping[str, Any]:
    """The parameters that may be written down: what was learnt may be the user's data."""
    return {**experiment.parameters, **{name: f"learnt: {wanted.what}" for name, wanted in experiment.learn.items()}}
