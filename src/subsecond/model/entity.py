"""What stands in the app's live mapper: entities, columns, relations."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityColumn:
    """`key` is the attribute of the class, `name` the column. `references`: `table.column` of its foreign keys."""

    key: str
    name: str
    table: str | None
    type: str
    nullable: bool
    unique: bool
    primary_key: bool
    indexed: bool
    """First column of an index that the model declares; the database may have others."""
    references: tuple[str, ...] = ()
    deferred: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """`keys`: pairs of `table.column`, local and remote. `lazy` as the model says it."""

    key: str
    target: str
    uselist: bool
    lazy: str
    direction: str
    keys: tuple[tuple[str, str], ...] = ()
    secondary: str | None = None
    viewonly: bool = False
    ordered: bool = False
    innerjoin: bool = False
    """Whether a join for it would leave parents out that have none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A mapped class. `name` is `module:Class`."""

    name: str
    table: str | None
    parent: str | None = None
    """Name of the class that it inherits its mapping from."""
    columns: tuple[EntityColumn, ...] = field(default=())
    relations: tuple[Relation, ...] = field(default=())

    @property
    def short(self) -> str:
        """The class's name alone, as in `Model.relation`."""
        return self.name.rpartition(":")[2].rpartition(".")[2]
