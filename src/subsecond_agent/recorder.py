"""The record of one request, and which request is going on here.

One ContextVar holds the record. It gets into threads by two carriers (`hooks/threading.py`,
`hooks/concurrent__futures__thread.py`) and into greenlets by a look at who spawned them. There is no lock: lists only
grow by `append`, which is one step under the interpreter's lock, and counts are lengths and sums of lists.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from contextvars import ContextVar

from . import deep, profiler, spool, steering
from .callsite import chain
from .line import late_line, trace_line
from .protocol import MODE_DEEP, MODE_PROFILING, MODE_TIMED
from .span import MAX_SPANS, Record, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

CURRENT: ContextVar[Record | None] = ContextVar("subsecond_request", default=None)
now = time.perf_counter
MAX_LATE_LINES = 1000  # a thread that a request started may live for ever

query_details: list[Callable[[Any], tuple[str, str] | None]] = []
"""What other hooks know of a statement from its execution context: (attribute, value), asked in this order."""


class Process:
    """What is counted for the whole process."""

    pid = 0
    last_began = 0.0
    """When the newest request did, as `now()` gives it."""
    collecting_since = 0.0
    collected = 0.0


def current() -> Record | None:
    """The request that this code works for, or None."""
    return CURRENT.get() or spawning_request()


def spawning_request() -> Record | None:
    """gevent gives a new greenlet no context, but remembers who spawned it: look for the request there.

    What is found is kept in the greenlet's own context. A child that outlives its parent is not found.
    """
    greenlet = sys.modules.get("greenlet")
    if greenlet is None:
        return None
    child = greenlet.getcurrent()
    for _ in range(20):
        spawner = getattr(child, "spawning_greenlet", None)
        child = spawner() if callable(spawner) else None
        if child is None:
            return None
        try:
            record: Record | None = (child.gr_context or {}).get(CURRENT)
        except ValueError:  # it runs in another thread just now
            return None
        if record is not None:
            CURRENT.set(record)
            return record
    return None


def here() -> int:
    """The thread or greenlet that this runs in, as a number.

    SQLAlchemy runs each call of an async engine in a greenlet of its own: that counts as the one that awaits it.
    """
    greenlet = sys.modules.get("greenlet")
    if greenlet is None:
        threading = sys.modules.get("threading")
        return 0 if threading is None else int(threading.get_ident())
    this = greenlet.getcurrent()
    while type(this).__module__.startswith("sqlalchemy") and this.parent is not None:
        this = this.parent
    return id(this)


def begin(environ: dict[str, Any]) -> Record | None:
    """Start the record of a WSGI request; None when there is nothing to record.

    That is: a request within a request (mounted apps, a test client), or a spool that was refused. The tool's header
    is taken out in any case. A record that its server never closed is written first.
    """
    mode, mark, steered, trial_id = steering.take(environ)
    open_record = CURRENT.get()
    if open_record is not None and not open_record.finished:
        if open_record.inside:
            return None
        finish(open_record)
    pid = os.getpid()
    first = Process.pid != pid
    if first:
        Process.pid = pid
        if count_collection not in gc.callbacks:
            gc.callbacks.append(count_collection)
        spool.hello(environ)
    if not spool.is_open():
        return None
    record = Record(MODE_TIMED if mode == MODE_PROFILING else mode, mark, steered, first, environ)
    record.home = here()
    record.trial_id = trial_id
    CURRENT.set(record)
    if mode == MODE_DEEP:
        deep.begin(record, CURRENT.get)
    elif mode == MODE_PROFILING:
        profiler.begin(record, mode)
    start_clock(record)
    return record


def start_clock(record: Record) -> None:
    """What takes time from here on is the request's."""
    record.collected_before = Process.collected
    record.cpu_before = time.process_time()
    record.started_at = time.time_ns()
    record.began = Process.last_began = now()


def finish(record: Record) -> None:
    """The last byte is on its way: stop the clock, then write. Safe to call twice.

    Threads of the request may go on meanwhile: what they add from here on is kept apart, to be late.
    """
    if record.finished:
        return
    if record.trial is not None:
        record.trial.end()  # what a virtual fix gives back at the end, a real one would give back within the request
    record.ended = now()
    record.cpu_seconds = time.process_time() - record.cpu_before
    record.gc_seconds = Process.collected - record.collected_before
    record.finished = True
    if record.extra:
        deep.end(record)
        profiler.end(record)
    if CURRENT.get() is record:
        CURRENT.set(None)
    try:
        spool.write(trace_line(record.taken()))
    finally:
        record.environ = {}  # it holds the request's body; a thread that goes on must not keep it alive
        record.written = True
    if record.spans and all(span.ended is not None for span in record.spans):
        write_late(record)


def add(record: Record, name: str, times: tuple[float, float], attributes: dict[str, Any], depth: int) -> None:
    """Add a span that is over, with the call site `depth` frames above this one. Times as `now()` gives them."""
    append(record, Span(name, None, *times, chain(sys._getframe(depth)), attributes))


def append(record: Record, span: Span) -> None:
    """Put a span into its record; late ones without an open parent go out at once."""
    if len(record.spans) >= MAX_SPANS:
        record.dropped += 1
        return
    if record.written and span.began > Process.last_began > record.ended:
        if not record.spans:
            record.start_over()  # the counts of this
        return  # a thread that lives on may work for the newer request by now: nobody's, rather than the wrong one's
    record.spans.append(span)
    if record.written:
        closed(record, span)


def closed(record: Record, span: Span) -> None:
    """A span has ended. After the response: write what has come together, once nothing around it is open."""
    if not record.written or span.ended is None or (span.parent is not None and span.parent.ended is None):
        return
    write_late(record)


def write_late(record: Record) -> None:
    """Write what has come together since the response."""
    whole = record.taken()
    if whole.spans and record.late_lines < MAX_LATE_LINES:
        record.late_lines += 1
        spool.write(late_line(whole))


def count_collection(phase: str, info: dict[str, Any]) -> None:
    """Sum the garbage collector's time, process-wide: a collection stops every request that is going on."""
    if phase == "start":
        Process.collecting_since = now()
    elif Process.collecting_since:
        Process.collected += now() - Process.collecting_since
        Process.collecting_since = 0.0


def uninstall() -> None:
    """Stop counting collections."""
    if count_collection in gc.callbacks:
        gc.callbacks.remove(count_collection)
    Process.pid = 0
