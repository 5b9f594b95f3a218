"""What a detector may know beyond the traces of its route."""

from __future__ import annotations

from dataclasses import dataclass

from subsecond.model.database import DatabaseFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Facts of the app, read once per audit; None where they could not be had."""

    database: DatabaseFacts | None = None


NO_FACTS = Facts()
