"""A recorded run -> the diagram of its flow: who asks, which functions run, over which sessions, to which tables."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from subsecond.model.finding import Finding
from subsecond.model.report_common import Side
from subsecond.model.report_views import ViewStep
from subsecond.model.trace import Frame, Span, Trace, shown_file
from subsecond.model.unreached import Unreached
from subsecond.report.page.calls import Call, Calls, Function, Key
from subsecond.report.page.draft import Draft, DraftArrow, DraftBox
from subsecond.report.page.marks import CONNECTIONS, INDEXES, by_name, called, first_and_last, marked, what
from subsecond.report.page.names import Names
from subsecond.report.page.tables import Tables
from subsecond.report.page.units import many, ms, shown_ms
from subsecond.sql.fingerprint import operation
from subsecond.sql.fingerprint import tables as tables_of
from subsecond_agent import protocol

MOST_SESSIONS = 6
MOST_TABLES = 8
MOST_OPTIONAL = 3
FEW = 2
"""Parameters of one condition; what depends on more of them says nothing to a reader."""
LOGS_SHARE = 0.01
"""Of the request's time from which its logs are a box of their own."""
APP, DATABASE = "app", "database"


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


@dataclass
class _Session:
    """A place that opens sessions (or takes connections), with the spans of its check-outs."""

    id: str
    title: str
    opener: Frame | None
    opened: int = 0
    spans: list[int] = field(default_factory=list)


