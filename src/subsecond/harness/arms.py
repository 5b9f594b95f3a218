"""An arm: one running copy of the app with everything it can change, its own process, database and way to it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from subsecond import durations, store
from subsecond.harness import clones, sandbox
from subsecond.harness.clones import Connection, NoCloneError
from subsecond.harness.delay_proxy import DelayProxy
from subsecond.harness.session import AuditedApp, Ground, started
from subsecond.model.confinement import Way
from subsecond_agent import protocol

PREFIX = "arm-"
Isolation = Literal["clone", "own process", "in place", "shared"]
"""Of the database: a scratch copy; one that lives in the app's process; the user's own, which may be changed; the
user's own, which is only read."""


OUTSIDE = ("statements", "transactions", "connections")
Preparation = Callable[[Ground, Mapping[Connection, Connection], Mapping[str, str]], None]
"""Done to an arm's databases before its app starts: the ground, the databases, the environment that leads there."""


@dataclass
class Arm:
    """A running arm. `app` is the one to ask; after `restart` it is another process on the same data."""

    app: AuditedApp
    isolation: Isolation
    why: str
    """Of the isolation, for a reader."""
    base: Ground = field(repr=False)
    databases: dict[Connection, Connection] = field(default_factory=dict, repr=False)
    """The app's own -> this arm's, reached directly."""
    rtt: float | None = None
    """Seconds that the way to the database was made longer; None where it was not."""
    ways: Sequence[DelayProxy] = field(default=(), repr=False)
    """The proxies in front of its databases, where they count what passes."""
    env: dict[str, str] = field(default_factory=dict, repr=False)
    """What leads a process to this arm's databases."""
    _process: ExitStack = field(default_factory=ExitStack, repr=False)

    @property
    def may_be_changed(self) -> bool:
        """Whether indexes may be built in its database."""
        return self.isolation in ("clone", "in place") and len(self.databases) == 1

    @property
    def system(self) -> str | None:
        """`postgresql` or `sqlite` where it has one database."""
        return next(iter(self.databases.values())).system if len(self.databases) == 1 else None

    def restart(self, env: Mapping[str, str] | None = None) -> None:
        """End the process and start another one: nothing that it remembered is left. `env`: on top of all else."""
        self._process.close()
        self.app = self._process.enter_context(started(self.base, {**self.env, **(env or {})}))

    def with_code(self, other: Ground) -> AbstractContextManager[AuditedApp]:
        """Another copy of the app, beside this one, on this arm's data."""
        own, others = self.base.target.confinement, other.target.confinement
        if own is not None and others is not None:
            other = replace(other, target=replace(other.target, confinement=replace(own, tree=others.tree)))
        return started(other, self.env)

    def outside(self) -> dict[str, int] | None:
        """What its databases were sent since the start, as the proxies in front of them counted it.

        `statements` without those that only begin or end transactions, `transactions`, `connections`; None where a
        database is reached otherwise or the messages are encrypted.
        """
        found = [one.counts() for one in self.ways]
        if not found or len(found) < len(self.databases) or any(one["encrypted"] for one in found):
            return None
        return {name: sum(one[name] for one in found) for name in OUTSIDE}

    def run_sql(self, statements: Sequence[str], on: Connection | None = None) -> Any:
        """Statements on this arm's database, each committed by itself; rows of the last one that gave some.

        `on`: which one, by the app's own, where it may have several.
        """
        [result] = self._work([statements], on)
        return result["rows"]

    def time_sql(self, steps: Sequence[Sequence[str]]) -> list[float]:
        """Seconds of each step, which is some statements over a connection of their own, connecting included."""
        return [result["seconds"] for result in self._work(steps)]

    def _work(self, steps: Sequence[Sequence[str]], on: Connection | None = None) -> list[dict[str, Any]]:
        [database] = self.databases.values() if on is None else [self.databases[on]]
        asked = [{"op": "run", "sql": list(statements)} for statements in steps]
        return clones.work_on(self.base.python.executable, database, *asked)


