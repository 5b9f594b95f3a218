"""Deep runs: how often each own function is called, with which arguments, and which of its lines run.

Python 3.12 and later: `sys.monitoring`, where a line that has been seen costs nothing any more. Before that:
`sys.settrace` in the request's own thread, where lines cost until all of a function's have run. One that runs very
many is given up on: of it, it is not known which lines never ran (`unsure`).

Arguments are compared by value where that runs no code of the app's; objects of a mapped class by their identity in
the database; sessions and connections count as the same; any other object by which one it is, within this request.
"""

from __future__ import annotations

import sys
import time

from . import guard
from .callsite import chain
from .own_code import OWN, classify, kinds
from .values import Comparer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType
    from typing import Any

    from .line import Tables
    from .span import Record

HOOK = "calls"
GENERATOR = 0x20 | 0x80 | 0x200
"""co_flags: generator, coroutine, asynchronous generator."""
NAMELESS = ("<module>", "<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")
MAX_FUNCTIONS = 2_000
MAX_COMPARED = 20_000
"""Calls of one function whose arguments are compared; more are only counted."""
MAX_ARGUMENTS = 2_000
TOLD_ARGUMENTS = 20
MAX_LINES = 500_000
"""Lines of one function that are looked at though they had run before: about a second of its time (settrace only)."""
MAX_SECONDS = 40.0
"""Of one request; then its calls are followed no more, so that it ends within a server's time-out (often 120 s)."""
HOPELESS = 50
"""Calls after which a function's arguments are looked at no more, if none of them could be compared."""
TOOL_ID = 4
"""Of sys.monitoring: none of those with a name of their own (debugger 0, coverage 1, profiler 2, optimizer 5)."""


class Function:
    """One own function in one request."""

    __slots__ = (
        "arguments",
        "calls",
        "code",
        "compared",
        "entity_bound",
        "idle",
        "lines",
        "module",
        "more",
        "places",
        "settled",
        "stack",
        "unlike",
        "unsure",
        "wanted",
    )

    def __init__(self, code: CodeType, frame: FrameType) -> None:
        self.code = code
        self.module = frame.f_globals.get("__name__", "")
        self.stack = chain(frame.f_back)
        self.calls = self.compared = self.unlike = self.more = self.idle = 0
        self.arguments: dict[str, list[Any]] = {}
        self.places: set[tuple[int, int]] = set()
        self.lines: set[int] = set()
        self.wanted = lines_of(code)
        self.settled = self.unsure = self.entity_bound = False

    def ran(self, line: int) -> None:
        """A line runs for the first time. Settles when none is left that never did."""
        self.lines.add(line)
        self.settled = self.wanted <= self.lines

    def told(self) -> dict[str, Any]:
        """As the protocol says, but for the stack."""
        most = sorted(self.arguments.items(), key=lambda item: -item[1][0])
        missed = self.wanted - self.lines
        return {
            "file": self.code.co_filename,
            "line": self.code.co_firstlineno,
            "function": getattr(self.code, "co_qualname", self.code.co_name),
            "module": self.module,
            "calls": self.calls,
            "places": len(self.places),
            "generator": bool(self.code.co_flags & GENERATOR),
            "distinct": len(self.arguments) + self.more,
            "unlike": self.unlike,
            "arguments": [
                {
                    "hash": digest,
                    "calls": calls,
                    "queries": queries,
                    "http": http,
                    "logs": logs,
                    "result": result or None,
                }
                for digest, (calls, queries, http, logs, result) in most[:TOLD_ARGUMENTS]
            ],
            "entity_bound": self.entity_bound,
            "ran": ranges(self.lines & self.wanted),
            "missed": None if self.unsure and missed else ranges(missed),
        }


