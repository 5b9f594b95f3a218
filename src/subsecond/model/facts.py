"""What a detector may know beyond the traces of its route."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from subsecond.model.database import DatabaseFacts
from subsecond.model.entity import Entity
from subsecond.model.growth import Grown
from subsecond.model.trace import Trace
from subsecond.model.unreached import Unreached


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Facts of the app, read once per audit; None where they could not be had."""

    database: DatabaseFacts | None = None
    entities: tuple[Entity, ...] = ()
    """What stands in the app's mapper; empty without one."""
    deep: tuple[Trace, ...] = ()
    """Deep runs of all requests, one each where there is one; `Trace.request` and `route` say whose."""
    profiled: tuple[Trace, ...] = ()
    """Profiling runs of all requests, several each."""
    jobs: tuple[Trace, ...] = ()
    """Recorded jobs of the target's workers; `Trace.request` is `job NAME`."""
    unreached: tuple[Unreached, ...] = ()
    """Lines of the functions that were called, which no request of the target ran."""
    grown: tuple[Grown, ...] = ()
    """Recordings of requests that were asked for more; none where no parameter could be raised."""
    root: Path | None = None
    """The project's folder, below which its source stands; None where it is not at hand."""


NO_FACTS = Facts()
