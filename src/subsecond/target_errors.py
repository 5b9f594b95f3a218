"""What is wrong with a configuration, in one line that says where and how to mend it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from subsecond.errors import SubsecondError

OWN_FILE = "subsecond.toml"
PROJECT_FILE = "pyproject.toml"
COMMAND_LINE = "command line"
LONGEST_SHOWN = 100
_APP_IN_SOURCE = re.compile(
    r"^(app|application|api)\b[^=\n]*=\s*(Flask|FastAPI|Starlette|Quart|create_app|get_\w+)\(", re.M
)


@dataclass(frozen=True, slots=True)
class Source:
    """One place that gives values: how to name it, what its relative paths start from."""

    name: str
    base: Path
    project: Path
    """Looked in as well: `--cwd examples/shop requests.http`."""


def wrong(source: Source, key: str, value: object, wanted: str) -> SubsecondError:
    kinds = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list", dict: "a table"}
    came = kinds.get(type(value), type(value).__name__)
    return SubsecondError(
        "config-wrong-type", f"{source.name}: {key} = {shown(value, repr)} is {came}; wanted {wanted}"
    )


def bad(source: Source, key: str, value: object, mend: str) -> SubsecondError:
    return SubsecondError("config-bad-value", f"{source.name}: {key} = {shown(value, str)!r}: {mend}")


def shown(value: object, form: Callable[[object], str]) -> str:
    try:
        text = form(value)
    except ValueError:  # Python refuses to write integers of thousands of digits
        return "…"
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def near(path: Path) -> str:
    try:
        here = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return f"; there is no folder {path.parent}"
    near = difflib.get_close_matches(path.name, here, n=3, cutoff=0.5)
    near += [name for name in sorted(here) if path.suffix and name.endswith(path.suffix) and name not in near][:3]
    return f"; near it: {', '.join(near)}" if near else f"; nothing with a like name in {path.parent}"


def no_app(root: Path, source: Source) -> str:
    found = next((f"{path.stem}:{hit.group(1)}" for path in _sources(root) if (hit := _app_in(path))), None)
    seen = f"; {found.partition(':')[0]}.py looks like it: subsecond audit {found}" if found else ""
    where = (
        f"{source.name} names no app"
        if source.name != "the command line"
        else f"no app given, and {root} has no configuration"
    )
    return (
        f'{where}: give MODULE:APP on the command line, or `app = "module:app"` in {OWN_FILE} '
        f"or in [tool.subsecond] of {PROJECT_FILE} (parent folders are not searched){seen}"
    )


def _sources(root: Path) -> list[Path]:
    return sorted(root.glob("*.py"))[:50]


def _app_in(path: Path) -> re.Match[str] | None:
    try:
        return _APP_IN_SOURCE.search(path.read_text(encoding="utf-8", errors="replace")[:100_000])
    except OSError:
        return None
