"""Where a class's attribute stands in the project's source, found by reading it (the tool never imports the app)."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from subsecond.model.finding import Place


def locate(symbol: str, files: Iterable[str], root: Path) -> Place | None:
    """`Class.attribute` (a base class of it counts too) in the given files and their folders, None if not found.

    `files` are paths as traces have them, relative to `root` or absolute: the neighbours of code that ran.
    """
    wanted, _, attribute = symbol.rpartition(".")
    classes = {node.name: (path, node) for path in _candidates(files, root) for node in _classes(path)}
    seen: set[str] = set()
    queue = [wanted.rpartition(".")[2]]
    while queue:
        name = queue.pop(0)
        if name in seen or name not in classes:
            continue
        seen.add(name)
        path, node = classes[name]
        for line in _lines_of(node, attribute):
            return Place(file=_shown(path, root), line=line, function=name)
        queue += [base.id for base in node.bases if isinstance(base, ast.Name)]
    return None


def _candidates(files: Iterable[str], root: Path) -> list[Path]:
    """Python files beside those that ran, and beside their parent packages' files."""
    folders: dict[Path, None] = {}
    for file in files:
        folder = (root / file).parent
        while folder.is_dir() and folder not in folders:
            folders.setdefault(folder)
            if not (folder / "__init__.py").exists():
                break
            folder = folder.parent
    return [path for folder in folders for path in sorted(folder.glob("*.py"))]


def _classes(path: Path) -> Iterator[ast.ClassDef]:
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))


def _lines_of(node: ast.ClassDef, attribute: str) -> Iterator[int]:
    for statement in node.body:
        if isinstance(statement, ast.Assign):
            names = [target.id for target in statement.targets if isinstance(target, ast.Name)]
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            names = [statement.target.id]
        elif isinstance(statement, ast.FunctionDef):
            names = [statement.name]
        else:
            continue
        if attribute in names:
            yield statement.lineno


def _shown(path: Path, root: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
