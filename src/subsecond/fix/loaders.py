"""Which statement in the code brings the objects whose relationship is loaded lazily, by the recorded statements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import libcst as cst

from subsecond.fix.fixer import Code, RefusedError
from subsecond.fix.models import Models
from subsecond.fix.rows import defined
from subsecond.fix.source import Function, Source, below, code, parsed
from subsecond.fix.statements import Query, query_of, roots_of
from subsecond.model.audit import QueryGroup
from subsecond.model.entity import Entity, Relation
from subsecond.sql.fingerprint import operation, tables

_NO_OBJECTS = ("count", "update", "delete", "exists")
_AT_ONCE = ("joined", "selectin", "subquery", "immediate", "False")
MAX_STEPS = 4
"""Relationships on a path: a longer one was never seen, and a cycle of relationships would have no end."""


@dataclass(frozen=True)
class Step:
    """One relationship on the way from the statement's own entity."""

    owner: Entity
    relation: Relation


@dataclass(frozen=True)
class Loader:
    """A statement, or a `session.get` (`query` None), the entity as it writes it, the way from there to the objects."""

    source: Source
    function: Function | cst.Module
    call: cst.BaseExpression
    query: Query | None
    entity: cst.BaseExpression
    path: tuple[Step, ...] = ()
    group: QueryGroup | None = None
    """What was recorded of the statement; None before that is known."""
    sent: int = 1
    """Statements of the request that begin with it: a query that is built once may be fetched in two orders."""

    @property
    def where(self) -> str:
        """`file:line`."""
        return self.source.where(self.call)

    def mentions(self, owner: Entity, key: str) -> bool:
        """Whether its loader options name a relationship already."""
        options = [call for name, call in self.query.calls if name == "options"] if self.query else []
        wanted = f"{owner.short}.{key}"
        texts = [code(one) for call in options for one in below(call, cst.Attribute)]
        return any(text == wanted or text.endswith(f".{wanted}") for text in texts)


@dataclass(frozen=True)
class Frames:
    """The functions of a project by the frames of recorded statements; each file is parsed once."""

    project: Code
    sources: dict[str, Source]

    def of(self, group: QueryGroup) -> Iterator[tuple[Source, Function | cst.Module, int]]:
        """The functions of a statement's chain in the project's own files, innermost first, and the line in each."""
        for step in group.chain or (f"{group.file}:{group.line} {group.function}",):
            file, _, rest = step.rpartition(":")
            line, _, function = rest.partition(" ")
            try:
                source = self.sources.get(file) or parsed(file, self.project.text(file))
                self.sources[file] = source
                yield source, source.function(function, int(line)), int(line)
            except (RefusedError, ValueError):
                continue