@contextmanager
def arm(
    base: Ground, seen: Sequence[Connection], *, rtt: float | None = None, watched: bool = False,
    prepare: Preparation | None = None, say: Callable[[str], None],
) -> Iterator[Arm]:  # fmt: skip
    """Start an arm for an app that was seen to use the databases `seen`. All of it is gone after the block.

    Where a database cannot be copied the user's own is used, for requests that only read: `isolation` and `why` say
    so. `rtt`: seconds added to each round trip to PostgreSQL, by a proxy of the arm's own; `watched`: that proxy stands
    there without a delay too, and counts. `prepare` is done to scratch copies only. Of a confined app's sandbox the
    databases become part.
    """
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix=PREFIX, dir=store.folder(base.target.home)))
        )
        isolation, why, databases = _databases(stack, base, seen, folder)
        say(why)
        ways, added, proxies = _ways(stack, databases, rtt, watched, say)
        env = _redirection(folder, databases, ways)
        base = _opened(base, databases, ways, folder)
        if prepare is not None and isolation == "clone":
            prepare(base, databases, env)
        with ExitStack() as process:
            app = process.enter_context(started(base, env))
            made = Arm(app, isolation, why, base, databases, added, proxies, env, process)
            yield made


def _databases(
    stack: ExitStack, base: Ground, seen: Sequence[Connection], folder: Path
) -> tuple[Isolation, str, dict[Connection, Connection]]:
    kept = [one for one in seen if not one.in_memory]
    if not seen:
        return "shared", "no connection to a database was seen: the app runs as it is", {}
    if not kept:
        return "own process", "the database lives in the app's own memory: each process has its own", {}
    confined_file = base.target.confinement is not None and any(one.path is not None for one in kept)
    if base.target.data == "disposable" and not confined_file:  # a file's folder may hold more than the database
        why = 'the target says data = "disposable": the app runs on its own database'
        return "in place", why, {one: one for one in kept}
    try:
        with ExitStack() as made:
            copies = {one: made.enter_context(clones.clone(base.target, base.python, one, folder)) for one in kept}
            stack.enter_context(made.pop_all())
    except NoCloneError as problem:
        why = f"no copy of the database could be made, so only what reads is asked, on the app's own: {problem.message}"
        return "shared", why, {one: one for one in kept}
    shown = ", ".join(one.shown for one in kept)
    return "clone", f"the app runs on a scratch copy of {shown}", copies


def _ways(
    stack: ExitStack, databases: Mapping[Connection, Connection], rtt: float | None, watched: bool,
    say: Callable[[str], None],
) -> tuple[dict[Connection, dict[str, Any]], float | None, list[DelayProxy]]:  # fmt: skip
    """How the app is to reach each database, the delay that was really added, and the proxies on the way."""
    ways = {source: database.place() for source, database in databases.items()}
    if not rtt and not watched:
        return ways, None, []
    far = [one for one, copy in databases.items() if copy.port is not None and copy.host and copy.host[0] != "/"]
    proxies = []
    for source in far:
        database = databases[source]
        assert database.host is not None and database.port is not None
        proxy = stack.enter_context(DelayProxy((database.host, database.port), rtt or 0.0))
        ways[source] = {**database.place(), "host": "127.0.0.1", "port": proxy.port}
        proxies.append(proxy)
    if rtt and not far:
        say(
            f"no round trip of {durations.text(rtt)} could be added: the database is not reached by an address and port"
        )
    return ways, rtt if rtt and far else None, proxies


def _opened(
    base: Ground, databases: Mapping[Connection, Connection], ways: Mapping[Connection, Mapping[str, Any]], folder: Path
) -> Ground:
    """The ground with this arm's parts in its sandbox, where the target is confined.

    A migration's tool goes to the copy itself, the app by what stands in front of it.
    """
    if base.target.confinement is None:
        return base
    reached, readable = [], []
    for source, copy in databases.items():
        if source.path is not None:
            readable.append(Path(source.path))  # an app may look whether it is there
            continue
        for host, port in ((ways[source]["host"], ways[source]["port"]), (copy.host, copy.port)):
            readable += sandbox.sockets_of(host, port)
            if host is not None and port is not None and not host.startswith("/"):
                reached.append(Way(host=host, port=port, databases=(copy.dbname or "",)))
    return replace(base, target=sandbox.widened(base.target, ways=reached, readable=readable, writable=[folder]))


def _redirection(
    folder: Path, databases: Mapping[Connection, Connection], ways: Mapping[Connection, Mapping[str, Any]]
) -> dict[str, str]:
    """The environment that leads the app's connections elsewhere; empty where they go where they did."""
    entries = [{"from": source.place(), "to": way} for source, way in ways.items() if way != source.place()]
    if not entries:
        return {}
    path = folder / "redirect.json"
    store.write(path, [store.to_json({"version": 1, "database": entries})])
    assert set(databases) == set(ways)
    return {protocol.ENV_REDIRECT: str(path)}
