"""What a patch must leave alone: the user's files, git's settings there, and what we have written down.

In the sandbox it cannot reach them. Where it runs with the user's rights it is looked at before and after.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from subsecond import store
from subsecond.harness import clones, run_folder
from subsecond.harness.checkout import PREFIX, git, top_level
from subsecond.harness.start_failure import KEPT_LOG
from subsecond.model.target import Target

SHOWN = 3
_GIT = ("config", "hooks", "info")
"""Parts of .git that make git run something; its branches may move while we work."""
_AT_WORK = (PREFIX, run_folder.PREFIX, *run_folder.SCRATCH, run_folder.LOCK, KEPT_LOG, clones.LEDGER)
"""Of our own folder, what we write ourselves while a patch runs: copies, logs, notes of clones."""
_SQLITE = ("-wal", "-shm", "-journal")
"""The ledger's files beside its database."""


def marks(target: Target) -> dict[str, str]:
    """A hash for each file, by its path from the repository's top."""
    top = top_level(target.home)
    names = git(top, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    paths = [top / name for name in names if name]
    settings = Path(git(top, "rev-parse", "--git-common-dir").rstrip("\n"))
    for name in _GIT:
        paths += _below(top / settings / name)
    for entry in sorted(store.folder(target.home).iterdir()):
        if not entry.name.startswith(_AT_WORK) and not entry.name.endswith(_SQLITE):
            paths += _below(entry)
    return {str(path.relative_to(top)) if path.is_relative_to(top) else str(path): _mark(path) for path in paths}


def _below(path: Path) -> Iterator[Path]:
    if path.is_dir() and not path.is_symlink():
        yield from (one for one in sorted(path.rglob("*")) if not one.is_dir() or one.is_symlink())
    elif path.exists() or path.is_symlink():
        yield path


def _mark(path: Path) -> str:
    try:
        if path.is_symlink():
            return f"-> {path.readlink()}"
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as problem:
        return f"not read: {problem.strerror}"


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Files that are other than they were, new, or gone."""
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))


def told(names: list[str]) -> str:
    """For the ledger."""
    shown = ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
    return (
        f"while it ran, files outside its copy were changed: {shown}; by the patch or by you: in the sandbox (without "
        "--trust-patch) it could only be you"
    )
