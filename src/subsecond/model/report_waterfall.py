"""The report's waterfalls: what a recorded run did, by columns."""

from __future__ import annotations

from dataclasses import dataclass, field

from subsecond.model.report_common import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Spans:
    """Spans by columns, all of one length, in recorded order. -1: none.

    `name`, `label` index `Report.words` (`label`: the service and path called, the relation that was loaded, the
    logger …), `place` and `statement` the report's tables, `parent` these columns.
    """

    name: tuple[int, ...] = ()
    label: tuple[int, ...] = ()
    start_us: tuple[int, ...] = ()
    duration_us: tuple[int, ...] = ()
    parent: tuple[int, ...] = ()
    place: tuple[int, ...] = ()
    statement: tuple[int, ...] = ()
    rows: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Flame:
    """CPU time of own code by chains of calls, by columns, parents before children. -1: no parent.

    `word` indexes `Report.words`, `place` the report's places (-1: the packages below own code). `own_us`: without
    what it calls. Profiled apart from the clock: its whole differs from the request's time.
    """

    how: str
    total_us: int
    word: tuple[int, ...] = ()
    place: tuple[int, ...] = ()
    parent: tuple[int, ...] = ()
    start_us: tuple[int, ...] = ()
    duration_us: tuple[int, ...] = ()
    own_us: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Waterfall:
    """One recorded run. `marks`: finding id -> indices of the spans that it stands on. `left_out`: spans beyond the
    cap of the page."""

    request: str
    side: Side
    total_us: int
    spans: Spans
    marks: dict[str, tuple[int, ...]] = field(default_factory=dict)
    left_out: int = 0
    flame: Flame | None = None
