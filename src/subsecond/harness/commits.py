"""Patches as commits of the user's repository, made without its working tree, index or branches."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from subsecond.errors import SubsecondError
from subsecond.harness.checkout import GIT_SECONDS, git, top_level

REFS = "refs/subsecond"
"""Where commits of attempts hang, so that git keeps them: in no list of branches."""
_WHO = {
    "GIT_AUTHOR_NAME": "subsecond", "GIT_AUTHOR_EMAIL": "subsecond@localhost",
    "GIT_COMMITTER_NAME": "subsecond", "GIT_COMMITTER_EMAIL": "subsecond@localhost",
}  # fmt: skip


class DoesNotApplyError(SubsecondError):
    """A patch that does not fit the commit it is for; the message is git's own first line."""

    def __init__(self, said: str) -> None:
        super().__init__("patch-does-not-apply", said)


def committed(root: Path, base: str, patch: str, message: str) -> str:
    """The commit of `patch` on top of `base`. Raises DoesNotApplyError where it does not fit or changes nothing."""
    top = top_level(root)
    with tempfile.TemporaryDirectory(prefix="subsecond-index-") as folder:
        env = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        _run(top, env, "read-tree", base)
        done = _run(top, env, "apply", "--cached", "--unidiff-zero", "--recount", "-", given=patch, check=False)
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise DoesNotApplyError(said[0] if said else "git apply failed")
        tree = _run(top, env, "write-tree").stdout.decode().strip()
        if tree == git(top, "rev-parse", f"{base}^{{tree}}").strip():
            raise DoesNotApplyError("it changes nothing")
        made = _run(top, _WHO, "commit-tree", tree, "-p", base, "-m", message)
    return made.stdout.decode().strip()


def difference(root: Path, base: str, candidate: str, *, context: int = 3) -> str:
    """The diff between two commits, below the project's folder or anywhere in its repository."""
    return git(top_level(root), "diff", "--no-color", "--no-ext-diff", "--no-renames", f"-U{context}", base, candidate)


def remember(root: Path, name: str, commit: str) -> None:
    """Hang a commit on a name of ours, so that it outlives git's clean-up."""
    git(root, "update-ref", f"{REFS}/{name}", commit)


def recalled(root: Path, name: str) -> str | None:
    """The commit that hangs on a name of ours."""
    return git(root, "rev-parse", "--verify", "--quiet", f"{REFS}/{name}", check=False).strip() or None


def text_at(root: Path, commit: str, path: str) -> str | None:
    """A file's text in a commit, None where it is not there or no UTF-8 text. `path` from the repository's top."""
    try:
        done = _run(top_level(root), {}, "show", f"{commit}:{path}", check=False)
        return done.stdout.decode() if done.returncode == 0 else None
    except UnicodeDecodeError:
        return None


def changed_paths(root: Path, base: str, candidate: str) -> list[str]:
    """Files that differ between two commits, from the repository's top."""
    found = git(top_level(root), "diff", "--name-only", "--no-renames", "-z", base, candidate)
    return [name for name in found.split("\0") if name]


def contains(root: Path, commit: str, earlier: str) -> bool:
    """Whether `earlier` is `commit` itself or one that it grew on."""
    done = _run(top_level(root), {}, "merge-base", "--is-ancestor", earlier, commit, check=False)
    return done.returncode == 0


def is_clean(root: Path) -> bool:
    """Whether the working tree has no change to tracked files."""
    return not git(top_level(root), "status", "--porcelain", "--untracked-files=no").strip()


def fast_forward(root: Path, base: str, result: str) -> None:
    """Move the branch that is checked out from `base` to `result`, files and all; refused where work would be lost."""
    top = top_level(root)
    if git(top, "rev-parse", "HEAD").strip() != base:
        raise SubsecondError("head-moved", "HEAD has moved since: the kept commits are not on top of it any more")
    if not is_clean(root):
        raise SubsecondError("not-clean", "the working tree has changes that are not committed; commit or stash them")
    git(top, "merge", "--ff-only", "--quiet", result)


def _run(
    top: Path, env: Mapping[str, str], *arguments: str, given: str = "", check: bool = True
) -> subprocess.CompletedProcess[bytes]:
    try:
        done = subprocess.run(
            ["git", "-C", str(top), *arguments], input=given.encode("utf-8", "surrogateescape"), capture_output=True,
            env={**os.environ, **env}, timeout=GIT_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise SubsecondError("git-failed", f"git {arguments[0]} did not end within {GIT_SECONDS:.0f} s") from None
    if check and done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["it failed"]
        raise SubsecondError("git-failed", f"git {arguments[0]}: {said[0]}")
    return done
