"""Rows fetched against rows and columns read, per statement and entity, kept compact.

Objects and rows are told apart only by *which* columns were read of them: 20,000 of which only `author_id` was looked
at, and 20 of which everything was, are two clusters. The small one is what the response used; the common column is the
filter that the app applied after fetching. Nothing here keeps an object of the app alive: a weak identity map that
forgets less than usual would send fewer statements than the app does.
"""

from __future__ import annotations

from .callsite import chain
from .span import Query

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

    from .line import Tables
    from .span import Record

MAX_SEEN = 200_000
"""Objects and rows of one request that are followed; more are counted in their statement's `rows` only."""
MAX_CLUSTERS = 8
MAX_VALUES = 50
"""Values of a column that a cluster names one by one."""
MAX_KEYS = 200
MAX_TEXT = 200
MEASURED = 20
"""Objects of a group whose texts are measured; they stand for the others."""
LONG = 1_000
"""Characters (bytes) of a value from which on it is told: below, its row costs more than it does."""
PLAIN = frozenset({"int", "float", "str", "bool", "NoneType"})
"""Types whose values go into JSON as they are; `str()` of the others."""
VALUE_TYPES = PLAIN | {"date", "datetime", "time", "timedelta", "Decimal", "UUID"}
"""Exact types, by name, whose equality, order and text are not the app's code."""


class Seen:
    """One object or row: the group it came with, columns read so far with their values, relations read, primary key."""

    __slots__ = ("group", "key", "relations", "values")

    def __init__(self, group: Group, key: Any = None) -> None:
        self.group = group
        self.key = key
        self.values: dict[str, Any] = {}
        self.relations: set[str] = set()


