"""What a layout is asked for, boxes, frames and arrows, and what it answers: their places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Lane = Literal["start", "main", "end"]
"""`start`: people, left of all; `end`: what the system depends on, right of all. In a frame: of what it holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A box of that size in a frame (None: outside of all, in its `lane`). It may come out higher, for its arrows."""

    id: str
    width: int
    height: int
    frame: str | None = None
    lane: Lane = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A boundary, perhaps within another."""

    id: str
    parent: str | None = None
    lane: Lane = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An arrow between two different boxes; `badge`: width of what stands at its head, 0 for nothing."""

    id: str
    source: str
    target: str
    badge: int = 0


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Route:
    """An arrow's corners, head last, and the middle of its badge."""

    points: tuple[tuple[int, int], ...]
    badge: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything by id, from (0, 0) on."""

    boxes: dict[str, Area]
    frames: dict[str, Area]
    routes: dict[str, Route]
    width: int
    height: int