class Flow:
    """The draft of one flow; `left_out` says what was folded away."""

    def __init__(self, scene: Scene, names: Names, tables: Tables, source: str) -> None:
        self.scene = scene
        self.draft = Draft()
        self.calls = Calls(scene.run, scene.profiled, scene.deep, scene.findings)
        self._names = names
        self._tables = tables
        self._root = names.root
        self.marks = {one.id: set(marked(scene.run, one)) for one in scene.findings}
        self._kinds = {one.id: one.kind for one in scene.findings}
        self._sessions, self._of_span = self._read_sessions()
        self._table_of, self._more_tables = self._read_tables()
        self._source = source
        asked = scene.deep.deep.asked if scene.deep is not None and scene.deep.deep is not None else ()
        self._not_sent = {one.name for one in asked if not one.present and one.name is not None}
        self._build()

    # --- what the boxes stand for ---

    def _read_sessions(self) -> tuple[dict[object, _Session], dict[int, _Session]]:
        """Sessions by the place that opens them, and the session of each statement."""
        run = self.scene.run
        found: dict[object, _Session] = {}
        of_span: dict[int, _Session] = {}
        word = "Session" if by_name(run, protocol.SPAN_SESSION) else "Connection"
        for span in run.spans:
            if span.name != protocol.SPAN_CHECKOUT:
                continue
            opener = run.opener(span)
            key = (opener.file, opener.function) if opener else None
            if key not in found:
                found[key] = _Session(f"s{len(found) + 1}", f"{word} {len(found) + 1}", opener)
            found[key].opened += 1
        if len(found) > MOST_SESSIONS:
            rest = _Session("s-more", f"{len(found) - MOST_SESSIONS + 1} more {word.lower()}s", None)
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
        return found, of_span

    def _checkout(self, span: Span) -> Span | None:
        """The check-out that a span ran in."""
        parent = span.parent
        while parent is not None:
            inside = self.scene.run.spans[parent]
            if inside.name == protocol.SPAN_CHECKOUT:
                return inside
            parent = inside.parent
        return None

    def _read_tables(self) -> tuple[dict[int, str], tuple[str, ...]]:
        """The table that each statement is mainly about; beyond `MOST_TABLES` the lightest are one box."""
        weights: dict[str, float] = {}
        of_span: dict[int, str] = {}
        for number, span in enumerate(self.scene.run.spans):
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

    # --- drawing ---

    def _build(self) -> None:
        draft = self.draft
        title, technology = self._names.app(self.scene.side)
        draft.frame(APP, title, technology)
        client = self._names.client(self.scene.request, job=self.scene.job)
        draft.box(client)
        for call in self.calls.entries.values():
            self._walk(call, client.id, None)
        self._hot()
        self._sizes()
        self._optional()
        self._remarks()
        # a branch that a loop takes later only comes later, whatever calls it
        self.draft.steps.sort(key=lambda step: step.start_ms)

    def _walk(self, call: Call, caller: str, above: Key | None) -> None:
        """Draw a call and what it does, in recorded order; `above` is the innermost function that has a box."""
        key, here, holder = call.key, caller, above
        if key in self.calls.shown:
            if key != above:  # a function that calls itself is one box
                here, holder = self._function(key).id, key
                self._call(call, caller, here)
        elif above is not None:
            self.draft.boxes[caller].folded[_short(call.frame.function)] = None
        for part in call.order:
            if isinstance(part, Call):
                self._walk(part, here, holder)
            else:
                self._leaves(call.leaves[part], here)

    def _function(self, key: Key) -> DraftBox:
        one = self.calls.functions[key]
        frame = one.frame
        return self.draft.box(
            DraftBox(
                id=self._id(key),
                kind="component",
                title=_short(frame.function),
                word="Component",
                detail=_spot(frame),
                frame=APP,
                calls=one.calls,
                seconds=one.seconds,
                place=self._tables.place(frame.file, frame.line, frame.function),
                code=self._tables.excerpt(self._root[self.scene.side], frame.file, frame.line),
                findings=dict(one.findings),
            )
        )

    def _call(self, call: Call, caller: str, here: str) -> None:
        one = self.calls.functions[call.key]
        arrow = self.draft.arrow(caller, here)
        first = not arrow.labels
        arrow.labels[self._source if caller == "client" and first else "calls"] = None
        arrow.count = self._times(one)
        arrow.seconds = one.seconds
        arrow.spans += call.spans
        spans = [self.scene.run.spans[number] for number in call.spans]
        start = min(span.start for span in spans)
        times = max(1, arrow.count)
        text = f"{self._title(caller)} → {self._title(here)}{_by(times)}"
        if caller == "client":
            text += f", {self._source}"
        end = max(span.end for span in spans)
        self._step(arrow, text, times=times, start=start, seconds=end - start, at=call.frame, numbers=call.spans)

    def _times(self, one: Function) -> int:
        """How often it was called; 0 where that is not known of this arrow alone."""
        return one.calls if one.calls and len(one.callers) <= 1 else 0

    def _leaves(self, numbers: Sequence[int], here: str) -> None:
        """What one line of code sent, grouped by where it went to."""
        groups: dict[tuple[str, ...], list[int]] = {}
        for number in numbers:
            span = self.scene.run.spans[number]
            session = self._of_span.get(number)
            sent = (
                (self._table_of[number], session.id if session else "") if number in self._table_of else (called(span),)
            )
            groups.setdefault((span.name, *sent), []).append(number)
        for group in groups.values():
            span = self.scene.run.spans[group[0]]
            if span.name == protocol.SPAN_QUERY:
                self._queries(group, here)
            elif span.name == protocol.SPAN_LOG:
                self._logs(group, here)
            else:
                self._outside(group, here)

    def _queries(self, group: Sequence[int], here: str) -> None:
        spans = [self.scene.run.spans[number] for number in group]
        through = here
        session = self._of_span.get(group[0])
        words = [self._title(here)]
        if session is not None:
            through = self._session(session).id
            words.append(session.title)
            arrow = self._grown(here, through, group, many(len(group), "statement"))
            arrow.labels = {many(len(set(arrow.spans)), "statement"): None}
            self._step(
                arrow, " → ".join(words) + _by(len(group)), times=len(group), start=spans[0].start, seconds=0.0,
                at=spans[0].site, numbers=group,
            )  # fmt: skip
        table = self._table(self._table_of[group[0]])
        verb = operation(str(spans[0].attributes.get(protocol.FINGERPRINT, ""))) or "statement"
        arrow = self._grown(through, table.id, group, verb)
        arrow.leaf = True
        for span in spans:
            statement = self._tables.statement(span)
            for holder in (self.draft.boxes[here], table, arrow):
                holder.statements[statement] = None
        lazy = {str(span.attributes[protocol.LAZY_LOAD]) for span in spans if protocol.LAZY_LOAD in span.attributes}
        verb += f" (lazy load of {', '.join(sorted(lazy))})" if lazy else ""
        named = tables_of(str(spans[0].attributes.get(protocol.FINGERPRINT, "")))
        words.append(f"{named[0] if named else table.title}, {verb}")
        self._leaf_step(arrow, group, " → ".join(words))

    def _grown(self, source: str, target: str, group: Sequence[int], label: str) -> DraftArrow:
        spans = [self.scene.run.spans[number] for number in group]
        arrow = self.draft.arrow(source, target)
        arrow.labels[label] = None
        arrow.count += len(group)
        arrow.seconds = (arrow.seconds or 0.0) + sum(span.seconds for span in spans)
        arrow.spans += group
        for name, numbers in self.marks.items():
            if self._kinds[name] not in CONNECTIONS and numbers.intersection(group):
                arrow.findings[name] = None
        return arrow

    def _leaf_step(self, arrow: DraftArrow, group: Sequence[int], text: str) -> None:
        spans = [self.scene.run.spans[number] for number in group]
        seconds = sum(span.seconds for span in spans)
        site = spans[0].site
        place = f", {shown_file(site.file)}:{site.line}" if site else ""
        whole = f"{text}{_by(len(group))}, {shown_ms(ms(seconds))}{place}"
        self._step(arrow, whole, times=len(group), start=spans[0].start, seconds=seconds, at=site, numbers=group)

    def _step(
        self, arrow: DraftArrow, text: str, *, times: int, start: float, seconds: float, at: Frame | None,
        numbers: Sequence[int],
    ) -> None:  # fmt: skip
        self.draft.steps.append(
            ViewStep(
                arrow=arrow.id,
                times=times,
                start_ms=ms(start),
                ms=ms(seconds),
                text=text,
                place=self._tables.place(at.file, at.line, at.function) if at else None,
                spans=first_and_last(sorted(numbers)),
            )
        )

    def _session(self, one: _Session) -> DraftBox:
        at = one.opener
        seconds = sum(self.scene.run.spans[number].seconds for number in one.spans)
        found = [
            name
            for name, numbers in self.marks.items()
            if self._kinds[name] in CONNECTIONS and self._opens(numbers, one)
        ]
        return self.draft.box(
            DraftBox(
                id=one.id, kind="session", title=one.title, word="Session", frame=APP, lane="end",
                detail=_spot(at) if at else "", calls=one.opened, seconds=seconds,
                description=f"{many(one.opened, 'check-out')} of a connection",
                place=self._tables.place(at.file, at.line, at.function) if at else None,
                code=self._tables.excerpt(self._root[self.scene.side], at.file, at.line) if at else None,
                findings=dict.fromkeys(found),
            )
        )  # fmt: skip

    def _opens(self, numbers: set[int], one: _Session) -> bool:
        openers = (self.scene.run.opener(self.scene.run.spans[number]) for number in numbers)
        keys = {(opener.file, opener.function) if opener else None for opener in openers}
        return any(self._sessions.get(key) is one for key in keys)

    def _table(self, name: str) -> DraftBox:
        title, technology = self._names.database(self.scene.side)
        self.draft.frame(DATABASE, title, technology, lane="end")
        numbers = [number for number, table in self._table_of.items() if table == name]
        spans = [self.scene.run.spans[number] for number in numbers]
        rows = [value for span in spans if isinstance(value := span.attributes.get(protocol.DB_ROWS), int)]
        found = [
            one.id
            for one in self.scene.findings
            if one.kind in INDEXES and one.fingerprint.partition(" (")[0] == name and self.marks[one.id]
        ]
        return self.draft.box(
            DraftBox(
                id=f"t-{name or 'none'}", kind="table", title=name or "no table", word="Table", frame=DATABASE,
                lane="end",
                detail=many(sum(rows), "row") if rows else "", calls=len(spans), findings=dict.fromkeys(found),
                seconds=sum(span.seconds for span in spans),
                folded=dict.fromkeys(self._more_tables if name.endswith(" more tables") else ()),
            )
        )  # fmt: skip

    def _outside(self, group: Sequence[int], here: str) -> None:
        span = self.scene.run.spans[group[0]]
        box = self.draft.box(self._names.outside(span))
        spans = [self.scene.run.spans[number] for number in group]
        box.calls = (box.calls or 0) + len(group)
        box.seconds = (box.seconds or 0.0) + sum(one.seconds for one in spans)
        label = what(span)
        arrow = self._grown(here, box.id, group, label)
        arrow.leaf = True
        self._leaf_step(arrow, group, f"{self._title(here)} → {box.title}, {label}")
        hits = [one.attributes.get(protocol.KEY_HIT) for one in spans]
        if any(hit is not None for hit in hits):
            found = sum(hit is True for hit in hits)
            box.note = f"{found} of {len(hits)} found" if len(hits) > 1 else ("found" if found else "not found")

    def _logs(self, group: Sequence[int], here: str) -> None:
        spans = [self.scene.run.spans[number] for number in group]
        every = by_name(self.scene.run, protocol.SPAN_LOG)
        seconds = sum(span.seconds for span in every)
        marks = [name for name in self.marks if self._kinds[name] == "excessive-logging"]
        if seconds < LOGS_SHARE * self.scene.run.seconds and not marks:
            return
        loggers = sorted({str(span.attributes.get(protocol.LOG_LOGGER, "")) for span in every} - {""})
        box = self.draft.box(
            DraftBox(
                id="logs", kind="component", title="Logs", word="Component", frame=APP, lane="end",
                detail=", ".join(loggers[:2]) + ("…" if len(loggers) > 2 else ""), calls=len(every), seconds=seconds,
                findings=dict.fromkeys(marks),
            )
        )  # fmt: skip
        arrow = self._grown(here, box.id, group, "log records")
        arrow.leaf = True
        self._leaf_step(arrow, group, f"{self._title(here)} → Logs, {spans[0].attributes.get(protocol.LOG_LEVEL, '')}")

    def _hot(self) -> None:
        """Functions that send nothing and compute much: they hang on their nearest caller that has a box."""
        for trace in self.scene.profiled:
            for one in trace.profile.stacks if trace.profile else ():
                above: Key | None = None
                for frame in reversed(one.stack):
                    key = (frame.file, frame.function)
                    if key not in self.calls.shown:
                        continue
                    known = self._id(key) in self.draft.boxes
                    if not known and above is not None:
                        arrow = self.draft.arrow(self._function(above).id, self._function(key).id)
                        found = self.calls.functions[key]
                        arrow.labels["computes"] = None
                        arrow.count, arrow.seconds = self._times(found), found.cpu
                    if known or above is not None:
                        above = key

    def _sizes(self) -> None:
        """What the handler is asked for is the whole request."""
        handler = self.handler
        if handler is not None:
            arrow = self.draft.arrow("client", handler)
            arrow.seconds, arrow.count = self.scene.run.seconds, 1

    def _optional(self) -> None:
        """Paths that stand in the code and were not run: only where the request's own parameters open them."""
        shown = 0
        for one in self.scene.unreached:
            key = (one.file, one.function)
            closed = self._opening(one)
            if not closed or shown == MOST_OPTIONAL or key not in self.calls.shown:
                continue
            caller = self._function(key)
            if caller.id not in self.draft.boxes:
                continue
            shown += 1
            names = ", ".join(sorted(closed))
            box = self.draft.box(
                DraftBox(
                    id=f"o{shown}", kind="component", title=f"with {names}", word="Component", frame=APP,
                    detail=_spot(Frame(file=one.file, line=one.first, function="")), optional=True, note="not run",
                    description=f"Lines {one.first} to {one.last} run only if {one.condition}",
                    place=self._tables.place(one.file, one.first, one.function),
                    code=self._tables.excerpt(self._root[self.scene.side], one.file, one.first),
                )
            )  # fmt: skip
            arrow = self.draft.arrow(caller.id, box.id)
            arrow.optional = True
            arrow.labels[f"only with {names}"] = None

    def _opening(self, one: Unreached) -> set[str]:
        """Parameters that this request does not send and that a condition speaks of, itself or through a variable."""
        named = self._not_sent.intersection(re.findall(r"[A-Za-z_]\w*", one.condition or ""))
        return named or (self._not_sent.intersection(one.parameters) if len(one.parameters) <= FEW else set())

    def _remarks(self) -> None:
        if self.handler and not by_name(self.scene.run, protocol.SPAN_QUERY):
            self.draft.boxes[self.handler].note = self.untouched

    def _title(self, box: str) -> str:
        return self.draft.boxes[box].title

    @property
    def handler(self) -> str | None:
        """The box of the function that the request is mainly spent in, None where none was seen."""
        entries = [arrow for arrow in self.draft.arrows.values() if arrow.source == "client" and not arrow.optional]
        main = max(entries, key=lambda arrow: arrow.seconds or 0.0, default=None)
        return main.target if main else None

    @property
    def asked(self) -> set[str]:
        """All tables that any statement names, also where it is mainly about another."""
        prints = (
            str(one.attributes.get(protocol.FINGERPRINT, "")) for one in by_name(self.scene.run, protocol.SPAN_QUERY)
        )
        return {table for text in prints for table in tables_of(text)}

    @property
    def openers(self) -> int:
        """Places in the code that opened a session or took a connection."""
        return len(self._sessions)

    @property
    def untouched(self) -> str:
        """What to say of a table that this run does not ask, though the other side does."""
        return "no database hit (cached)" if self._remembered() else "no database hit"

    def _remembered(self) -> bool:
        """Whether the handler asked a store or a service, and no database: it had its answer from there."""
        run = self.scene.run
        keys = {self._key_of(self.handler)} if self.handler else set()
        asked = [*by_name(run, protocol.SPAN_KEY_VALUE), *by_name(run, protocol.SPAN_HTTP)]
        inside = any((frame.file, frame.function) in keys for span in asked for frame in span.stack)
        return inside and not by_name(run, protocol.SPAN_QUERY)

    def _key_of(self, box: str) -> Key | None:
        return next((key for key in self.calls.functions if self._id(key) == box), None)

    def _id(self, key: Key) -> str:
        return f"f{self.calls.functions[key].number}"

    @property
    def left_out(self) -> str:
        """A sentence on what is folded into its caller, empty where nothing is."""
        names = {name for box in self.draft.boxes.values() if box.kind == "component" for name in box.folded}
        if not names:
            return ""
        return f"{many(len(names), 'function')} folded into their callers, for they take little or only pass on"


def _short(function: str) -> str:
    """`outer.<locals>.inner` -> `inner`, `Class.method` as it is."""
    name = function.rpartition("<locals>.")[2]
    return "lambda" if name == "<lambda>" else re.sub(r"[<>]", "", name)


def _spot(frame: Frame) -> str:
    """`module.py:12`: the folders stand with the box's code."""
    path = PurePath(frame.file)
    name = f"{path.parent.name}/{path.name}" if path.stem == "__init__" else path.name
    return f"{name}:{frame.line}"


def _by(times: int) -> str:
    return f", ×{times:,}" if times > 1 else ""


def boxes_by_finding(draft: Draft) -> Mapping[str, tuple[str, ...]]:
    """Ids of the boxes that a finding is drawn at, ends of its arrows included."""
    found: dict[str, dict[str, None]] = {}
    for box in draft.boxes.values():
        for name in box.findings:
            found.setdefault(name, {})[box.id] = None
    for arrow in draft.arrows.values():
        for name in arrow.findings:
            found.setdefault(name, {})[arrow.target] = None
    return {name: tuple(boxes) for name, boxes in found.items()}