@dataclass(frozen=True)
class Search:
    """Looks for loaders among the recorded statements of one request."""

    project: Code
    models: Models
    frames: Frames
    groups: Sequence[QueryGroup]

    def loaders(self, owner: Entity, reading: QueryGroup, depth: int = 0) -> list[Loader]:
        """The statements that bring the objects of `owner` that `reading` loads for, the nearest to it.

        Objects that were themselves loaded lazily, as the relationship of others, come by the path from those.
        """
        if depth >= MAX_STEPS:
            raise RefusedError(f"{owner.short}: the way from a statement is longer than {MAX_STEPS} relationships")
        direct = [
            (group, found)
            for group in self.groups
            if group.lazy_load is None and self._reads(group, owner) and (found := self._within(group, owner))
        ]
        lazy = [(group, step) for step in self._leading_to(owner) for group in self.groups if _loads(group, step)]
        most = max((group.rows or 0 for group, _ in direct), default=-1)
        if lazy and sum(group.rows or 0 for group, _ in lazy) > most:
            group, step = max(lazy, key=lambda pair: pair[0].rows or 0)
            return [_longer(loader, step) for loader in self.loaders(step.owner, group, depth + 1)]
        return self._nearest(direct, reading)

    def _nearest(self, direct: Sequence[tuple[QueryGroup, list[Loader]]], reading: QueryGroup) -> list[Loader]:
        """Those in the chain of the reading frame; else the only one, or the only one with enough rows."""
        found = {id(loader.call): (loader, group) for group, loaders in direct for loader in loaders}
        if len(found) > 1:
            chain = [function for _, function, _ in self.frames.of(reading)]
            near = {key: pair for key, pair in found.items() if pair[0].function in chain}
            enough = {key: pair for key, pair in (near or found).items() if (pair[1].rows or 0) >= reading.count}
            found = enough or near or found
        return [replace(loader, group=group, sent=_sent(loader, group, direct)) for loader, group in found.values()]

    def _reads(self, group: QueryGroup, owner: Entity) -> bool:
        names = {one.table.rpartition(".")[2] for one in self.models.lineage(owner) if one.table}
        read = {name.rpartition(".")[2] for name in tables(group.fingerprint)}
        return operation(group.fingerprint) == "SELECT" and bool(names & read)

    def _leading_to(self, owner: Entity) -> list[Step]:
        names = {one.name for one in self.models.lineage(owner)}
        return [
            Step(entity, relation)
            for entity in self.models.entities
            for relation in entity.relations
            if relation.target in names
        ]

    def _within(self, group: QueryGroup, owner: Entity) -> list[Loader]:
        """Loaders in the innermost function of the chain that has any, or in a function that it calls."""
        for source, function, _ in self.frames.of(group):
            if found := self._in(source, function, owner):
                return found
            called = (defined(self.project, source, call.func) for call in below(function, cst.Call))
            for there, callee in filter(None, called):
                kept = self.frames.sources.setdefault(there.file, there)
                same = kept.function(".".join(there.qualified(callee)), there.lines(callee)[0])
                if found := self._in(kept, same, owner):
                    return found
        return []

    def _in(self, source: Source, function: Function | cst.Module, owner: Entity) -> list[Loader]:
        """Statements of a function that bring the entity itself, else as a relationship that they load at once."""
        everything = [
            Loader(source, function, query.node, query, one)
            for query in roots_of(source, self.models, function)
            if query.fetch.rpartition(".")[2] not in _NO_OBJECTS
            for one in query.entities
        ]
        everything += [
            Loader(source, function, call, None, call.args[0].value)
            for call in below(function, cst.Call)
            if isinstance(call.func, cst.Attribute) and call.func.attr.value == "get" and len(call.args) > 1
            and query_of(source, self.models, call) is None
        ]  # fmt: skip
        brought = [(loader, self.models.named(source, loader.entity)) for loader in everything]
        own = [loader for loader, entity in brought if entity is not None and owner in self.models.lineage(entity)]
        return own or [
            _longer(loader, step)
            for loader, entity in brought
            if entity is not None
            for step in self._leading_to(owner)
            if step.owner in self.models.lineage(entity)
            and (step.relation.lazy in _AT_ONCE or loader.mentions(step.owner, step.relation.key))
        ]


def _sent(loader: Loader, own: QueryGroup, direct: Sequence[tuple[QueryGroup, list[Loader]]]) -> int:
    """How often objects are fetched by a query: once where its function fetches it, counts of its rows left out."""
    first, last = loader.source.lines(loader.function)
    fetched = sum(
        group.count
        for group, loaders in direct
        if any(one.call is loader.call for one in loaders)
        and group.file == loader.source.file
        and first <= group.line <= last
        and not group.fingerprint.startswith("select count(")
    )
    return max(fetched, own.count)


def _loads(group: QueryGroup, step: Step) -> bool:
    return group.lazy_load == f"{step.owner.short}.{step.relation.key}"


def _longer(loader: Loader, step: Step) -> Loader:
    return replace(loader, path=(*loader.path, step))


def loaded_at_once(loader: Loader, step: Step) -> bool:
    """Whether the statement brings the relationship without being told to once more."""
    return step.relation.lazy in _AT_ONCE or loader.mentions(step.owner, step.relation.key)
