"""What a process that runs a patch from elsewhere may see of the machine, and whom it may reach."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """What a target lets into the sandbox beside the copy, its interpreter and its arm (`[sandbox]`)."""

    env: tuple[str, ...] = ()
    """Names of variables that are passed on; those of `env` of the target always are."""
    read: tuple[Path, ...] = ()
    """Files and folders that are there to be read."""
    write: tuple[Path, ...] = ()
    """Files and folders of which each process has a copy of its own in their place, to write to; gone with it."""
    connect: tuple[tuple[str, int], ...] = ()
    """Hosts and ports that connections are relayed to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One address that is relayed into the sandbox; `databases`: of PostgreSQL, the only ones that are passed."""

    host: str
    port: int
    databases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Confinement:
    """The sandbox of one process. What is not named here is not there for it."""

    tree: Path
    """The copy that it runs in: its own, it may write there."""
    ways: tuple[Way, ...] = ()
    writable: tuple[Path, ...] = ()
    readable: tuple[Path, ...] = ()
