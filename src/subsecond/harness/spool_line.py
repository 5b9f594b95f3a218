"""Whether a trace line of the spool is whole: all its fields, of their types, and no index beyond its table.

The line comes from a process that may have died, run out of disk or been written over: what is read on trusts it.
"""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict, cast

from subsecond.errors import SubsecondError
from subsecond.store import from_json
from subsecond_agent import protocol

MOST_MICROSECONDS = 1 << 53
"""Three centuries: beyond it a float would not be exact."""


class LateLine(TypedDict):
    """What both sorts of line have; `subsecond_agent.protocol` says what each field means."""

    id: str
    mark: str | None
    dropped: int
    counts: dict[str, int]
    waits: dict[str, float]
    texts: list[str]
    frames: list[tuple[str, int, str]]
    stacks: list[list[int]]
    spans: list[tuple[str, int, int, int, int, dict[str, Any]]]


class Group(TypedDict):
    """What statements fetched, against what was read."""

    span: int
    entity: str | None
    relation: str | None
    statements: int
    rows: int
    objects: int
    again: int
    others: int
    columns: dict[str, int]
    relations: dict[str, int]
    read_at: dict[str, int]
    clusters: list[dict[str, Any]]


class Deep(TypedDict, total=False):
    """Of a deep run; empty where the agent failed to tell it."""

    reads: list[Group]
    untracked: int
    parameters: list[dict[str, Any]]
    functions: list[dict[str, Any]]
    why: str | None


class Profile(TypedDict):
    """Of a profiling run."""

    how: str
    period: float
    seconds: float
    stacks: list[tuple[int, str | None, float]]


class Job(TypedDict):
    """Of a worker's job."""

    name: str
    queue: str | None


class TraceLine(LateLine):
    """The line of a request itself."""

    mode: str
    pid: int
    first: bool
    start: int
    seconds: float
    cpu_seconds: float
    gc_seconds: float
    method: str
    path: str
    query: str
    route: str | None
    status: int | None
    error: str | None
    job: NotRequired[Job]
    deep: NotRequired[Deep]
    profile: NotRequired[Profile]


def flaw(text: bytes, late: bool) -> str | None:
    """What is wrong with the JSON text of a trace line, None where it is whole."""
    try:
        line: LateLine = from_json(text, LateLine if late else TraceLine, "line")
    except SubsecondError as error:
        return error.message.removeprefix("line: ").partition(";")[0]
    frames, stacks = len(line["frames"]), len(line["stacks"])
    if not all(0 <= frame < frames for stack in line["stacks"] for frame in stack):
        return "a stack names a frame that is not there"
    for number, (_, parent, start, taken, stack, attributes) in enumerate(line["spans"]):
        text_number = attributes.get(protocol.DB_TEXT, -1)
        if not (-1 <= parent < number and -1 <= stack < stacks):
            return f"span {number} names a parent or a stack that is not there"
        if max(abs(start), abs(taken)) > MOST_MICROSECONDS:
            return f"span {number} has impossible times"
        if type(text_number) is not int or not -1 <= text_number < len(line["texts"]):
            return f"span {number} names a text that is not there"
    named = _stacks_named(cast(TraceLine, line))
    if not all(type(stack) is int and -1 <= stack < stacks for stack in named):
        return "a deep run names a stack that is not there"
    return None


def _stacks_named(line: TraceLine) -> list[Any]:
    """Stacks that are named elsewhere than in spans."""
    deep, profile = line.get("deep"), line.get("profile")
    found: list[Any] = [stack for stack, _, _ in profile["stacks"]] if profile else []
    if deep:
        found += [stack for group in deep.get("reads", []) for stack in group["read_at"].values()]
        found += [one.get("stack") for one in [*deep.get("parameters", []), *deep.get("functions", [])]]
    return found
