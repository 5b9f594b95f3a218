"""The tables that the statements of a run are about, and their boxes."""

from __future__ import annotations

from collections.abc import Iterable

from subsecond.model.trace import Trace
from subsecond.report.page.draft import DraftBox
from subsecond.report.page.scene import DATABASE
from subsecond.report.page.units import many
from subsecond.sql.fingerprint import tables as tables_of
from subsecond_agent import protocol

MOST_TABLES = 8


class MainTables:
    """The table that each statement is mainly about; beyond `MOST_TABLES` the lightest are one box."""

    def __init__(self, run: Trace) -> None:
        self._run = run
        self.of_span, self._more = _by_weight(run)

    def box(self, name: str, findings: Iterable[str]) -> DraftBox:
        """The box of a table."""
        numbers = [number for number, table in self.of_span.items() if table == name]
        spans = [self._run.spans[number] for number in numbers]
        rows = [value for span in spans if isinstance(value := span.attributes.get(protocol.DB_ROWS), int)]
        return DraftBox(
            id=f"t-{name or 'none'}", kind="table", title=name or "no table", word="Table", frame=DATABASE,
            lane="end",
            detail=many(sum(rows), "row") if rows else "", calls=len(spans), findings=dict.fromkeys(findings),
            seconds=sum(span.seconds for span in spans),
            folded=dict.fromkeys(self._more if name.endswith(" more tables") else ()),
        )  # fmt: skip


def _by_weight(run: Trace) -> tuple[dict[int, str], tuple[str, ...]]:
    """The table of each statement, and the names that are folded into one."""
    weights: dict[str, float] = {}
    of_span: dict[int, str] = {}
    for number, span in enumerate(run.spans):
        if span.name == protocol.SPAN_QUERY:
            named = tables_of(str(span.attributes.get(protocol.FINGERPRINT, "")))
            of_span[number] = named[0] if named else ""
            weights[of_span[number]] = weights.get(of_span[number], 0.0) + span.seconds
    if len(weights) <= MOST_TABLES:
        return of_span, ()
    kept = sorted(weights, key=lambda name: -weights[name])[: MOST_TABLES - 1]
    rest = tuple(name for name in weights if name not in kept)
    more = f"{len(rest)} more tables"
    return {number: name if name in kept else more for number, name in of_span.items()}, rest
