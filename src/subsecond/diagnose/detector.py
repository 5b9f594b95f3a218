"""What a detector is, and the registry of them. The kind's name is the file's name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar, Protocol

from subsecond.model.facts import Facts
from subsecond.model.finding import Place, Suspicion
from subsecond.model.trace import Frame, Span, Trace, shown_file
from subsecond.registry import Registry


class Detector(Protocol):
    """A pure function over the recorded traces of one route and facts of the app. Its docstring is the manual page."""

    phase: ClassVar[int | None]

    def find(self, traces: Sequence[Trace], facts: Facts) -> Iterator[Suspicion]:
        """Yield a suspicion for each request and place. Keeps no state; reads the app's source through `code`."""
        ...


detector: Registry[type[Detector]] = Registry("subsecond.diagnose.detectors")


def kind_of(found: type[Detector]) -> str:
    """`lazy-load` for the class in `lazy_load.py`."""
    return found.__module__.rpartition(".")[2].replace("_", "-")


def place(frame: Frame | None) -> Place:
    """A frame as a place; the unknown place where no frame was the user's."""
    if frame is None:
        return Place(file="<unknown>", line=0, function="<unknown>")
    return Place(file=frame.file, line=frame.line, function=frame.function)


def spot(frame: Frame | None) -> str:
    """`file:line function`, for evidence."""
    return f"{shown_file(frame.file)}:{frame.line} {frame.function}" if frame else "outside the app's own code"


def chain(span: Span) -> str:
    """The call site and who called it, innermost first."""
    return chain_of(span.stack)


def chain_of(stack: Sequence[Frame], depth: int = 4) -> str:
    """A place and who called it, innermost first."""
    return " < ".join(spot(frame) for frame in stack[:depth]) or spot(None)


def seconds(spans: Iterable[Span]) -> float:
    """Summed duration."""
    return sum(span.seconds for span in spans)
