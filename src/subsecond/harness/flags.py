"""Python's flags that keep the agent out: `-E`, `-I`, `-S`, in a start command or a script's first lines."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from subsecond.errors import SubsecondError

_PYTHON = re.compile(r"(python|pypy)[\d.]*\Z")
_SHELLS = ("sh", "bash", "dash", "zsh", "ksh")
_KEEP_OUT = {"E": "ignores PYTHONPATH", "I": "ignores PYTHONPATH", "S": "does not import site"}
_TAKES_VALUE = "WX"
_TRAMPOLINE = re.compile(r"exec'? +(.+?) +\"\$0\"")
"""pip writes it in place of a first line that would be too long or hold blanks."""


def refuse(command: Sequence[str], python: Path) -> None:
    """Raise SubsecondError where the command, or the script it names first, runs Python with such a flag."""
    place = "the start command"
    found = _in_command(command)
    if not found and command:
        place, found = f"the first line of {command[0]}", _in_script(Path(command[0]))
    if found:
        raise SubsecondError(
            "python-flag",
            f"{place} runs Python with -{found}, which {_KEEP_OUT[found]}: the agent gets in by PYTHONPATH and could "
            f"not record; leave the flag out for the audit, such as: {python} -m …",
        )


def _in_command(command: Sequence[str]) -> str | None:
    for position, part in enumerate(command):
        name = Path(part).name
        if _PYTHON.match(name) and (found := _in_options(command[position + 1 :])):
            return found
        if name in _SHELLS and "-c" in command[position + 1 :]:
            return _in_shell(command[command.index("-c", position + 1) + 1 :])
    return None


def _in_shell(rest: Sequence[str]) -> str | None:
    try:
        return _in_command(shlex.split(rest[0])) if rest else None
    except ValueError:
        return None


def _in_options(parts: Sequence[str]) -> str | None:
    skip = False
    for part in parts:
        if skip:
            skip = False
        elif part.startswith("--"):
            skip = part == "--check-hash-based-pycs"
        elif not part.startswith("-") or part == "-":
            return None
        else:
            for position, letter in enumerate(part[1:], 1):
                if letter in _KEEP_OUT:
                    return letter
                if letter in "cm":
                    return None
                if letter in _TAKES_VALUE:
                    skip = position == len(part) - 1
                    break
    return None


def _in_script(path: Path) -> str | None:
    try:
        with path.open("rb") as script:
            head = script.read(4096)
    except OSError:
        return None
    if not head.startswith(b"#!"):
        return None
    lines = head.decode(errors="replace").splitlines()
    found = _in_words(lines[0][2:])
    trampoline = _TRAMPOLINE.search("\n".join(lines[1:3]))
    return found or (_in_words(trampoline[1]) if trampoline else None)


def _in_words(text: str) -> str | None:
    try:
        words = shlex.split(text)
    except ValueError:
        words = text.split()
    return _in_command([word.removeprefix("-S") if word.startswith("-Spython") else word for word in words])
