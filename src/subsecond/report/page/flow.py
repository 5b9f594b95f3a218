"""A recorded run -> the diagram of its flow: who asks, which functions run, over which sessions, to which tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from subsecond.model.report_views import ViewStep
from subsecond.model.trace import Frame, shown_file
from subsecond.report.page.calls import Call, Calls, Function, Key
from subsecond.report.page.draft import Draft, DraftArrow, DraftBox
from subsecond.report.page.main_tables import MainTables
from subsecond.report.page.marks import CONNECTIONS, INDEXES, by_name, called, first_and_last, marked, what
from subsecond.report.page.names import Names
from subsecond.report.page.scene import APP, DATABASE, Scene, opening
from subsecond.report.page.sessions import Session, Sessions
from subsecond.report.page.tables import Tables
from subsecond.report.page.units import many, ms, shown_ms
from subsecond.report.page.wording import by, short, spot
from subsecond.sql.fingerprint import operation
from subsecond.sql.fingerprint import tables as tables_of
from subsecond_agent import protocol

MOST_OPTIONAL = 3
LOGS_SHARE = 0.01
"""Of the request's time from which its logs are a box of their own."""


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
        self._sessions = Sessions(scene.run)
        self._main = MainTables(scene.run)
        self._source = source
        self._not_sent = scene.not_sent
        self._build()

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
            self.draft.boxes[caller].folded[short(call.frame.function)] = None
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
                title=short(frame.function),
                word="Component",
                detail=spot(frame),
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
        text = f"{self._title(caller)} → {self._title(here)}{by(times)}"
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
            session = self._sessions.of_span.get(number)
            sent = (
                (self._main.of_span[number], session.id if session else "")
                if number in self._main.of_span
                else (called(span),)
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
        session = self._sessions.of_span.get(group[0])
        words = [self._title(here)]
        if session is not None:
            through = self._session(session).id
            words.append(session.title)
            arrow = self._grown(here, through, group, many(len(group), "statement"))
            arrow.labels = {many(len(set(arrow.spans)), "statement"): None}
            self._step(
                arrow, " → ".join(words) + by(len(group)), times=len(group), start=spans[0].start, seconds=0.0,
                at=spans[0].site, numbers=group,
            )  # fmt: skip
        table = self._table(self._main.of_span[group[0]])
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
        whole = f"{text}{by(len(group))}, {shown_ms(ms(seconds))}{place}"
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

    def _session(self, one: Session) -> DraftBox:
        found = [
            name
            for name, numbers in self.marks.items()
            if self._kinds[name] in CONNECTIONS and self._sessions.opens(numbers, one)
        ]
        return self.draft.box(self._sessions.box(one, self._tables, self._root[self.scene.side], found))

    def _table(self, name: str) -> DraftBox:
        title, technology = self._names.database(self.scene.side)
        self.draft.frame(DATABASE, title, technology, lane="end")
        found = [
            one.id
            for one in self.scene.findings
            if one.kind in INDEXES and one.fingerprint.partition(" (")[0] == name and self.marks[one.id]
        ]
        return self.draft.box(self._main.box(name, found))

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
            closed = opening(one, self._not_sent)
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
                    detail=spot(Frame(file=one.file, line=one.first, function="")), optional=True, note="not run",
                    description=f"Lines {one.first} to {one.last} run only if {one.condition}",
                    place=self._tables.place(one.file, one.first, one.function),
                    code=self._tables.excerpt(self._root[self.scene.side], one.file, one.first),
                )
            )  # fmt: skip
            arrow = self.draft.arrow(caller.id, box.id)
            arrow.optional = True
            arrow.labels[f"only with {names}"] = None

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
        return self._sessions.openers

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
