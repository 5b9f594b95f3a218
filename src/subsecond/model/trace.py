"""What was observed: spans, traces, and the clock of a request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from subsecond.model.deep import Deep, Profile
from subsecond.model.frame import Frame as Frame  # noqa: PLC0414 - traces and their frames are imported together
from subsecond_agent import protocol

Value = str | int | float | bool | None
Mode = Literal["timed", "recording", "deep", "profiling"]

_INSTALLED = ("/site-packages/", "/dist-packages/")


def shown_file(file: str) -> str:
    """A file for a reader, the same on every machine: one of an installed package without its environment's folder."""
    for folder in _INSTALLED:
        if folder in file:
            return file.rpartition(folder)[2]
    return file


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One thing that took time. `start` and `seconds` in seconds, `start` from the request's begin.

    `parent` is the index of the span inside which it ran, None for the request itself. `stack` is the chain
    of own frames, innermost (the call site) first. `attributes` follow the stable OpenTelemetry conventions.
    """

    name: str
    parent: int | None
    start: float
    seconds: float
    stack: tuple[Frame, ...] = ()
    attributes: dict[str, Value] = field(default_factory=dict)

    @property
    def end(self) -> float:
        """When it was over, in seconds from the request's begin."""
        return self.start + self.seconds

    @property
    def site(self) -> Frame | None:
        """The innermost own frame, None where no frame of the app was on the stack."""
        return self.stack[0] if self.stack else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One request (or job of a worker): its clock, exact counts, summed waits in seconds, and its spans in order."""

    request: str
    """Name of the request in the target."""
    mode: Mode
    id: str
    pid: int
    start: int
    """UNIX time in nanoseconds."""
    seconds: float
    client_seconds: float | None = None
    """First byte sent to last byte received, by the client's clock; None where the tool did not send it."""
    body_bytes: int | None = None
    """Of the response as received; None where the tool did not send the request."""
    cpu_seconds: float
    gc_seconds: float
    method: str
    path: str
    query: str
    route: str | None = None
    status: int | None = None
    error: str | None = None
    first: bool = False
    counts: dict[str, int] = field(default_factory=dict)
    waits: dict[str, float] = field(default_factory=dict)
    spans: tuple[Span, ...] = ()
    deep: Deep | None = None
    """Of deep runs only, as `profile` of profiling ones: their seconds are nobody's."""
    profile: Profile | None = None
    version: int = 1

    def opener(self, checkout: Span) -> Frame | None:
        """The place that opened the session of a check-out (or, without one, took the connection)."""
        if checkout.parent is not None and self.spans[checkout.parent].name == protocol.SPAN_SESSION:
            return self.spans[checkout.parent].site
        return checkout.site
