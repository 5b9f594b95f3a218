"""What the live mapper says of the classes that the code names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from subsecond.fix.fixer import RefusedError
from subsecond.fix.source import Source
from subsecond.model.entity import Entity, EntityColumn, Relation

_WHOLE = {"Integer", "BigInteger", "SmallInteger", "INTEGER", "BIGINT", "SMALLINT"}
_EXACT = {"Uuid", "UUID", "Date", "DATE"}
"""Types whose values the database and a dictionary compare alike. Text is none: a collation may fold case; nor are
numbers with a fraction, times with a zone, or an application's own types."""
_ORDERED = _WHOLE | _EXACT | {"DateTime", "DATETIME", "TIMESTAMP", "Time", "Numeric", "NUMERIC", "Float", "Double"}
"""Types that Python sorts as the database does. Text is none: collations differ."""


@dataclass(frozen=True)
class Models:
    """The entities of the app, looked up as the code writes them."""

    entities: Sequence[Entity]

    def named(self, source: Source, expression: cst.BaseExpression) -> Entity | None:
        """The entity that a name (`Book`, `models.Book`) means in a file, None where it is none or not certain."""
        origin = source.origin(expression)
        if origin is None:
            return None
        module, name = origin
        found = [one for one in self.entities if one.short == name]
        if len(found) > 1:
            own = module.lstrip(".") or source.file.removesuffix(".py").replace("/", ".")
            found = [one for one in found if f".{one.name.partition(':')[0]}".endswith(f".{own}")]
        return found[0] if len(found) == 1 else None

    def called(self, name: str) -> Entity:
        """The entity of the mapper's own `module:Class` or of a bare class name. Raises RefusedError."""
        found = [one for one in self.entities if name in (one.name, one.short)]
        if not self.entities:
            raise RefusedError("the mapper was not recorded; run `subsecond audit` again")
        if len(found) != 1:
            raise RefusedError(f"the mapper has {len(found) or 'no'} class{'es' if found else ''} named {name}")
        return found[0]

    def lineage(self, entity: Entity) -> list[Entity]:
        """The entity and those it inherits its mapping from."""
        found = [entity]
        while found[-1].parent is not None:
            found.append(self.called(found[-1].parent))
        return found

    def relation(self, entity: Entity, key: str) -> Relation | None:
        """A relationship by its attribute's name, also an inherited one."""
        return next((one for each in self.lineage(entity) for one in each.relations if one.key == key), None)


def column(entity: Entity, key: str, where: str) -> EntityColumn:
    """A plain column of the entity's own table by its attribute's name. Raises RefusedError where it has none."""
    found = next((one for one in entity.columns if one.key == key), None)
    if found is None:
        raise RefusedError(f"{where}: {entity.short}.{key} is no column in the mapper")
    if found.table != entity.table or entity.parent is not None:
        raise RefusedError(
            f"{where}: {entity.short}.{key} is not a column of one table (inheritance, or an expression)"
        )
    return found


def primary_key(entity: Entity, where: str) -> EntityColumn:
    """Its only key column. Raises RefusedError where it has several."""
    keys = [one for one in entity.columns if one.primary_key]
    if len(keys) != 1:
        raise RefusedError(f"{where}: {entity.short} has {len(keys)} primary key columns, wanted one")
    return keys[0]


def same_type(one: EntityColumn, other: EntityColumn, where: str) -> None:
    """Raises RefusedError where a dictionary would not match what the database's `=` matches."""
    whole = one.type in _WHOLE and other.type in _WHOLE
    if not whole and one.type != other.type:
        raise RefusedError(
            f"{where}: {one.key} is {one.type} and {other.key} is {other.type}: the database converts, "
            "a dictionary does not"
        )
    if not whole and one.type not in _EXACT:
        raise RefusedError(
            f"{where}: keys of type {one.type} may be equal in the database and different in a dictionary "
            "(collation, precision)"
        )


def sortable(one: EntityColumn, where: str) -> None:
    """Raises RefusedError where Python may sort the column otherwise than the database."""
    if one.type not in _ORDERED:
        raise RefusedError(f"{where}: {one.key} is {one.type}, which the database may sort otherwise than Python")
    if one.nullable:
        raise RefusedError(f"{where}: {one.key} may be NULL, which Python cannot sort")
