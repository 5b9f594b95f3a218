"""Where virtual fixes meet SQLAlchemy's ORM: one listener of `do_orm_execute`, and the models by their names.

Those that change a statement stand before those that answer it: handlers run in the order of their rank.
"""

from __future__ import annotations

import sys

from .recorder import current
from .virtual_fix import RefusedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    Handler = Callable[[Any, Any], Any]
    """(fix, ORMExecuteState) -> a Result that answers the statement, or None."""

OWN = "_subsecond_own"
"""Execution option of the statements that a virtual fix sends itself: no fix touches those."""
CHANGES, ANSWERS = 1, 2

handlers: list[tuple[int, str, Handler]] = []
listening: list[Any] = []


class AppError(Exception):
    """Carries out of a handler what the app's own statement raised: that is the app's, not a mishap of the fix."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(str(error))
        self.error = error


def module(name: str) -> Any:
    """A module of SQLAlchemy's that the app has imported. Raises RefusedError."""
    found = sys.modules.get(name)
    if found is None:
        raise RefusedError(f"this process has not imported {name}")
    return found


def _rank(entry: tuple[int, str, Handler]) -> tuple[int, str]:
    return entry[:2]


def on_execute(rank: int, name: str, handler: Handler) -> None:
    """Ask `handler` at each statement of an ORM session, in requests with a running fix of this name."""
    handlers[:] = sorted({entry for entry in handlers if entry[1] != name} | {(rank, name, handler)}, key=_rank)
    session = module("sqlalchemy.orm.session").Session
    if session not in listening:
        module("sqlalchemy.event").listen(session, "do_orm_execute", executing)
        listening.append(session)


def forget(name: str) -> None:
    """Ask the handler of this fix no more. The listener goes with the last one."""
    handlers[:] = [entry for entry in handlers if entry[1] != name]
    if not handlers:
        while listening:
            module("sqlalchemy.event").remove(listening.pop(), "do_orm_execute", executing)


def executing(state: Any) -> Any:
    """Event: an ORM session is about to execute a statement. What is returned is its result; None sends it."""
    record = current()
    trial = None if record is None else record.trial
    if trial is None or OWN in state.execution_options:
        return None
    for _, name, handler in handlers:
        for fix in trial.named(name):
            if fix.refused is not None:
                continue
            try:
                answer = handler(fix, state)
            except AppError as carried:
                raise carried.error from None
            except Exception as mishap:
                fix.failed(mishap)
                continue
            if answer is not None:
                return answer
    return None


def mapper_of(name: str, module_name: str | None) -> Any:
    """Mapper of the model of this name (and module, where several have it). Raises RefusedError."""
    found = [
        mapper
        for registry in list(module("sqlalchemy.orm.mapper")._all_registries())
        for mapper in registry.mappers
        if mapper.class_.__name__ == name and module_name in (None, mapper.class_.__module__)
    ]
    if not found:
        raise RefusedError(f"no model {name} is mapped in this process")
    if len(found) > 1:
        places = ", ".join(sorted(mapper.class_.__module__ for mapper in found))
        raise RefusedError(f"several models are named {name}: in {places}")
    return found[0]


def relation_of(label: str) -> tuple[Any, str]:
    """`Model.relation` -> (mapper, name of the relationship). Raises RefusedError."""
    model, _, name = label.partition(".")
    mapper = mapper_of(model, None)
    if name not in mapper.relationships:
        raise RefusedError(f"{model} has no relationship {name}")
    return mapper, name


def label_of(prop: Any) -> str:
    """`Model.relation` as the recorder names it."""
    return f"{prop.parent.class_.__name__}.{prop.key}"


def entities(statement: Any) -> list[Any]:
    """What a statement loads whole: classes and aliases of them, not columns alone."""
    found = []
    for description in getattr(statement, "column_descriptions", None) or ():
        entity = description.get("entity")
        if entity is not None and entity is description.get("expr"):
            found.append(entity)
    return found


def is_select(state: Any) -> bool:
    """A SELECT for entities or their columns, not a refresh of what is loaded."""
    return state.is_select and state.is_orm_statement and not state.is_column_load


def loads_of(state: Any, mapper: Any) -> list[tuple[Any, Any]]:
    """Where a statement loads objects of a model: [(Load to hang options on, class or alias), ...].

    A statement of a relationship's own has its options counted from the statement that began it.
    """
    load = module("sqlalchemy.orm").Load
    if not state.is_relationship_load:
        return [(load(entity), entity) for entity in entities(state.statement) if is_of(entity, mapper)]
    path = state.loader_strategy_path.path
    relations = relations_of(state)
    if not relations or any(part.is_aliased_class for part in path[::2]):
        return []
    target = relations[-1].mapper
    if not target.isa(mapper):
        return []
    option = load(path[0].class_)
    for relation in relations:
        option = option.defaultload(relation.class_attribute)
    return [(option, target.class_)]


def relations_of(state: Any) -> list[Any]:
    """The relationships that lead to what a relationship's own statement loads."""
    return list(state.loader_strategy_path.path[1::2])


def is_of(entity: Any, mapper: Any) -> bool:
    """Is a class, or an alias of one, of this model?"""
    return module("sqlalchemy").inspect(entity).mapper.isa(mapper)
