"""The report's architecture: C4 diagrams with their positions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from subsecond.model.report_common import Side

Change = Literal["same", "removed", "added"]
"""Against the other side: `removed` is drawn as a ghost in the optimised view."""
BoxKind = Literal["person", "external", "container", "component", "session", "database", "table", "cache"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundary:
    """A frame. `technology` stands in brackets under its title; `parent` the frame around it."""

    id: str
    title: str
    technology: str
    parent: str | None
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A thing of a diagram. `word`: its C4 word, for the second line; `detail`: technology or `file:line`.

    `description`: a sentence (from `subsecond.toml`, or ours). `calls` and `ms`: how often it ran, and its time with
    what it calls; None where that says nothing. `code`: key of an excerpt. `statements`: indices. `optional`: not seen
    to run in this request. `folded`: names of what was folded into it.
    """

    id: str
    kind: BoxKind
    title: str
    word: str
    detail: str
    boundary: str | None
    x: int
    y: int
    width: int
    height: int
    description: str = ""
    calls: int | None = None
    ms: float | None = None
    place: int | None = None
    code: str | None = None
    statements: tuple[int, ...] = ()
    findings: tuple[str, ...] = ()
    folded: tuple[str, ...] = ()
    optional: bool = False
    change: Change = "same"
    note: str = ""
    """A remark to draw at the box: "no database hit (cached)"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """A call, drawn along `points` (x, y; the last is the head). `badge`: middle of the place for its caption.

    `caption` is what stands at the badge's place (`×12 · 36 ms`), room is left for it; empty: nothing does. `count` 0:
    how often is not known. `spans`: index of the first and of the last span in the request's waterfall, empty where no
    span stands for it.
    `optional`: dashed, a path that was seen in the code and not run.
    """

    id: str
    source: str
    target: str
    label: str
    count: int
    ms: float | None
    points: tuple[tuple[int, int], ...]
    badge: tuple[int, int]
    caption: str = ""
    spans: tuple[int, ...] = ()
    statements: tuple[int, ...] = ()
    findings: tuple[str, ...] = ()
    optional: bool = False
    change: Change = "same"


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewStep:
    """What happens next, in recorded order: `times` runs along one arrow. `start_ms` from the request's begin to `ms`
    later: of all runs folded into it. `text`: the whole step for the list, without its number."""

    arrow: str
    times: int
    start_ms: float
    ms: float
    text: str
    place: int | None = None
    spans: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CalloutLine:
    """`boxes`: ids in the view that it speaks of."""

    text: str
    finding: str | None = None
    boxes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Callout:
    """A box beside the diagram: its lines each come from the recording, a finding, a trial or a verdict."""

    sort: Literal["sessions", "loops", "bottlenecks", "wins"]
    title: str
    lines: tuple[CalloutLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A C4 diagram with positions, in px of its own; `ms`: of the recorded request, for the clock of the player.

    `pair`: id of the same view of the other side; a pair's rows have one order, so that the eye can compare. `left_out`
    says in a sentence what was folded away. `title` is what stands on its tab.
    """

    id: str
    kind: Literal["context", "containers", "flow"]
    title: str
    side: Side
    request: str | None
    width: int
    height: int
    boundaries: tuple[Boundary, ...]
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    steps: tuple[ViewStep, ...] = ()
    ms: float | None = None
    pair: str | None = None
    callouts: tuple[Callout, ...] = ()
    left_out: str = ""
    mermaid: str = ""
    """The same as Mermaid C4, for a reader to take away."""
