"""SQL gets its values as parameters: nothing that a program puts together is given to the database as text."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SERVED = sorted(
    path
    for path in (ROOT / "discovery").rglob("*.py")
    # What a person starts by hand: names of databases, which cannot be parameters, are checked or quoted there.
    if not {"ground", "bench"} & set(path.relative_to(ROOT / "discovery").parts)
)
TAKES_SQL = {
    "text",
    "execute",
    "executemany",
    "exec_driver_sql",
    "scalar",
    "scalars",
    "literal_column",
    "SQL",
    "stream",
}


def put_together(node: ast.expr) -> bool:
    """Whether an expression makes a text from parts."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        return any(
            isinstance(side, ast.JoinedStr) or (isinstance(side, ast.Constant) and isinstance(side.value, str))
            for side in (node.left, node.right)
        )
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in ("format", "join", "replace")
    return False


def suspicious(tree: ast.Module) -> Iterator[int]:
    """Lines on which a call that takes SQL is given such a text, directly or by a name that was set to one."""
    made = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and put_together(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        first = node.args[0]
        if name in TAKES_SQL and (put_together(first) or (isinstance(first, ast.Name) and first.id in made)):
            yield node.lineno


def test_sql_only_with_parameters() -> None:
    assert len(SERVED) > 60
    found = [f"{path.relative_to(ROOT)}:{line}" for path in SERVED for line in suspicious(ast.parse(path.read_text()))]
    assert not found


@pytest.mark.parametrize(
    "code",
    [
        'connection.execute(f"SELECT {x}")',
        'session.execute(text("SELECT %s" % x))',
        'session.scalar("SELECT " + x)',
        'text("SELECT {}".format(x))',
        'q = f"SELECT {x}"\nconnection.execute(q)',
    ],
)
def test_it_would_be_found(code: str) -> None:
    assert list(suspicious(ast.parse(code)))


@pytest.mark.parametrize(
    "code", ['connection.execute(text("SELECT :x"), {"x": x})', 'log.info(f"{x}")', "execute(QUERY)"]
)
def test_parameters_are_fine(code: str) -> None:
    assert not list(suspicious(ast.parse(code)))