class Group:
    """What statements of one text and call site fetched of one entity (or, without one, as rows)."""

    def __init__(self, owner: Reads, span: Query | None, entity: str | None, relation: str | None) -> None:
        self.owner = owner
        self.span = span
        self.entity = entity
        self.relation = relation
        self.statements: set[int] = set()
        self.columns: list[str] = []
        self.relations: dict[str, int] = {}
        self.read_at: dict[str, list[Any]] = {}
        self.rows = 0
        self.again = 0
        self.seen: list[Seen] = []
        self.lengths: dict[str, int] = {}

    def measure(self, values: dict[str, Any]) -> None:
        """The texts of one of the first objects: what lies in the object already, nothing is loaded."""
        if len(self.seen) <= MEASURED:
            for name in self.columns:
                value = values.get(name)
                if value is not None and type(value) in (str, bytes):
                    self.lengths[name] = self.lengths.get(name, 0) + len(value)

    def told(self, tables: Tables) -> dict[str, Any]:
        """As the protocol says."""
        measured = min(len(self.seen), MEASURED) or 1
        long = {name: length // measured for name, length in self.lengths.items() if length >= LONG * measured}
        found = clusters(self.seen)
        columns = dict.fromkeys(self.columns, 0)
        for seen in self.seen:
            for name in seen.values:
                columns[name] = columns.get(name, 0) + 1
        return {
            "span": -1 if self.span is None else tables.place_of(self.span),
            "statements": len(self.statements),
            "entity": self.entity,
            "relation": self.relation,
            "rows": self.rows,
            "objects": len(self.seen),
            "again": self.again,
            "columns": columns,
            "long": long,
            "relations": self.relations,
            "read_at": {name: tables.stack(stack) for name, stack in self.read_at.items()},
            "clusters": found[:MAX_CLUSTERS],
            "others": sum(cluster["objects"] for cluster in found[MAX_CLUSTERS:]),
        }


class Reads:
    """The groups of one request, and how to find the one that a statement's results belong to."""

    def __init__(self) -> None:
        self.groups: dict[tuple[Any, ...], Group] = {}
        self.followed = 0
        self.untracked = 0

    def group(self, record: Record, context: Any, entity: str | None, relation: str | None = None) -> Group:
        """The group for the results of an execution context's statement."""
        span = statement_of(record, context)
        stack = () if span is None else tuple([part if type(part) is int else id(part) for part in span.chain])
        key = (None if span is None else span.text, stack, entity, relation)
        group = self.groups.get(key)
        if group is None:
            group = self.groups[key] = Group(self, span, entity, relation)
        group.statements.add(id(span))
        return group

    def follow(self, group: Group, key: Any = None) -> Seen | None:
        """Begin to follow one object or row; None beyond the limit."""
        if self.followed >= MAX_SEEN:
            self.untracked += 1
            return None
        self.followed += 1
        seen = Seen(group, key)
        group.seen.append(seen)
        return seen

    def told(self, tables: Tables) -> list[dict[str, Any]]:
        """All groups, in the order in which they were first met."""
        return [group.told(tables) for group in self.groups.values()]


def read(seen: Seen, name: str, value: Any, frame: FrameType) -> None:
    """A column of an object or row was read, from `frame` or above."""
    if name not in seen.values:
        seen.values[name] = value if type(value).__name__ in VALUE_TYPES else UNKNOWN
        if name not in seen.group.read_at:
            seen.group.read_at[name] = chain(frame)


class Unknown:
    """Stands for a value that is not looked at: its equality may be the app's code."""


UNKNOWN = Unknown()


def statement_of(record: Record, context: Any) -> Query | None:
    """The span of the statement that an execution context has just sent: the last one with its very values."""
    parameters = getattr(context, "parameters", None)
    values = parameters[0] if parameters else None
    text = getattr(context, "statement", None)
    for span in reversed(record.spans):
        if type(span) is Query and span.text == text and (span.parameters is values or not values):
            return span
    return None


def clusters(seen: list[Seen]) -> list[dict[str, Any]]:
    """Objects by the set of columns read of them, the largest cluster first."""
    by_columns: dict[tuple[str, ...], list[Seen]] = {}
    for one in seen:
        by_columns.setdefault(tuple(sorted(one.values)), []).append(one)
    ordered = sorted(by_columns.items(), key=lambda item: -len(item[1]))
    values = {columns: {name: distinct(members, name) for name in columns} for columns, members in ordered}
    told = []
    for columns, members in ordered:
        others = {
            name: [found[name] for other, found in values.items() if other is not columns and name in found]
            for name in columns
        }
        cluster: dict[str, Any] = {
            "columns": list(columns),
            "objects": len(members),
            "values": {name: described(values[columns][name], others[name]) for name in columns},
        }
        if len(members) <= MAX_KEYS and all(one.key is not None for one in members):
            cluster["keys"] = [[literal(part) for part in one.key] for one in members]
        told.append(cluster)
    return told


def distinct(members: list[Seen], name: str) -> set[Any]:
    return {one.values[name] for one in members}


def described(values: set[Any], others: list[set[Any]]) -> dict[str, Any]:
    """Values of one column in one cluster.

    `alone`: none of them occurs in another cluster that read the column, so that the column tells them apart.
    """
    kinds = {type(value).__name__ for value in values if value is not None}
    if UNKNOWN in values:
        return {"distinct": None, "alone": False, "type": None, "some": []}
    told: dict[str, Any] = {
        "distinct": len(values),
        "alone": bool(others) and all(values.isdisjoint(other) for other in others),
        "type": next(iter(kinds)) if len(kinds) == 1 else None,
        "missing": None in values,
    }
    there = list(values)
    if len(kinds) == 1:
        try:
            there = sorted(value for value in values if value is not None)
            told["low"], told["high"] = literal(there[0]), literal(there[-1])
        except TypeError:  # times with and without a zone
            pass
    told["some"] = [literal(value) for value in there[:MAX_VALUES]]
    return told


def literal(value: Any) -> Any:
    """A value as JSON; `str()` of dates and numbers that JSON has no form for, anything else by its type alone."""
    name = type(value).__name__
    if name == "str":
        return value[:MAX_TEXT]
    if name == "float" and value - value != 0:  # not a number, infinity: no JSON
        return str(value)
    if name in PLAIN:
        return value
    return str(value)[:MAX_TEXT] if name in VALUE_TYPES else f"<{name}>"
