"""Deep runs, SQLAlchemy 1.4, 2.0, 2.1: objects loaded by each statement, and which of their attributes were read.

The loader's row processor tells which object came with which statement; the attribute's own `__get__` tells who is
read. What is learnt stays on the object's state, which lives as long as the object, never on the object itself.
"""

from __future__ import annotations

import sys

from .. import deep, guard, mapper
from ..patching import Patches
from ..reads import Group, Seen, read
from ..recorder import CURRENT, current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    from ..deep import Deep

HOOK = "sqlalchemy.orm.loading"
KEY = "_subsecond_seen"
live = True
patches = Patches()


def install(loading: ModuleType) -> None:
    if sys.modules[__name__] not in deep.watchers:
        deep.watchers.append(sys.modules[__name__])


def watch() -> None:
    """A deep request begins."""
    if not live:
        return
    loading = sys.modules["sqlalchemy.orm.loading"]
    attributes = sys.modules["sqlalchemy.orm.attributes"]
    patches.replace(loading, "_instance_processor", following)
    patches.replace(attributes.InstrumentedAttribute, "__get__", reading)


def unwatch() -> None:
    """The last one is over; by now the app's models are all there."""
    patches.undo()
    mapper.tell()


def following(original: Any) -> Any:
    def instance_processor(query_entity: Any, of_mapper: Any, *rest: Any, **named: Any) -> Any:
        process = original(query_entity, of_mapper, *rest, **named)
        record = CURRENT.get() or current()
        found = deep.of(record)
        if record is None or found is None or not live:
            return process
        try:
            _, result, path = rest[:3]
            entity = f"{of_mapper.class_.__module__}:{of_mapper.class_.__qualname__}"
            group = found.reads.group(record, getattr(result, "context", None), entity, relation_of(path))
        except Exception as mishap:
            guard.failed(HOOK, mishap)
            return process
        return noting(process, found, group)

    return instance_processor


def relation_of(path: Any) -> str | None:
    """`Model.relation` for what a statement loads beside its own entity."""
    for part in reversed(getattr(path, "path", ())):
        if hasattr(part, "key") and hasattr(part, "parent") and hasattr(part, "direction"):
            return f"{part.parent.class_.__name__}.{part.key}"
    return None


def noting(process: Any, found: Deep, group: Group) -> Any:
    def instance(row: Any) -> Any:
        made = process(row)
        if made is not None and live:
            try:
                met(found, group, made)
            except Exception as mishap:
                guard.failed(HOOK, mishap)
        return made

    return instance


def met(found: Deep, group: Group, made: Any) -> None:
    """A row became this object, or led to it once more."""
    group.rows += 1
    state = vars(made)["_sa_instance_state"]
    seen: Seen | None = state.__dict__.get(KEY)
    if seen is not None and seen.group.owner is found.reads:
        if seen.group is not group:
            group.again += 1
        return
    if not group.columns:
        group.columns = [attribute.key for attribute in state.mapper.column_attrs if attribute.key in vars(made)]
    followed = found.reads.follow(group, state.key[1] if state.key else None)
    if followed is not None:
        setattr(state, KEY, followed)
        group.measure(vars(made))


def reading(original: Any) -> Any:
    """Written out without calls of ours for what was read before: a loop may read a column a million times, and each
    call of a function costs twice while functions are followed."""

    def get(self: Any, instance: Any, owner: Any = None) -> Any:
        value = original(self, instance, owner)
        if instance is not None and live:
            try:
                seen = instance.__dict__["_sa_instance_state"].__dict__.get(KEY)
                if seen is not None and self.key not in seen.values and self.key not in seen.relations:
                    note(seen, self.key, instance, value)
            except Exception as mishap:
                guard.failed(HOOK, mishap)
        return value

    return get


def note(seen: Seen, key: str, instance: Any, value: Any) -> None:
    """An attribute of an object was read. Of objects that no statement of this request loaded nothing is told."""
    found = deep.of(CURRENT.get() or current())
    if found is None or seen.group.owner is not found.reads:
        return
    if key in vars(instance)["_sa_instance_state"].mapper.relationships:
        read_relation(seen, key)
    else:
        read(seen, key, value, sys._getframe(2))


def read_relation(seen: Seen, key: str) -> None:
    seen.relations.add(key)
    relations = seen.group.relations
    relations[key] = relations.get(key, 0) + 1


def uninstall() -> None:
    patches.undo()
    if sys.modules[__name__] in deep.watchers:
        deep.watchers.remove(sys.modules[__name__])
