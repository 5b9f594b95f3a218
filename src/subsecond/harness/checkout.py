"""Copies of the user's repository in which a base and a candidate run. The user's own tree is never written to."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from subsecond import store
from subsecond.errors import SubsecondError
from subsecond.model.confinement import Confinement
from subsecond.model.target import Target

WORKING_TREE = "the working tree"
PREFIX = "tree-"
GIT_SECONDS = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """One copy: `tree` is the whole repository, `target` the target as it stands in it, `name` for a reader."""

    name: str
    tree: Path
    target: Target


def git(folder: Path, *arguments: str, check: bool = True) -> str:
    """What a git command prints. Raises SubsecondError with git's own words where it fails and `check` is set."""
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, timeout=GIT_SECONDS, stdin=subprocess.DEVNULL, check=False)
    except FileNotFoundError:
        raise SubsecondError("no-git", "git is not installed, and base and candidate are its revisions") from None
    except subprocess.TimeoutExpired:
        raise SubsecondError("no-git", f"git {arguments[0]} did not end within {GIT_SECONDS:.0f} s") from None
    if check and done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise SubsecondError("git-failed", f"git {arguments[0]}: {said[0]}")
    return done.stdout.decode(errors="surrogateescape")


def top_level(root: Path) -> Path:
    """The folder of the repository that holds the project. Raises SubsecondError where there is none."""
    found = git(root, "rev-parse", "--show-toplevel", check=False).rstrip("\n")
    if not found:
        raise SubsecondError(
            "not-a-repository", f"{root} is in no git repository; base and candidate are revisions: git init, commit"
        )
    return Path(found)


def revision(root: Path, name: str) -> str:
    """The commit that a revision names, 40 hex digits. Raises SubsecondError where it names none."""
    found = git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}", check=False).strip()
    if not found:
        raise SubsecondError("no-revision", f'"{name}" is no revision of {root}; try HEAD, a branch or a commit')
    return found


def head(root: Path) -> str | None:
    """The commit that is checked out; None where there is no repository, no commit or no git."""
    try:
        return git(root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}", check=False).strip() or None
    except SubsecondError:
        return None


@contextmanager
def checkout(
    target: Target, name: str | None, copied: Sequence[str] = (), *, confined: bool = False
) -> Iterator[Checkout]:
    """A copy of the repository at the revision `name`, or of the working tree (None), removed at the end.

    `confined`: its processes run in a sandbox, for it holds, or is compared with, code from elsewhere.
    `copied` are ignored files that the app needs (`.env`), by their path in the project. The interpreter, the
    requests and the commands of the target stay the user's own: a candidate does not choose by what it is judged.
    """
    top = top_level(target.root)
    commit = revision(target.root, name) if name is not None else None
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=store.folder(target.root)))
    tree = folder / "tree"
    try:
        if commit is None:
            _copy_working_tree(top, tree)
        else:
            _export(top, commit, tree)
        moved = rebased(target, top, tree)
        for one in copied:
            _copy_ignored(target.root / one, moved.root / one, one)
        if confined:
            moved = replace(moved, confinement=Confinement(tree=tree))
        yield Checkout(name=name or WORKING_TREE, tree=tree, target=moved)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(root: Path) -> None:
    """Remove the copies that a killed tool left; only where no other is at work (the lock)."""
    for left in (root / store.FOLDER).glob(f"{PREFIX}*"):
        shutil.rmtree(left, ignore_errors=True)


def rebased(target: Target, top: Path, tree: Path) -> Target:
    """The target with its folders below `tree` in place of `top`. Raises SubsecondError where they are not there."""

    def moved(path: Path) -> Path:
        try:
            return tree / path.resolve().relative_to(top.resolve())
        except ValueError:
            return path

    result = replace(target, root=moved(target.root), cwd=moved(target.cwd), judged_for=target.root)
    if not result.cwd.is_dir():
        raise SubsecondError("not-in-revision", f"{target.cwd} is not in the revision; was it committed?")
    return result


def _export(top: Path, commit: str, tree: Path) -> None:
    """The files of a commit, without registering anything in the user's repository."""
    tree.mkdir()
    index = tree.parent / "index"
    env = {**os.environ, "GIT_INDEX_FILE": str(index)}
    for arguments in (("read-tree", commit), ("checkout-index", "--all", f"--prefix={tree}/")):
        done = subprocess.run(
            ["git", "-C", str(top), *arguments], capture_output=True, env=env, timeout=GIT_SECONDS, check=False
        )
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["it failed"]
            raise SubsecondError("git-failed", f"git {arguments[0]}: {said[0]}")
    index.unlink(missing_ok=True)


def _copy_working_tree(top: Path, tree: Path) -> None:
    """Tracked files as they stand and new ones that are not ignored; what was deleted is not there."""
    names = git(top, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    tree.mkdir()
    for name in dict.fromkeys(filter(None, names)):
        source, copy = top / name, tree / name
        if source.is_dir() and not source.is_symlink():
            continue  # a submodule: its files are another repository's
        if source.exists() or source.is_symlink():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copy, follow_symlinks=False)


def _copy_ignored(source: Path, copy: Path, name: str) -> None:
    if not source.exists():
        raise SubsecondError("no-copy", f'copy = ["{name}"]: {source} does not exist')
    copy.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, copy, symlinks=True, dirs_exist_ok=True)
    else:
        shutil.copy2(source, copy)