class Calls:
    """The functions of one request."""

    def __init__(self) -> None:
        self.why: str | None = None
        self.functions: dict[int, Function] = {}
        self.going_on: dict[int, tuple[Function, str | None, int, int, int]] = {}
        self.comparer = Comparer()
        self.until = time.perf_counter() + MAX_SECONDS

    def function(self, frame: FrameType) -> Function | None:
        """The function of a frame of own code; None beyond the limit and for what has no name."""
        code = frame.f_code
        found = self.functions.get(id(code))
        if found is None and code.co_name not in NAMELESS and len(self.functions) < MAX_FUNCTIONS:
            found = self.functions[id(code)] = Function(code, frame)
        return found

    def give_up(self) -> None:
        """It takes too long: what is known by now is told, and that it is not all."""
        self.why = f"calls were followed for {MAX_SECONDS:.0f} s only, and counted so far"
        for function in self.functions.values():
            function.unsure = True
        end()

    def entered(self, record: Record, function: Function, frame: FrameType) -> None:
        """A call begins; of generators nothing but their lines is told, they come by here at each step."""
        function.calls += 1
        if time.perf_counter() > self.until:
            self.give_up()
            return
        if len(function.places) < TOLD_ARGUMENTS and frame.f_back is not None:
            function.places.add((id(frame.f_back.f_code), frame.f_back.f_lineno or 0))
        digest = None
        hopeless = function.unlike >= HOPELESS and not function.arguments
        if hopeless:
            function.unlike += 1
        elif function.compared < MAX_COMPARED:
            function.compared += 1
            digest = self.comparer.arguments(frame)
            if digest is None:
                function.unlike += 1
        self.going_on[id(frame)] = (function, digest, len(record.queries), len(record.calls), len(record.logs))

    def left(self, record: Record, frame: FrameType, result: Any) -> None:
        """It ends."""
        call = self.going_on.pop(id(frame), None)
        if call is None:
            return
        function, digest, queries, http, logs = call
        if digest is None:
            return
        entry = function.arguments.get(digest)
        if entry is None:
            if len(function.arguments) >= MAX_ARGUMENTS:
                function.more += 1
                return
            entry = function.arguments[digest] = [0, 0, 0, 0, None]
        entry[0] += 1
        entry[1] += len(record.queries) - queries
        entry[2] += len(record.calls) - http
        entry[3] += len(record.logs) - logs
        if entry[4] != "":
            same, bound = self.comparer.value(result)
            function.entity_bound = function.entity_bound or bound
            entry[4] = "" if same is None or entry[4] not in (None, same) else same

    def told(self, tables: Tables) -> list[dict[str, Any]]:
        """All functions that were called, the first called first."""
        return [{**one.told(), "stack": tables.stack(one.stack)} for one in self.functions.values()]


def lines_of(code: CodeType) -> set[int]:
    """The lines that have code of their own, without the one of `def`."""
    if hasattr(code, "co_lines"):
        found = {line for _, _, line in code.co_lines() if line is not None}
    else:
        import dis

        found = {line for _, line in dis.findlinestarts(code)}
    return found - {code.co_firstlineno}


def ranges(lines: set[int]) -> list[list[int]]:
    """{3, 4, 5, 9} -> [[3, 5], [9, 9]]."""
    found: list[list[int]] = []
    for line in sorted(lines):
        if found and line == found[-1][1] + 1:
            found[-1][1] = line
        else:
            found.append([line, line])
    return found


kind_of = kinds.get


def is_own(file: str) -> bool:
    kind = kinds.get(file)
    return (classify(file) if kind is None else kind) == OWN


class Watch:
    """The tracing of this process: how the request that runs here is found, and what was there before."""

    find: Any = None
    codes: list[CodeType] = []
    on = False


def begin(calls: Calls, find: Any) -> None:
    """Start to watch. find: () -> (record, its Calls) of the request that runs here, or None."""
    Watch.find = staticmethod(find)
    monitoring = getattr(sys, "monitoring", None)
    if monitoring is None:
        if sys.gettrace() not in (None, traced):
            calls.why = "another tracer (a debugger, coverage) is at work in the app"
            return
        sys.settrace(traced)
    elif not Watch.on:
        if monitoring.get_tool(TOOL_ID) is not None:
            calls.why = "all of the interpreter's monitoring is in use"
            return
        start_monitoring(monitoring)
    Watch.on = True


