"""Profiling runs: CPU seconds by own line, in runs of their own that record as little as timed ones.

A timer on CPU time interrupts the main thread of the process (gunicorn sync and gevent); where the request runs in
another thread, a native thread looks at all of them, with a short switch interval, since at the default one it would
get no turn before a burst is over (measured: 0 or 1 of 230 samples). It weighs what it sees by the CPU time of each
thread, so that waiting counts nothing. Both find the request by its frame in `wsgi.py` or `jobs.py`: no other thread
can read a context variable.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
import opcode
import os
import sys
import time

from . import guard
from .callsite import chain
from .natives import ident, pause, start_native_thread
from .own_code import AGENT, ENTRY, OTHER, OWN, PACKAGE_FOLDERS, TEMPLATE, classify, in_stdlib, kinds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

    from .line import Tables
    from .span import Record

PERIOD = 0.005
"""Seconds of CPU between two samples (reference: recording-and-engines, section 3)."""
SWITCH_INTERVAL = 0.0001
LONGEST_SAMPLE = 0.1
"""CPU seconds that one look of the thread may stand for: one C call may hold the interpreter for long."""
LONGEST_CALL = 2.0
"""CPU seconds that one run of the signal's handler may stand for."""
LATE = 3
"""Periods after which a handler is late: a kernel that ticks each 4 ms is not."""
MAX_STACKS = 20_000
TEXTS = frozenset({"json", "xml", "csv", "plistlib"})
HOOK = "profiler"

RESUME = opcode.opmap.get("RESUME")
"""The instruction that a function begins with, since Python 3.11."""
ENTERED = bytes((RESUME or 0, 0))
clock_of = getattr(time, "pthread_getcpuclockid", None)


class Active:
    """The profiling that goes on in this process."""

    pid = 0
    records: list[Record] = []
    how = ""
    used = 0.0
    """CPU seconds of the main thread when it was interrupted last."""
    turn = 0
    """Number of the native thread that may look; an earlier one, asleep when its run ended, must not look as well."""
    switch_interval = 0.0


class Profile:
    """CPU seconds of one request by stack of own frames and the library that computed below them."""

    def __init__(self) -> None:
        self.how = ""
        self.seconds = 0.0
        self.stacks: dict[tuple[Any, ...], list[Any]] = {}

    def add(self, frame: FrameType, seconds: float) -> None:
        self.seconds += seconds
        stack = chain(frame)
        file = frame.f_code.co_filename
        below = None if kinds.get(file) in (OWN, TEMPLATE) else computing(frame)
        key = (below, *[part if type(part) is int else id(part) for part in stack])
        entry = self.stacks.get(key)
        if entry is not None:
            entry[0] += seconds
        elif len(self.stacks) < MAX_STACKS:
            self.stacks[key] = [seconds, stack, below]

    def told(self, tables: Tables) -> dict[str, Any]:
        """As the protocol says."""
        stacks: dict[tuple[int, str | None], float] = {}
        for seconds, stack, below in self.stacks.values():
            key = (tables.stack(stack), None if below is None else library_of(below))
            stacks[key] = stacks.get(key, 0.0) + seconds
        return {
            "how": self.how,
            "period": PERIOD,
            "seconds": self.seconds,
            "stacks": [[stack, library, round(seconds, 6)] for (stack, library), seconds in stacks.items()],
        }


class Mode:
    """The field `mode` of a line: hooks treat a profiling run as a timed one."""

    def __init__(self, name: str) -> None:
        self.name = name

    def told(self, tables: Tables) -> str:
        return self.name


def begin(record: Record, mode: str) -> None:
    """A profiling run begins, in the thread that will serve it."""
    profile = record.extra["profile"] = Profile()
    record.extra["mode"] = Mode(mode)
    if Active.pid != os.getpid():
        Active.pid, Active.records = os.getpid(), []
    Active.records.append(record)
    if len(Active.records) == 1:
        try:
            Active.how = "timer" if start_timer() else start_thread()
        except Exception as mishap:
            guard.failed(HOOK, mishap)
    profile.how = Active.how


def end(record: Record) -> None:
    """It is over. Safe to call for any record."""
    if record not in Active.records:
        return
    Active.records.remove(record)
    if Active.records:
        return
    if Active.how == "timer":
        _signal.setitimer(_signal.ITIMER_PROF, 0.0)
        # the handler stays: a signal that is on its way would end the process
    elif Active.how == "thread":
        sys.setswitchinterval(Active.switch_interval)


