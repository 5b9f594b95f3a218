"""An assistant that edits files in a folder: any command line, one plan step a call, its edits taken as a diff."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from subsecond import durations
from subsecond.errors import SubsecondError
from subsecond.harness import processes
from subsecond.harness.checkout import Checkout

KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "TERM", "TZ", "SSL_CERT_FILE")
"""What an assistant's process sees of ours; more by name (`--pass-env`). Its HOME is an empty folder of its own."""
GAVE_UP = 3
"""The exit code by which an assistant says that it has no change to propose; its last line says why."""
LARGEST_TRANSCRIPT = 2_000_000
LONGEST_REASON = 300
"""Characters of an assistant's last line that stand in the ledger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one call. `patch`: its edits as a git diff from the repository's top, empty where there are none."""

    patch: str
    transcript: str
    failure: str = ""
    """Why its edits are not to be tried, in one line."""


def parsed(command: str) -> list[str]:
    """The words of the command. Raises SubsecondError where the prompt's file has no place in it."""
    try:
        words = shlex.split(command)
    except ValueError as problem:
        raise SubsecondError("bad-option", f"--assistant {command!r}: {problem}") from None
    if not any("{prompt_file}" in word for word in words):
        raise SubsecondError("bad-option", f"--assistant {command!r}: write {{prompt_file}} where the prompt belongs")
    return words


def ask(words: list[str], prompt: str, copy: Checkout, seconds: float, passed: Mapping[str, str]) -> Outcome:
    """Run the command in the copy and take what it changed there. The process group is ended afterwards."""
    with tempfile.TemporaryDirectory(prefix="subsecond-assistant-") as folder:
        file, home, log = Path(folder) / "prompt.md", Path(folder) / "home", Path(folder) / "transcript.txt"
        home.mkdir()
        file.write_text(prompt, encoding="utf-8")
        _git(copy.tree, "init", "-q")
        _git(copy.tree, "add", "-A", "-f")
        base = _git(copy.tree, "write-tree").strip()
        env = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ} | dict(passed)
        env["HOME"] = str(home)
        failure = _run([word.replace("{prompt_file}", str(file)) for word in words], copy, env, log, seconds)
        _git(copy.tree, "add", "-A")
        patch = _git(copy.tree, "diff", "--cached", "--no-color", "--no-ext-diff", "--no-renames", "--binary", base)
        with log.open("rb") as lines:
            text = lines.read(LARGEST_TRANSCRIPT).decode(errors="replace")
        return Outcome(patch=patch, transcript=text, failure=_with_last_words(failure, text))


def _with_last_words(failure: str, transcript: str) -> str:
    """Why it failed, with the last line that it said: mostly the reason."""
    last = [line.strip() for line in transcript.splitlines() if line.strip()][-1:]
    return f"{failure}: {last[0][:LONGEST_REASON]}" if failure and last else failure


def _run(words: list[str], copy: Checkout, env: Mapping[str, str], log: Path, seconds: float) -> str:
    """Why it failed, empty where it ended well."""
    with log.open("wb") as out:
        try:
            child = subprocess.Popen(
                words, cwd=copy.target.cwd, env=dict(env), stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        except OSError as problem:
            raise SubsecondError("no-assistant", f"--assistant: {words[0]} cannot be run: {problem.strerror}") from None
        try:
            code = child.wait(seconds)
        except subprocess.TimeoutExpired:
            return f"the assistant did not end within {durations.text(seconds)}"
        finally:
            processes.end(child.pid)
            child.wait()
    if code == GAVE_UP:
        return "the assistant gave up"
    return f"the assistant ended with exit code {code}" if code else ""


def _git(tree: Path, *arguments: str) -> str:
    """git in the copy alone: its own repository, nobody's settings."""
    env = {
        **os.environ,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_DIR": str(tree / ".git"),
    }
    env["GIT_WORK_TREE"] = str(tree)
    done = subprocess.run(["git", "-C", str(tree), *arguments], capture_output=True, env=env, check=False, timeout=120)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["it failed"]
        raise SubsecondError("git-failed", f"git {arguments[0]}: {said[0]}")
    return done.stdout.decode("utf-8", "surrogateescape")
