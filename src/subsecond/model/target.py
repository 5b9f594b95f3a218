"""The target: an app and how to start it, its requests, its goal, what may be done to its data."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from subsecond.model.confinement import Allowed, Confinement


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who uses the system, for the diagrams. `requests`: names of those that are theirs; none: all."""

    name: str
    description: str = ""
    requests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """What no recording knows: people, names and descriptions of what was observed (`[report]`).

    Keys of `names` and `descriptions` are what the diagrams would show: `app`, a host with its port, a database, a
    key-value store, a worker.
    """

    people: tuple[Person, ...] = ()
    names: tuple[tuple[str, str], ...] = ()
    descriptions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What `subsecond.toml`, `[tool.subsecond]` and the command line say, merged and checked."""

    root: Path
    """Folder of the project: of the configuration file, else the working folder."""
    judged_for: Path | None = None
    """Of a copy that is put through gates: the folder of the project that it is a copy of."""
    name: str
    app: str | None = None
    """`module:app`, as gunicorn takes it."""
    run: str | None = None
    """Start command with `{port}` (and `{app}`, `{python}` if wanted); without it a server is chosen."""
    python: Path | None = None
    """Interpreter of the app's environment; without it the first of `.venv`, `venv`, then `python3` on the path."""
    cwd: Path
    env: tuple[tuple[str, str], ...] = ()
    requests: tuple[Path, ...] = ()
    get: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    """Sent with each request given by `get`."""
    allow: tuple[str, ...] = ()
    """`METHOD /path` of requests beyond GET and HEAD that may be sent."""
    code: tuple[str, ...] = ()
    goal_seconds: float | None = None
    data: Literal["copy", "disposable"] = "copy"
    copy_database: str | None = None
    """Command with `{name}` that makes a copy of the app's database, `{source}`; used by trials."""
    copy: tuple[str, ...] = ()
    """Ignored files and folders that the app needs beside its repository (`.env`), by their path in the project."""
    workers: tuple[str, ...] = ()
    """Start commands of the app's workers; they run beside it, their jobs are recorded like requests."""
    jobs: tuple[str, ...] = ()
    """`module:function` of the workers' jobs, where they are none of procrastinate's."""
    budget_seconds: float = 600.0
    """Time for the trials of one audit."""
    rtt_seconds: float | None = None
    """Added to each round trip to the database while trials run and the speed gate measures."""
    max_stale_seconds: float = 0.0
    """How old an answer may be: a response cache is kept within it only."""
    migrate: str | None = None
    """Command that brings the database to the state that the code wants (`alembic upgrade head`)."""
    migrate_down: str | None = None
    """Its way back (`alembic downgrade {version}`; `{version}`: what the base's own version table said)."""
    alerts: tuple[str, ...] | None = None
    """Texts of log records that a monitor looks for; None: not said, `()`: none."""
    repeat: int | None = None
    ready_seconds: float = 60.0
    timeout_seconds: float = 120.0
    allowed: Allowed = field(default_factory=Allowed)
    confinement: Confinement | None = None
    """The sandbox that its processes run in; None: none, they have the user's rights."""
    naming: Naming = field(default_factory=Naming)
    source: str = "the command line"
    """Where the configuration came from, for a reader."""
    notes: tuple[str, ...] = ()
    """What the user should know about how it was read."""

    @property
    def home(self) -> Path:
        """The folder that `.subsecond/` lies in."""
        return self.judged_for or self.root

    def own(self, path: Path) -> Path:
        """A path below a copy's project as it is in the user's own project; any other as it is."""
        return self.home / path.relative_to(self.root) if path.is_relative_to(self.root) else path


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSpec:
    """One request as the user wrote it, variables still in it.

    `file` and `line` say where it stands, for errors; `setup` marks a request that is sent once before the
    others (a login) and never timed.
    """

    name: str
    method: str
    url: str
    """Path with query, or an absolute URL, `{{variables}}` unresolved."""
    headers: tuple[tuple[str, str], ...] = ()
    body: str | None = None
    setup: bool = False
    variables: tuple[tuple[str, str], ...] = field(default=())
    """File variables (`@name = value`) that stood above it, unresolved."""
    file: str = ""
    line: int = 0
