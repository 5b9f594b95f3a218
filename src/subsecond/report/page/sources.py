"""What a report is made from: the files of one or two audits, and what only the verb can know."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from subsecond.model.attempt import Attempt
from subsecond.model.audit import Audit
from subsecond.model.constraint import Constraint
from subsecond.model.explained import Explained
from subsecond.model.optimized import Optimized
from subsecond.model.plan import Plan
from subsecond.model.report_common import Side
from subsecond.model.surroundings import Surroundings
from subsecond.model.target import Naming
from subsecond.model.trace import Trace
from subsecond.model.trial import Trials
from subsecond.model.unreached import Unreached


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One audit. `root` is the folder that its files' names start at: excerpts of code are read there."""

    side: Side
    root: Path
    audit: Audit
    traces: tuple[Trace, ...] = ()
    around: Surroundings | None = None
    plans: tuple[Explained, ...] = ()
    title: str = ""
    """What its configuration calls it (`app` of `[report.names]`)."""

    @property
    def name(self) -> str:
        return self.title or (self.around.name if self.around else self.root.name)

    def runs(self) -> dict[str, Trace]:
        """The quickest recorded run of each request and job: the one that waited least for others."""
        found: dict[str, Trace] = {}
        for trace in self.traces:
            if trace.mode == "recording" and (
                trace.request not in found or trace.seconds < found[trace.request].seconds
            ):
                found[trace.request] = trace
        # in the order of the audit, jobs after requests
        order = [one.name for one in self.audit.requests]
        return {name: found[name] for name in [*order, *sorted(set(found) - set(order))] if name in found}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a fixer of ours says of a finding: a diff, or why there is none."""

    by: str
    patch: str = ""
    refusal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """`drafts` by finding id, `manual` by kind (Markdown), `naming` from the target's configuration.

    `kept`: `other` is the same application with what `optimize` kept. `unreached`: lines that no run of a request
    reached, by side and request.
    """

    main: Recorded
    other: Recorded | None = None
    kept: bool = False
    trials: Trials | None = None
    plan: Plan | None = None
    attempts: tuple[Attempt, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    optimized: Optimized | None = None
    drafts: dict[str, Draft] = field(default_factory=dict)
    unreached: dict[tuple[Side, str], tuple[Unreached, ...]] = field(default_factory=dict)
    manual: dict[str, str] = field(default_factory=dict)
    phases: dict[int | None, str] = field(default_factory=dict)
    naming: Naming = field(default_factory=Naming)
    live: bool = False

    @property
    def sides(self) -> list[Recorded]:
        """The first audit, then the second where there is one."""
        return [self.main] if self.other is None else [self.main, self.other]
