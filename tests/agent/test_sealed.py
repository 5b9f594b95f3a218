"""The agent is sealed: standard library only, no lock, no thread, nothing that must not precede gevent's patching."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from tests.agent.served import AGENT

FILES = sorted(AGENT.rglob("*.py"))
FORBIDDEN_MODULES = {
    *("asyncio", "concurrent", "threading", "_thread", "queue", "_queue", "multiprocessing", "ssl", "socket", "select"),
    *("subprocess", "signal", "logging", "pickle", "typing", "hmac", "selectors", "importlib"),
}
FORBIDDEN_NAMES = {"Lock", "RLock", "allocate_lock", "local", "start_new_thread", "Thread", "Queue", "SimpleQueue"}


def imports(tree: ast.AST) -> set[str]:
    """Top names of what a file imports while it runs: not inside `if TYPE_CHECKING`."""
    found: set[str] = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add((node.module or "").partition(".")[0])
        else:
            found |= imports(node)
    return found


@pytest.mark.parametrize("file", FILES, ids=[str(file.relative_to(AGENT)) for file in FILES])
def test_imports_only_what_is_harmless(file: Path) -> None:
    found = imports(ast.parse(file.read_text()))
    allowed = set(sys.stdlib_module_names) | {"_subsecond_inject"}
    assert found <= allowed
    # while it profiles a native thread may exist: the references for it must be older than any patching
    assert found & FORBIDDEN_MODULES == ({"_thread"} if file.name == "natives.py" else set())


@pytest.mark.parametrize("file", FILES, ids=[str(file.relative_to(AGENT)) for file in FILES])
def test_makes_no_lock_and_no_thread(file: Path) -> None:
    tree = ast.parse(file.read_text())
    called = {
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    }
    assert not called & FORBIDDEN_NAMES
    kept = {a.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for a in node.names}
    assert not kept & {"sleep", *FORBIDDEN_NAMES}


def test_files_are_as_old_as_the_oldest_python() -> None:
    for file in FILES:
        ast.parse(file.read_text(), feature_version=(3, 9))


def test_the_inject_folder_holds_nothing_an_app_could_import_by_accident() -> None:
    names = {entry.name for entry in (AGENT / "inject").iterdir()} - {"__pycache__"}
    assert names == {"sitecustomize.py", "_subsecond_inject.py", "subsecond_agent_inject-1.dist-info"}


def test_hooks_have_their_parts_and_do_not_know_each_other() -> None:
    for file in sorted((AGENT / "hooks").glob("[!_]*.py")):
        tree = ast.parse(file.read_text())
        names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        values = {
            target.id: node.value
            for node in tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        assert {"install", "uninstall"} <= names, file.name
        assert {"HOOK", "live", "patches"} <= set(values), file.name
        hook = values["HOOK"]
        assert isinstance(hook, ast.Constant)
        assert hook.value == file.stem.replace("__", ".")
        near = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level == 1]
        assert near == [], f"{file.name} imports its neighbour"
