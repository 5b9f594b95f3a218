"""What a flow is drawn from: one recorded run of a request, with all that is known of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from subsecond.model.finding import Finding
from subsecond.model.report_common import Side
from subsecond.model.trace import Trace
from subsecond.model.unreached import Unreached

APP, DATABASE = "app", "database"
"""Ids of the boundaries."""
FEW = 2
"""Parameters of one condition; what depends on more of them says nothing to a reader."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One run with all that is known of its request."""

    side: Side
    request: str
    """Its name, `job NAME` of a worker's job."""
    run: Trace
    findings: tuple[Finding, ...] = ()
    profiled: tuple[Trace, ...] = ()
    deep: Trace | None = None
    unreached: tuple[Unreached, ...] = ()

    @property
    def job(self) -> bool:
        return self.run.method == "JOB"

    @property
    def not_sent(self) -> set[str]:
        """Parameters that the code asks for and this request does not send."""
        asked = self.deep.deep.asked if self.deep is not None and self.deep.deep is not None else ()
        return {one.name for one in asked if not one.present and one.name is not None}


def opening(one: Unreached, not_sent: set[str]) -> set[str]:
    """Parameters that this request does not send and that a condition speaks of, itself or through a variable."""
    named = not_sent.intersection(re.findall(r"[A-Za-z_]\w*", one.condition or ""))
    return named or (not_sent.intersection(one.parameters) if len(one.parameters) <= FEW else set())
