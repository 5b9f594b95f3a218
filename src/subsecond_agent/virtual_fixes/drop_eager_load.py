"""drop-eager-load: a relationship that is loaded with its parents is loaded when it is read, if it ever is.

Found wherever the statement would load it: by an option of its own, or by the relationship's `lazy=`, also below others
that are loaded along.
"""

from __future__ import annotations

from .. import trial_orm
from ..trial_orm import module
from ..virtual_fix import RELATION, VirtualFix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

EAGER = ("joined", "selectin", "subquery", "immediate", False)
"""`lazy=` of a relationship that is loaded with its parent; False is an older word for joined."""
MAX_DEPTH = 6


class Fix(VirtualFix):
    NAME = "drop-eager-load"
    PARAMETERS = {"relation": RELATION}

    @classmethod
    def install(cls) -> None:
        trial_orm.on_execute(trial_orm.CHANGES, cls.NAME, dropping)

    @classmethod
    def uninstall(cls) -> None:
        trial_orm.forget(cls.NAME)

    def apply(self) -> None:
        mapper, name = trial_orm.relation_of(self.parameters["relation"])
        self.relation = mapper.relationships[name]
        self.options_unread = False

    def undo(self) -> None:
        if self.options_unread and not self.acted:
            self.refuse(
                "the options of a statement cannot be read in SQLAlchemy 1.4; the mapping has no such eager load"
            )


def dropping(fix: Fix, state: Any) -> None:
    if not trial_orm.is_select(state) or state.is_relationship_load:
        return  # the options of a statement go along with what it loads by further ones
    statement = state.statement
    by_option = chains(statement)
    paths = [
        (entity, path)
        for entity in trial_orm.entities(statement)
        for path in eager_paths(module("sqlalchemy").inspect(entity).mapper, (), by_option)
        if path[-1] is fix.relation
    ]
    if not paths:
        options = statement._with_options
        fix.options_unread |= any(not isinstance(getattr(option, "context", None), tuple) for option in options)
        return
    named = {path for _, path in paths if by_option.get(path)}
    changed = statement.options(*[lazily(entity, path) for entity, path in paths if path not in named])
    if named:  # a second option for the same relationship would be a conflict
        changed = changed._generate()
        changed._with_options = tuple([made_lazy(option, named) for option in changed._with_options])
    fix.acted += 1
    if not fix.shadow:
        state.statement = changed


def made_lazy(option: Any, named: set[tuple[Any, ...]]) -> Any:
    """An option of the statement's, or a copy of it in which these relationships are lazy."""
    context = getattr(option, "context", ())
    if not isinstance(context, tuple) or not any(relations_of(element) in named for element in context):
        return option
    elements = []
    for element in context:
        if relations_of(element) in named:
            element = element._clone()  # noqa: PLW2901 - the statement's own stays
            element.strategy = (("lazy", "select"),)
        elements.append(element)
    copy = option._clone()
    copy.context = tuple(elements)
    return copy


def relations_of(element: Any) -> tuple[Any, ...]:
    """The chain of relationships that a part of an option is about."""
    return tuple([part for part in element.path.path if hasattr(part, "direction")])


def chains(statement: Any) -> dict[tuple[Any, ...], bool | None]:
    """Relationships that the statement's options name: chain from the entity -> loaded along, or not, or only passed.

    SQLAlchemy 1.4 ties its options to their entities when it compiles the statement: there only the mapping counts.
    """
    found: dict[tuple[Any, ...], bool | None] = {}
    for option in statement._with_options:
        context = getattr(option, "context", ())
        for element in context if isinstance(context, tuple) else ():
            path = relations_of(element)
            strategy = dict(element.strategy or ()).get("lazy")
            if path:
                found[path] = None if strategy is None else strategy in EAGER
    return found


def eager_paths(mapper: Any, above: tuple[Any, ...], by_option: dict[tuple[Any, ...], bool | None]) -> list[Any]:
    """All chains of relationships that are loaded along with objects of a mapper."""
    found = []
    for relation in mapper.relationships:
        path = (*above, relation)
        by_own_option = by_option.get(path)
        if by_own_option is False or (by_own_option is None and relation.lazy not in EAGER):
            continue
        found.append(path)
        if len(path) < MAX_DEPTH and relation not in above:
            found += eager_paths(relation.mapper, path, by_option)
    return found


def lazily(entity: Any, path: tuple[Any, ...]) -> Any:
    """The option that makes the last relationship of a chain lazy, and leaves the others as they are."""
    option = module("sqlalchemy.orm").Load(entity)
    for number, relation in enumerate(path):
        attribute = getattr(entity, relation.key) if number == 0 else relation.class_attribute
        option = option.lazyload(attribute) if number == len(path) - 1 else option.defaultload(attribute)
    return option