def end() -> None:
    """Stop to watch; called in the thread that began it."""
    monitoring = getattr(sys, "monitoring", None)
    if not Watch.on:
        return
    Watch.on = False
    if monitoring is None:
        if sys.gettrace() is traced:
            sys.settrace(None)  # another thread does it at its own next call
        return
    monitoring.set_events(TOOL_ID, 0)
    for code in Watch.codes:
        monitoring.set_local_events(TOOL_ID, code, 0)
    Watch.codes = []
    monitoring.free_tool_id(TOOL_ID)


def traced(frame: FrameType, event: str, argument: Any) -> Any:
    """Trace function: a Python function is called."""
    kind = kind_of(frame.f_code.co_filename)  # written out: this runs for each call of any function
    if kind != OWN and (kind is not None or classify(frame.f_code.co_filename) != OWN):
        return None
    if not Watch.on:
        sys.settrace(None)
        return None
    try:
        found = Watch.find()
        function = None if found is None else found[1].function(frame)
        if function is None:
            return None
        if not function.code.co_flags & GENERATOR:
            found[1].entered(found[0], function, frame)
        if function.settled:
            frame.f_trace_lines = False
    except Exception as mishap:
        guard.failed(HOOK, mishap)
        Watch.on = False
        return None

    record, calls = found
    seen = function.lines

    def inside(frame: FrameType, event: str, argument: Any) -> Any:
        try:
            if event == "line":
                line = frame.f_lineno
                if line not in seen:
                    function.ran(line)
                    if function.settled:
                        frame.f_trace_lines = False
                elif function.idle < MAX_LINES:
                    function.idle += 1
                else:
                    function.unsure = function.settled = True
                    frame.f_trace_lines = False
            elif event == "return":
                calls.left(record, frame, argument)
        except Exception as mishap:
            guard.failed(HOOK, mishap)
            Watch.on = False
            return None
        return inside

    return inside


def start_monitoring(monitoring: Any) -> None:
    events = monitoring.events
    monitoring.use_tool_id(TOOL_ID, "subsecond")
    monitoring.register_callback(TOOL_ID, events.PY_START, started)
    monitoring.register_callback(TOOL_ID, events.PY_RETURN, returned)
    monitoring.register_callback(TOOL_ID, events.LINE, line_ran)
    monitoring.set_events(TOOL_ID, events.PY_START)
    monitoring.restart_events()


def started(code: CodeType, offset: int) -> Any:
    """Monitoring: a Python function begins."""
    try:
        if not is_own(code.co_filename) or code.co_name in NAMELESS:
            return sys.monitoring.DISABLE  # type: ignore[attr-defined,unused-ignore]
        found = Watch.find()
        if found is None:
            return None
        record, calls = found
        known = id(code) in calls.functions
        frame = sys._getframe(1)
        function = calls.function(frame)
        if function is None:
            return None
        if not known:
            events = sys.monitoring.events  # type: ignore[attr-defined,unused-ignore]
            Watch.codes.append(code)
            sys.monitoring.set_local_events(TOOL_ID, code, events.LINE | events.PY_RETURN)  # type: ignore[attr-defined,unused-ignore]
        if not code.co_flags & GENERATOR:
            calls.entered(record, function, frame)
    except Exception as mishap:
        guard.failed(HOOK, mishap)
        end()
    return None


def returned(code: CodeType, offset: int, result: Any) -> Any:
    """Monitoring: it returns."""
    try:
        found = Watch.find()
        if found is not None:
            found[1].left(found[0], sys._getframe(1), result)
    except Exception as mishap:
        guard.failed(HOOK, mishap)
        end()


def line_ran(code: CodeType, line: int) -> Any:
    """Monitoring: a line is about to run, of a function that a deep request called."""
    try:
        found = Watch.find()
        if found is None:
            return None
        function = found[1].functions.get(id(code))
        if function is not None:
            function.lines.add(line)
    except Exception as mishap:
        guard.failed(HOOK, mishap)
        end()
        return None
    return sys.monitoring.DISABLE  # type: ignore[attr-defined,unused-ignore]
