"""What deep and profiling runs show of a request: reading, calling, asking, computing. No seconds of theirs count."""

from __future__ import annotations

from dataclasses import dataclass, field

from subsecond.model.frame import Frame

Lines = tuple[tuple[int, int], ...]
"""Ranges of lines, first and last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnValues:
    """The values of one column in one cluster. They stay in the spool; `some` holds their keyed hashes.

    `alone`: none of them occurs in another cluster that read the column. `at_least`, `at_most`: all lie above (below)
    those of every other such cluster. `distinct` None: they could not be looked at.
    """

    distinct: int | None
    type: str | None = None
    alone: bool = False
    at_least: bool = False
    at_most: bool = False
    missing: bool = False
    """NULL is among them."""
    some: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Objects (or rows) of which the same columns were read. `keyed`: their primary keys are in the spool."""

    columns: tuple[str, ...]
    objects: int
    values: dict[str, ColumnValues] = field(default_factory=dict)
    keyed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """What statements of one text and place fetched of one entity (None: as plain rows), against what was read.

    `span` is the index of the first such statement in the trace. `objects` first came with these rows, `again` counts
    rows that led to an object which another statement had brought. `columns`: of how many objects each fetched column
    was read; `relations`: of how many each relation was accessed; `read_at`: where a column was first read; `long`:
    characters (bytes) of a typical value of each column where they are many.
    `relation`: `Model.relation` that brought them beside the statement's own entity.
    """

    span: int | None
    entity: str | None
    """`module:Class`"""
    relation: str | None = None
    statements: int
    rows: int
    objects: int
    again: int = 0
    columns: dict[str, int] = field(default_factory=dict)
    long: dict[str, int] = field(default_factory=dict)
    relations: dict[str, int] = field(default_factory=dict)
    read_at: dict[str, tuple[Frame, ...]] = field(default_factory=dict)
    clusters: tuple[Cluster, ...] = ()
    """The largest first."""
    others: int = 0
    """Objects of clusters that are left out."""

    @property
    def unread(self) -> tuple[str, ...]:
        """Columns that were fetched and never read."""
        return tuple(name for name, times in self.columns.items() if not times)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """Calls of a function with equal arguments. `result`: a hash, where the answer was always the same.

    A `hash` that begins with "~" holds an object's identity and is comparable within its trace only.
    """

    hash: str
    calls: int
    queries: int
    http: int
    logs: int
    result: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionCalls:
    """One own function that was called. `stack` is the chain of own frames of its first call."""

    file: str
    line: int
    function: str
    module: str
    stack: tuple[Frame, ...] = ()
    calls: int
    """0 for generators, whose calls are not counted."""
    places: int
    generator: bool = False
    distinct: int = 0
    unlike: int = 0
    """Calls whose arguments cannot be compared."""
    arguments: tuple[Arguments, ...] = ()
    """The most frequent first, 20 at most."""
    entity_bound: bool = False
    """A result holds an object of a mapped class: it belongs to its session."""
    ran: Lines = ()
    missed: Lines | None = None
    """None where it is not known which lines never ran."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A parameter that the app asked its request for; `name` None: all of a kind at once."""

    source: str
    """args, form, files, values, json"""
    name: str | None
    present: bool
    stack: tuple[Frame, ...] = ()
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Deep:
    """One deep run. `why`: why no functions are told, or not all of their calls; None where all is there."""

    reads: tuple[Reads, ...] = ()
    untracked: int = 0
    """Objects and rows that were too many to be followed."""
    asked: tuple[Asked, ...] = ()
    functions: tuple[FunctionCalls, ...] = ()
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileStack:
    """CPU seconds of one chain of own frames, and the package that computed below its innermost frame, if any."""

    stack: tuple[Frame, ...]
    library: str | None
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One profiling run: `seconds` of CPU that its samples stand for."""

    how: str
    period: float
    seconds: float
    stacks: tuple[ProfileStack, ...] = ()

    def by_line(self) -> dict[Frame, float]:
        """CPU seconds by innermost own frame, libraries below it included."""
        found: dict[Frame, float] = {}
        for one in self.stacks:
            if one.stack:
                found[one.stack[0]] = found.get(one.stack[0], 0.0) + one.seconds
        return found

    def by_function(self) -> dict[tuple[str, str], tuple[float, float]]:
        """(file, function) -> (CPU seconds in it or in libraries it calls, and with the own functions it calls)."""
        found: dict[tuple[str, str], tuple[float, float]] = {}
        for one in self.stacks:
            places = [(frame.file, frame.function) for frame in one.stack]
            for number, place in enumerate(dict.fromkeys(places)):
                own, whole = found.get(place, (0.0, 0.0))
                found[place] = (own + (0.0 if number else one.seconds), whole + one.seconds)
        return found
