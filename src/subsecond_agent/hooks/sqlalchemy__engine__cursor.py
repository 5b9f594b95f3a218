"""Deep runs, SQLAlchemy 1.4, 2.0, 2.1: which columns of plain rows are read (Core statements, an ORM's column lists).

A result lets its rows through one function on their way out (`_row_logging_fn`, what `echo="debug"` uses): there each
row is replaced by one of a subclass that notes what is asked of it.
"""

from __future__ import annotations

import sys

from .. import deep, guard
from ..patching import Patches
from ..reads import Seen, read
from ..recorder import CURRENT, current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Callable

HOOK = "sqlalchemy.engine.cursor"
OF_ORM = "_result_disable_adapt_to_context"
live = True
patches = Patches()
classes: dict[Any, Any] = {}
"""SQLAlchemy's Row and RowMapping -> our subclasses; made at the first deep run."""


def install(cursor: ModuleType) -> None:
    if sys.modules[__name__] not in deep.watchers:
        deep.watchers.append(sys.modules[__name__])


def watch() -> None:
    """A deep request begins."""
    if not live:
        return
    patches.replace(sys.modules["sqlalchemy.engine.cursor"].CursorResult, "__init__", core_rows)
    if "sqlalchemy.orm.loading" in sys.modules:
        patches.replace(sys.modules["sqlalchemy.orm.loading"], "instances", orm_rows)


def unwatch() -> None:
    """The last one is over."""
    patches.undo()


def core_rows(original: Any) -> Any:
    """The ORM's own statements are left out: it takes their rows apart itself."""

    def init(self: Any, context: Any, strategy: Any, description: Any) -> None:
        original(self, context, strategy, description)
        if live and description is not None:
            try:
                if not (context.execution_options.get(OF_ORM) or getattr(context, "_num_sentinel_cols", 0)):
                    watch_rows(self, context)
                    vars(self).pop("_row_getter", None)  # made at once, before it could be told
            except Exception as mishap:
                guard.failed(HOOK, mishap)

    return init


def orm_rows(original: Any) -> Any:
    def instances(cursor: Any, context: Any, *rest: Any, **named: Any) -> Any:
        result = original(cursor, context, *rest, **named)
        if live:
            try:
                if not getattr(result, "_source_supports_scalars", False):
                    watch_rows(result, getattr(cursor, "context", None))
            except Exception as mishap:
                guard.failed(HOOK, mishap)
        return result

    return instances


def watch_rows(result: Any, context: Any) -> None:
    """Let the rows of a result be followed."""
    record = CURRENT.get() or current()
    found = deep.of(record)
    if record is None or found is None:
        return
    group = found.reads.group(record, context, None)
    group.columns = list(map(str, result.keys()))
    before = result._row_logging_fn

    def follow(row: Any) -> Any:
        if before is not None:
            row = before(row)
        try:
            group.rows += 1
            seen = found.reads.follow(group) if live else None
            return row if seen is None else followed(row, seen)
        except Exception as mishap:
            guard.failed(HOOK, mishap)
            return row

    result._row_logging_fn = follow


def followed(row: Any, seen: Seen) -> Any:
    """A row with the same data that notes what is read of it."""
    kind = type(row)
    made = classes.get(kind)
    if made is None:
        made = classes[kind] = row_class(kind)
    if hasattr(row, "_key_to_index"):
        copy = made(row._parent, None, row._key_to_index, row._data)
    else:  # 1.4
        copy = made(row._parent, None, row._keymap, row._key_style, row._data)
    made._subsecond_seen.__set__(copy, seen)  # a row's own __setattr__ refuses
    return copy


def touched(row: Any, key: Any) -> None:
    """Note what `row[key]`, `row.key` or, with None, the whole of it is about to give."""
    try:
        seen = object.__getattribute__(row, "_subsecond_seen")
        data = object.__getattribute__(row, "_data")
        names = seen.group.columns
        if key is None or isinstance(key, slice):
            places = range(len(data))[key] if key is not None else range(len(data))
        elif isinstance(key, int):
            places = range(len(data))[key : key + 1 or None]
        elif isinstance(key, str) and key in names:
            places = range(names.index(key), names.index(key) + 1)
        else:
            return
        frame = sys._getframe(2)
        for place in places:
            read(seen, names[place] if place < len(names) else str(place), data[place], frame)
    except Exception as mishap:
        guard.failed(HOOK, mishap)


def row_class(kind: Any) -> Any:
    """A subclass of SQLAlchemy's Row, under its name."""

    def getattribute(self: Any, name: str) -> Any:
        if name[:1] != "_" or name in WHOLE:
            touched(self, None if name in WHOLE else name)
        return kind.__getattribute__(self, name)

    def getitem(self: Any, key: Any) -> Any:
        touched(self, key)
        return kind.__getitem__(self, key)

    body: dict[str, Any] = {
        "__slots__": ("_subsecond_seen",),
        "__module__": kind.__module__,
        "__qualname__": kind.__qualname__,
        "__getattribute__": getattribute,
        "__getitem__": getitem,
        "__reduce__": lambda self: plain(self, kind).__reduce__(),
    }
    for name in ("__iter__", "__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__hash__", "__contains__"):
        if hasattr(kind, name):
            body[name] = whole(getattr(kind, name))
    return type(kind.__name__, (kind,), body)


WHOLE = frozenset({"_mapping", "_as_row_class", "_asdict", "_tuple", "_t", "tuple", "t"})
"""Ways to have a whole row at once."""


def whole(original: Callable[..., Any]) -> Any:
    def method(self: Any, *values: Any) -> Any:
        touched(self, None)
        return original(self, *values)

    return method


def plain(row: Any, kind: Any) -> Any:
    """The row as SQLAlchemy made it, for a pickle that is read elsewhere."""
    if hasattr(row, "_key_to_index"):
        return kind(row._parent, None, row._key_to_index, row._data)
    return kind(row._parent, None, row._keymap, row._key_style, row._data)


def uninstall() -> None:
    patches.undo()
    if sys.modules[__name__] in deep.watchers:
        deep.watchers.remove(sys.modules[__name__])
