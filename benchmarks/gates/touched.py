"""Which requests a patch is about: those that call what it changes, seen on the base. Labels have no say in it."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from benchmarks.gates.corpus import Patch
from benchmarks.gates.ground import Ground
from subsecond.harness import requests

CALLS = Path(__file__).with_name("_calls.py")
SECONDS = 300.0
Calls = Mapping[str, Mapping[str, list[str]]]
"""File -> first line of a function, as text -> the requests that call it."""


def calls(ground: Ground) -> Calls:
    """What each request of the base calls, told by a child that answers them all once."""
    sent = [
        {
            "name": spec.name, "method": spec.method, "headers": list(spec.headers), "body": spec.body,
            "url": spec.url.replace("{{host}}", "localhost"),
        }
        for spec in requests.of_target(ground.target).timed
    ]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-B", str(CALLS), str(ground.target.app).partition(":")[0]], input=json.dumps(sent),
        cwd=ground.target.root, env={**dict(ground.target.env), "PYTHONPATH": str(ground.target.root)},
        capture_output=True, text=True, check=True, timeout=SECONDS,
    )  # fmt: skip
    found: Calls = json.loads(done.stdout)
    return found


def touched(patch: Patch, ground: Ground, known: Calls) -> tuple[str, ...]:
    """The requests that call a function in which the patch changes a line; empty (all of them) where it does not.

    Of a template: those that render it. A line of a module or a class says nothing: other modules may use it.
    """
    found = dict[str, None]()
    for file, line in patch.changed():
        called = known.get(file, {})
        if file.endswith(".py"):
            first = _function(ground.target.root / file, line)
            found |= dict.fromkeys(called.get(str(first), ()))
        else:
            found |= dict.fromkeys(name for names in called.values() for name in names)
    return tuple(found)


def _function(path: Path, line: int) -> int | None:
    """First line, decorators included, of the innermost function that holds the line."""
    if not path.exists():
        return None
    best: int | None = None
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            if first <= line <= (node.end_lineno or line) and (best is None or first > best):
                best = first
    return best
