"""The project's Alembic revisions, found by reading the files; nothing of them is run."""

from __future__ import annotations

import ast
import configparser
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from subsecond.fix.fixer import RefusedError

_NO_SOURCE = {"node_modules", "site-packages", "venv", "var", "build", "dist", "__pycache__"}


@dataclass(frozen=True)
class Revision:
    """One file of `versions/`: its identifier and those it stands on."""

    path: Path
    revision: str
    below: tuple[str, ...]


def folder(root: Path) -> Path | None:
    """The `versions` folder of the project; None where there is none. Raises RefusedError where there are several."""
    named = _configured(root)
    if named is not None:
        return named
    places = (path for path in source_folders(root) if path.name == "versions")
    found = [path for path in places if any(True for _ in revisions(path))]
    if len(found) > 1:
        shown = ", ".join(str(path.relative_to(root)) for path in found)
        raise RefusedError(f"several folders of migrations ({shown}): name one by script_location in alembic.ini")
    return found[0] if found else None


def _configured(root: Path) -> Path | None:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(root / "alembic.ini", encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError) as problem:
        raise RefusedError(f"alembic.ini cannot be read: {str(problem).splitlines()[0]}") from None
    location = parser.get("alembic", "script_location", fallback="").replace("%(here)s/", "").replace("%%", "%")
    path = root / location / "versions"
    return path if location and path.is_dir() and path.resolve().is_relative_to(root.resolve()) else None


def source_folders(root: Path) -> Iterator[Path]:
    """The project's folder and those below it that may hold its own source."""
    for place, folders, _ in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in _NO_SOURCE and not name.startswith("."))
        yield Path(place)


def revisions(versions: Path) -> Iterator[Revision]:
    """All revisions of a folder, by the names `revision` and `down_revision` that each file sets."""
    for path in sorted(versions.glob("*.py")):
        try:
            values = dict(_assigned(ast.parse(path.read_bytes())))
        except (SyntaxError, ValueError, OSError) as problem:
            raise RefusedError(f"{path.name} cannot be read: {problem}") from None
        revision, below = values.get("revision"), values.get("down_revision")
        if isinstance(revision, str) and "down_revision" in values:
            under = below if isinstance(below, tuple | list) else (below,) if below else ()
            yield Revision(path, revision, tuple(str(one) for one in under))


def _assigned(tree: ast.Module) -> Iterator[tuple[str, object]]:
    for node in tree.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        value = getattr(node, "value", None)
        for target in targets:
            if isinstance(target, ast.Name) and isinstance(value, ast.expr):
                try:
                    yield target.id, ast.literal_eval(value)
                except ValueError:
                    continue


def head(found: Sequence[Revision]) -> Revision:
    """The one that nothing stands on. Raises RefusedError where there are several."""
    under = {below for one in found for below in one.below}
    heads = [one for one in found if one.revision not in under]
    if len(heads) != 1:
        shown = ", ".join(f"{one.path.name} ({one.revision})" for one in heads) or "none"
        raise RefusedError(f"the migrations have {len(heads)} heads: {shown}; `alembic merge` them first")
    return heads[0]


def following(found: Sequence[Revision], digest: str) -> str:
    """An identifier for a new revision: the next number where all are numbers of one width, else the digest."""
    names = [one.revision for one in found]
    if all(name.isdigit() and len(name) == len(names[0]) for name in names):
        return str(max(map(int, names)) + 1).zfill(len(names[0]))
    return digest
