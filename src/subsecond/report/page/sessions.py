"""The sessions of a run by the place that opens them, what ran in each, and their boxes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from subsecond.model.trace import Frame, Span, Trace
from subsecond.report.page.draft import DraftBox
from subsecond.report.page.marks import by_name
from subsecond.report.page.scene import APP
from subsecond.report.page.tables import Tables
from subsecond.report.page.units import many
from subsecond.report.page.wording import spot
from subsecond_agent import protocol

MOST_SESSIONS = 6


@dataclass
class Session:
    """A place that opens sessions (or takes connections), with the spans of its check-outs."""

    id: str
    title: str
    opener: Frame | None
    opened: int = 0
    spans: list[int] = field(default_factory=list)


class Sessions:
    """Sessions by the place that opens them, and the session of each statement."""

    def __init__(self, run: Trace) -> None:
        self._run = run
        found: dict[object, Session] = {}
        of_span: dict[int, Session] = {}
        word = "Session" if by_name(run, protocol.SPAN_SESSION) else "Connection"
        for span in run.spans:
            if span.name != protocol.SPAN_CHECKOUT:
                continue
            opener = run.opener(span)
            key = (opener.file, opener.function) if opener else None
            if key not in found:
                found[key] = Session(f"s{len(found) + 1}", f"{word} {len(found) + 1}", opener)
            found[key].opened += 1
        if len(found) > MOST_SESSIONS:
            rest = Session("s-more", f"{len(found) - MOST_SESSIONS + 1} more {word.lower()}s", None)
            for folded in list(found)[MOST_SESSIONS - 1 :]:
                rest.opened += found[folded].opened
                found[folded] = rest
        for number, span in enumerate(run.spans):
            checkout = self._checkout(span)
            if span.name == protocol.SPAN_QUERY and checkout is not None:
                opener = run.opener(checkout)
                session = found[(opener.file, opener.function) if opener else None]
                of_span[number] = session
                session.spans.append(number)
        self._found, self.of_span = found, of_span

    @property
    def openers(self) -> int:
        """Places in the code that opened a session or took a connection."""
        return len(self._found)

    def _checkout(self, span: Span) -> Span | None:
        """The check-out that a span ran in."""
        parent = span.parent
        while parent is not None:
            inside = self._run.spans[parent]
            if inside.name == protocol.SPAN_CHECKOUT:
                return inside
            parent = inside.parent
        return None

    def opens(self, numbers: set[int], one: Session) -> bool:
        """Whether the session is what one of these spans opened."""
        openers = (self._run.opener(self._run.spans[number]) for number in numbers)
        keys = {(opener.file, opener.function) if opener else None for opener in openers}
        return any(self._found.get(key) is one for key in keys)

    def box(self, one: Session, tables: Tables, root: Path, findings: Iterable[str]) -> DraftBox:
        """The box of a session."""
        seconds = sum(self._run.spans[number].seconds for number in one.spans)
        at = one.opener
        return DraftBox(
            id=one.id, kind="session", title=one.title, word="Session", frame=APP, lane="end",
            detail=spot(at) if at else "", calls=one.opened, seconds=seconds,
            description=f"{many(one.opened, 'check-out')} of a connection",
            place=tables.place(at.file, at.line, at.function) if at else None,
            code=tables.excerpt(root, at.file, at.line) if at else None,
            findings=dict.fromkeys(findings),
        )  # fmt: skip
