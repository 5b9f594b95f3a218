"""What the app ran in while it was audited: its server, its Python, its databases, its workers."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A database that the app connected to; `name` is the database's, or the file's, never with a password."""

    system: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """`libraries` are those that the agent records, by name; `workers` the modules or programs that ran beside it."""

    name: str
    server: str
    python: str
    libraries: dict[str, str] = field(default_factory=dict)
    databases: tuple[Store, ...] = ()
    workers: tuple[str, ...] = ()
    revision: str | None = None
    """The commit that was checked out; None where the project is in no git repository."""
