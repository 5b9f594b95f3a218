"""Where a class's attribute stands in the project's source, found by reading it (the tool never imports the app)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from subsecond.model.finding import Place

_CLASS = re.compile(r"( *)class +(?P<name>\w+)(?:\[.*?\])?(?:\((?P<bases>[^)]*)\))? *:")
_MEMBER = re.compile(r"(?P<indent> +)(?:(?P<name>\w+)(?: *:[^=]*)? *=(?!=)|def +(?P<function>\w+))")


@dataclass(frozen=True, slots=True)
class _Class:
    path: Path
    name: str
    bases: tuple[str, ...]
    lines: dict[str, int] = field(default_factory=dict)
    """Line of each attribute and method."""


def locate(symbol: str, files: Iterable[str], root: Path) -> Place | None:
    """`Class.attribute` (a base class of it counts too) in the given files and their folders, None if not found.

    `files` are paths as traces have them, relative to `root` or absolute: the neighbours of code that ran.
    """
    wanted, _, attribute = symbol.rpartition(".")
    classes = {found.name: found for path in _candidates(files, root) for found in _classes(path)}
    seen: set[str] = set()
    queue = [wanted.rpartition(".")[2]]
    while queue:
        name = queue.pop(0)
        if name in seen or name not in classes:
            continue
        seen.add(name)
        found = classes[name]
        if attribute in found.lines:
            return Place(file=_shown(found.path, root), line=found.lines[attribute], function=name)
        queue += found.bases
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


def _classes(path: Path) -> Iterator[_Class]:
    try:
        text = path.read_bytes()
        tree = ast.parse(text)
    except OSError:
        return
    except (SyntaxError, ValueError):
        yield from _by_indentation(path, text.decode(errors="replace"))
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            bases = tuple(base.id for base in node.bases if isinstance(base, ast.Name))
            yield _Class(path, node.name, bases, dict(reversed(list(_members(node)))))


def _members(node: ast.ClassDef) -> Iterator[tuple[str, int]]:
    for statement in node.body:
        if isinstance(statement, ast.Assign):
            names = [target.id for target in statement.targets if isinstance(target, ast.Name)]
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            names = [statement.target.id]
        elif isinstance(statement, ast.FunctionDef):
            names = [statement.name]
        else:
            continue
        yield from ((name, statement.lineno) for name in names)


def _by_indentation(path: Path, text: str) -> Iterator[_Class]:
    """The classes of a file that this Python cannot parse: the app's may be newer than the tool's."""
    found: list[tuple[int, _Class]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if heading := _CLASS.match(line):
            bases = tuple(re.findall(r"\w+", heading["bases"] or ""))
            found.append((len(heading[1]), _Class(path, heading["name"], bases)))
        elif found and (member := _MEMBER.match(line)) and len(member["indent"]) == found[-1][0] + 4:
            found[-1][1].lines.setdefault(member["name"] or member["function"], number)
    return iter([one for _, one in found])


def _shown(path: Path, root: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
