"""What subsecond sees in a project: how it would be started, what would be sent, what would be recorded.

Nothing of the app is imported; it is started only where that is asked for.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from subsecond import durations
from subsecond.errors import SubsecondError
from subsecond.harness import environment, flags, requests, server
from subsecond.harness.app import inject_folder
from subsecond.harness.environment import PythonFacts
from subsecond.harness.server import Start
from subsecond.harness.session import audited_app
from subsecond.model.target import RequestSpec, Target
from subsecond.target import load

T = TypeVar("T")
_FRAMEWORKS = ("flask", "django", "fastapi", "starlette", "quart", "litestar", "bottle", "falcon", "pyramid")
_DATABASE = ("sqlalchemy", "django", "peewee", "tortoise-orm", "pony", "pymongo", "asyncpg", "psycopg", "psycopg2")
_SERVERS = ("gunicorn", "uvicorn", "gevent", "hypercorn", "waitress", "uwsgi")
_DISTRIBUTIONS = {"psycopg2": ("psycopg2", "psycopg2-binary", "psycopg2cffi"), "MySQLdb": ("mysqlclient",)}
"""Where an import's name is not its distribution's."""
_THROUGH_SQLALCHEMY = ("psycopg", "psycopg2", "asyncpg")


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing seen."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Problem:
    """What would stop an audit (`stops`), or make it see less than the user may think."""

    slug: str
    message: str
    stops: bool = True


@dataclass(frozen=True, slots=True)
class Recording:
    """One library: whether what it does is recorded, by which hook or why not."""

    library: str
    version: str
    recorded: bool
    what: str


@dataclass(slots=True)
class Checkup:
    """The outcome of `examine`; `started` is None unless the app was started."""

    facts: list[Fact] = field(default_factory=list)
    recordings: list[Recording] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    started: str | None = None

    @property
    def healthy(self) -> bool:
        """Whether an audit could be run."""
        return not any(problem.stops for problem in self.problems)

    def see(self, name: str, value: str) -> None:
        self.facts.append(Fact(name, value))

    def attempt(self, work: Callable[[], T]) -> T | None:
        """The outcome of `work`; where it raises a user's error, that is a problem and the outcome None."""
        try:
            return work()
        except SubsecondError as problem:
            self.problems.append(Problem(problem.slug, problem.message))
            return None


def examine(folder: Path, options: Mapping[str, object], *, start: bool = False) -> Checkup:
    """Look at the project of `folder`; with `start` also start the app once, log in and ask it.

    `options` as for `subsecond.target.load`. Never raises for a user's mistake: each is a problem of the outcome.
    """
    checkup = Checkup()
    target = checkup.attempt(lambda: load(folder, options))
    if target is None:
        return checkup
    _see_target(checkup, target)
    _see_requests(checkup, target)
    facts = checkup.attempt(lambda: environment.probe(target))
    if facts is None:
        return checkup
    chosen = _see_start(checkup, target, facts)
    checkup.recordings = recordings(facts)
    checkup.problems += _blind_spots(checkup.recordings, facts, chosen)
    if start and checkup.healthy:
        checkup.started = checkup.attempt(lambda: _started(target))
    return checkup


def _see_target(checkup: Checkup, target: Target) -> None:
    checkup.see("target", f"{target.name}, from {target.source}")
    for note in target.notes:
        checkup.problems.append(Problem("configuration", note, stops=False))
    checkup.see("app", target.app or "named by run only")
    if target.app and (missing := _missing(target)):
        checkup.problems.append(Problem("configuration", missing, stops=False))
    checkup.see("own code", _own_code(target))
    data = {"copy": "worked on in copies, else in rolled-back transactions", "disposable": "may be changed in place"}
    copied = f"; copies by: {target.copy_database}" if target.copy_database else ""
    checkup.see("data", f"{target.data}: {data[target.data]}{copied}")
    if target.goal_seconds:
        checkup.see("goal", durations.text(target.goal_seconds))


def _missing(target: Target) -> str:
    """What to tell where the app's module is no file of the project; empty where it is."""
    module = (target.app or "").partition(":")[0]
    path = module.replace(".", "/")
    if any((folder / name).exists() for folder in (target.cwd, target.cwd / "src") for name in (f"{path}.py", path)):
        return ""
    return (
        f"app: there is no {path}.py or {path}/ below {target.cwd}; unless {module} is installed, the app cannot start"
    )


def _own_code(target: Target) -> str:
    if target.code:
        return f"{', '.join(target.code)} (given)"
    module = (target.app or "").partition(":")[0].partition(".")[0]
    package = f"the package {module}, " if module else ""
    outside = "outside virtual environments and site-packages"
    return f"{package}the package of the Flask app that answers, and files below {target.root} {outside}"