def start_timer() -> bool:
    """Begin to interrupt the main thread. False where this is not it, or somebody else uses the signal."""
    if _signal.getsignal(_signal.SIGPROF) not in (_signal.SIG_DFL, interrupted):
        return False
    try:
        _signal.signal(_signal.SIGPROF, interrupted)
    except ValueError:  # not the main thread
        return False
    _signal.siginterrupt(_signal.SIGPROF, False)
    Active.used = time.thread_time()
    # Begun at any point of the period: from its start, a request of a few milliseconds is seen at its end or never.
    _signal.setitimer(_signal.ITIMER_PROF, 1e-6 + time.perf_counter_ns() / 1e9 % PERIOD, PERIOD)
    return True


def start_thread() -> str:
    Active.switch_interval = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL)
    Active.turn += 1
    start_native_thread(look, (Active.turn,))
    return "thread"


def interrupted(number: int, frame: FrameType | None) -> None:
    """Handler of the timer's signal. Python runs it between two instructions: a call into C (a password hash) that goes
    on for many periods is interrupted once, at its end, and all of them are its own."""
    used = time.thread_time()
    periods, Active.used = int(min(used - Active.used, LONGEST_CALL) / PERIOD), used
    if Active.records and frame is not None:
        sample(frame, PERIOD * (periods if periods >= LATE else 1))


def look(turn: int) -> None:
    """The native thread: it ends with the run that started it and those that joined in."""
    used: dict[int, float] = {}
    me = ident()
    while True:
        pause(PERIOD)
        if not Active.records or Active.turn != turn:
            return
        for thread, frame in sys._current_frames().items():
            if thread != me:
                sample(frame, computed(thread, used))
        del frame


def computed(thread: int, used: dict[int, float]) -> float:
    """CPU seconds that a thread has taken since the last look; one period where the system cannot tell."""
    if clock_of is None:
        return PERIOD
    try:
        total = time.clock_gettime(clock_of(thread))
    except OSError:
        return 0.0
    before = used.get(thread)
    used[thread] = total
    return 0.0 if before is None else min(total - before, LONGEST_SAMPLE)


def sample(frame: FrameType, seconds: float) -> None:
    """Charge CPU seconds to the request whose frame is on this stack; without one they are nobody's."""
    if seconds <= 0.0:
        return
    try:
        record = request_of(frame)
        profile = None if record is None else record.extra.get("profile")
        if profile is not None:
            profile.add(computed_by(frame), seconds)
    except Exception as mishap:
        guard.failed(HOOK, mishap)
        Active.records.clear()


def computed_by(frame: FrameType) -> FrameType:
    """The frame that a sample is about. Python looks up from its work only between some instructions, the beginning of
    a function among them: who is seen there has done nothing yet, the time is that of the lines before the call."""
    begins = (
        frame.f_lasti <= 0 if RESUME is None else frame.f_code.co_code[frame.f_lasti : frame.f_lasti + 2] == ENTERED
    )
    return frame.f_back if begins and frame.f_back is not None else frame


def request_of(frame: FrameType | None) -> Record | None:
    """The request that a stack belongs to."""
    while frame is not None:
        file = frame.f_code.co_filename
        kind = kinds.get(file)
        if (classify(file) if kind is None else kind) == ENTRY:
            record: Record | None = frame.f_locals.get("record")
            if record is not None:
                return record
        frame = frame.f_back
    return None


def computing(frame: FrameType) -> str:
    """The file of the library that computes below an own frame: what it uses of the standard library is its own work,
    as are pieces of code without a file; but text made of objects is told as `json`, whoever asks for it."""
    first = frame.f_code.co_filename
    above: FrameType | None = frame
    while above is not None:
        file = above.f_code.co_filename
        if kinds.get(file) in (OWN, TEMPLATE, ENTRY):
            break
        if in_stdlib(file):
            if library_of(file) in TEXTS:
                return file
        elif not file.startswith((AGENT, "<")):
            return file
        above = above.f_back
    return first


def library_of(file: str) -> str:
    """The package that a file belongs to: `sqlalchemy`, `json`."""
    for folder in PACKAGE_FOLDERS:
        if folder in file:
            return file.rpartition(folder)[2].partition("/")[0].partition(".")[0]
    if in_stdlib(file):
        parts = file.rsplit("/", 2)
        name = parts[-1].partition(".")[0]
        return name if parts[-2].startswith("python3") else parts[-2]
    return file if classify(file) == OTHER else os.path.basename(file).partition(".")[0]