def _see_requests(checkup: Checkup, target: Target) -> None:
    plan = checkup.attempt(lambda: requests.of_target(target))
    if plan is None:
        return
    for spec in plan.setup:
        checkup.see("setup request", _request(spec))
    for spec in plan.timed:
        checkup.see("request", _request(spec))
    checkup.problems += [Problem("requests", note, stops=False) for note in plan.notes]


def _request(spec: RequestSpec) -> str:
    place = f"  ({requests.where(spec)})" if spec.file else ""
    return f"{spec.name}: {spec.method} {spec.url}{place}"


def _see_start(checkup: Checkup, target: Target, facts: PythonFacts) -> Start | None:
    checkup.see("python", f"{facts.implementation} {facts.version_text}, {facts.executable} ({facts.why})")
    found = [f"{name} {facts.libraries[name]}" for name in (*_FRAMEWORKS, *_SERVERS) if name in facts.libraries]
    checkup.see("frameworks and servers", ", ".join(found) or "none installed there")
    start = checkup.attempt(lambda: server.choose(target, facts))
    if start is None:
        return None
    checkup.see("server", f"{start.server}: {start.why}")
    checkup.see("start command", start.text)
    checkup.attempt(lambda: flags.refuse(start.command, facts.executable))
    return start


def _hooks() -> dict[str, str]:
    """The agent's hooks: import name that wakes it -> first sentence of its docstring. Read, not imported."""
    found = {}
    for path in sorted((inject_folder().parent / "hooks").glob("*.py")):
        if not path.name.startswith("_"):
            text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "recorded"
            found[path.stem.replace("__", ".")] = text.splitlines()[0].rstrip(".")
    return found


def _installed(module: str, facts: PythonFacts) -> str | None:
    """The version of the distribution that brings an import's top package; None where it is not there."""
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names:
        return f"Python {facts.version_text}"
    for name in _DISTRIBUTIONS.get(top, (top,)):
        version = facts.libraries.get(environment.normal(name))
        if version:
            return version
    return None


def recordings(facts: PythonFacts) -> list[Recording]:
    """For each hook of the agent whether it applies, and for known libraries without a hook that none does."""
    hooks = _hooks()
    result = []
    for module, what in hooks.items():
        version = _installed(module, facts)
        result.append(Recording(module, version or "", bool(version), what if version else "not installed"))
    covered = {environment.normal(module.partition(".")[0]) for module in hooks}
    for name in dict.fromkeys((*_FRAMEWORKS, *_DATABASE)):
        version = facts.libraries.get(name)
        if version and name not in covered:
            result.append(Recording(name, version, False, _why_not(name, covered & facts.libraries.keys())))
    return result


def _why_not(name: str, hooked: set[str]) -> str:
    if name in _THROUGH_SQLALCHEMY and "sqlalchemy" in hooked:
        return "recorded where SQLAlchemy uses it; direct use is not"
    return "the agent has no hook for it"


def _blind_spots(found: list[Recording], facts: PythonFacts, start: Start | None) -> list[Problem]:
    have = facts.libraries
    on = {environment.normal(one.library.partition(".")[0]) for one in found if one.recorded}
    problems = []
    if not on.intersection(_FRAMEWORKS):
        names = ", ".join(name for name in _FRAMEWORKS if name in have) or "none known"
        text = f"no hook for the web framework (installed: {names}): an audit would find nothing to record"
        problems.append(Problem("no-framework", text, stops=False))
    if not on.intersection(_DATABASE):
        text = "no database library that the agent knows is installed: no queries would be recorded"
        problems.append(Problem("no-database-library", text, stops=False))
    if facts.implementation != "cpython":
        problems.append(Problem("not-cpython", f"{facts.implementation} is not tested; CPython 3.9+ is", stops=False))
    blocking = any(name in have for name in _DISTRIBUTIONS["psycopg2"][:2]) and "psycogreen" not in have
    if blocking and start and _is_gevent(start):
        text = "psycopg2 blocks gevent's loop during each query (psycogreen is not installed): requests run one by one"
        problems.append(Problem("blocking-driver", text, stops=False))
    return problems


def _is_gevent(start: Start) -> bool:
    return any("gevent" in part for part in start.command)


def _started(target: Target) -> str:
    with audited_app(target) as app:
        hello = app.require_agent()
        took = durations.text(app.app.seconds)
        hooks = ", ".join(f"{name} {state}" for name, state in sorted(hello.get("hooks", {}).items())) or "none"
        return f"answered after {took}; agent in process {hello.get('pid')}, hooks: {hooks}"
