"""Fixer: a relationship loaded for one parent after the other is loaded with the parents' own statement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar

import libcst as cst

from subsecond.fix.fixer import Code, Draft, RefusedError, fixer
from subsecond.fix.joins import Way, ways
from subsecond.fix.loaders import Frames, Loader, Search, Step
from subsecond.fix.models import Models
from subsecond.fix.source import Edits, Source, below, code, every
from subsecond.model.audit import Audit, QueryGroup
from subsecond.model.entity import Entity, Relation
from subsecond.model.finding import Finding
from subsecond.sql.fingerprint import operation, tables

Change = cst.AssignTarget | cst.AnnAssign | cst.AugAssign | cst.Call
UNREAD = 4
"""Parents for each that is looked at, from which on loading for all of them is not what the request needs."""
MAX_ROWS = 100_000
"""Rows of the relationship that one statement may bring: parents times what one of them has, as recorded."""
_UNFIT = ("union", "union_all", "from_statement", "with_entities", "populate_existing", "enable_eagerloads")
_ENDS = ("expire", "expire_all", "refresh", "commit", "rollback", "expunge", "expunge_all")


@fixer
class EagerLoad:
    """A lazy relationship becomes an option on the parents' statement (catalogue F6, F7).

    `selectinload(Parent.relation)` for what one parent may have many of; `joinedload`, an outer join, for a single one
    where that changes nothing else: as many rows as now, where the parents are sent for twice too, and one statement
    less.

    The statement is found from the recording: who read the parent's table, in which function, or which relationship
    brought the parents (then the option is a path). What must hold: the relationship is in the mapper and no query
    (`lazy="dynamic"`, `"write_only"`); it was loaded more often than statements would load it behind the parents';
    from load to access no key of it is assigned, nothing expires, and no write to its tables was recorded; the rows it
    brings stay within bounds.
    """

    kinds: ClassVar[tuple[str, ...]] = ("lazy-load",)

    def draft(self, finding: Finding, audit: Audit, code: Code) -> Draft:
        models = Models(code.entities)
        model, _, key = finding.fingerprint.rpartition(".")
        owner = models.called(model)
        relation = models.relation(owner, key)
        if relation is None:
            raise RefusedError(f"{finding.fingerprint} is no relationship in the mapper")
        if relation.lazy in ("dynamic", "write_only"):
            raise RefusedError(f"{finding.fingerprint} is lazy={relation.lazy!r}: a query, which no option fills")
        groups = [one for result in audit.requests if result.name == finding.request for one in result.groups]
        unread = {
            (one.fingerprint, one.file, one.line)
            for one in audit.findings
            if one.kind == "unused-query" and finding.request in one.requests
        }
        groups = [one for one in groups if (one.fingerprint, one.file, one.line) not in unread]  # it brings nobody
        reading = [one for one in groups if one.lazy_load == finding.fingerprint]
        where = f"{finding.file}:{finding.line}"
        _no_write(groups, owner, relation, models)
        frames = Frames(code, {})
        loaders = Search(code, models, frames, groups).loaders(owner, max(reading, key=lambda one: one.count))
        if len(loaders) != 1:
            places = ", ".join(one.where for one in loaders)
            raise RefusedError(
                f"{where}: {len(loaders) or 'no'} statements that bring {owner.short} are seen"
                + (f" ({places}), which one is not certain" if places else "")
            )
        [loader] = loaders
        _bounded(groups, reading, loader, where)
        _looked_at(finding, reading, relation, loader, where)
        _kept(frames, reading, loader, owner, relation)
        loader = replace(loader, path=(*loader.path, Step(owner, relation)))
        how = ways(loader, loader.path, models)
        _saving(groups, loader, how, finding)
        return _with_option(loader, how, models, finding)


def _saving(groups: Sequence[QueryGroup], loader: Loader, how: Sequence[Way], finding: Finding) -> None:
    """Raises RefusedError where as many statements are sent behind the parents' own as are saved."""
    asked = [step for step, way in zip(loader.path, how, strict=True) if way != "defaultload"]
    names = {f"{step.owner.short}.{step.relation.key}" for step in asked}
    now = sum(one.count for one in groups if one.lazy_load in names)
    then = loader.sent * sum(way == "selectinload" for way in how)
    where = f"{finding.file}:{finding.line}"
    rows = sum(one.rows or 0 for one in groups if one.lazy_load in names)
    if now > then and loader.sent > 1 and rows and "selectinload" in how:
        raise RefusedError(
            f"{where}: what brings {finding.fingerprint.partition('.')[0]} ({loader.where}) is sent {loader.sent} "
            f"times, and its rows ({rows:,}) would be fetched behind each: no count may rise"
        )
    if now <= then:
        often = "once" if now == 1 else f"{now} times"
        raise RefusedError(
            f"{where}: {finding.fingerprint} is loaded {often}, and as often behind its parents' statement "
            f"({loader.where}): none is saved"
        )


def _looked_at(finding: Finding, reading: Sequence[QueryGroup], relation: Relation, loader: Loader, where: str) -> None:
    """Raises RefusedError where most of the parents are never looked at, and a trial was slower for all of them."""
    refuted = any(one.virtual_fix == "eager-load" and one.verdict == "refuted" for one in finding.trials)
    read, parents = sum(one.count for one in reading), (loader.group.rows or 0) if loader.group else 0
    if refuted and relation.direction != "MANYTOONE" and parents > UNREAD * read:
        raise RefusedError(
            f"{where}: {parents:,} {finding.fingerprint.partition('.')[0]} are fetched ({loader.where}) and {read} of "
            "them looked at; for all of them it was slower in its trial: cut or filter them in the database first, or "
            "load it for those alone"
        )


def _no_write(groups: Sequence[QueryGroup], owner: Entity, relation: Relation, models: Models) -> None:
    wanted = {owner.table, models.called(relation.target).table, relation.secondary} - {None}
    for group in groups:
        written = sorted(str(one) for one in wanted & set(tables(group.fingerprint)))
        if written and operation(group.fingerprint) != "SELECT":
            where = f"{group.file}:{group.line}"
            raise RefusedError(f"{where}: {written[0]} is written in this request: what was loaded before would be old")


def _bounded(groups: Sequence[QueryGroup], reading: Sequence[QueryGroup], loader: Loader, where: str) -> None:
    first, last = loader.source.lines(loader.function)
    parents = max(
        (one.rows or 0 for one in groups
         if one.lazy_load is None and one.file == loader.source.file and first <= one.line <= last),
        default=0,
    )  # fmt: skip
    each = sum(one.rows or 0 for one in reading) / sum(one.count for one in reading)
    if parents * each > MAX_ROWS:
        raise RefusedError(f"{where}: {parents:,} parents with {each:.1f} rows each are more than {MAX_ROWS:,} rows")


def _kept(frames: Frames, reading: Sequence[QueryGroup], loader: Loader, owner: Entity, relation: Relation) -> None:
    """Raises RefusedError where a function between load and access assigns a key, or lets objects expire."""
    names = {pair[0].rpartition(".")[2] for pair in relation.keys}
    keys = {relation.key} | {one.key for one in owner.columns if one.name in names}
    loaded = loader.source.lines(loader.call)[0]
    for group in reading:
        chain = list(frames.of(group))
        functions = [function for _, function, _ in chain]
        # those outside the loader's function ran before the load, or after the access
        inside = functions.index(loader.function) + 1 if loader.function in functions else len(chain)
        for source, function, line in chain[:inside]:
            for node in _changes(function):
                at = source.lines(node)[0]
                after_load = function is not loader.function or at >= loaded
                if after_load and (at <= line or _again(source, node, line)):
                    _harmless(source, node, keys, owner)


def _again(source: Source, node: Change, line: int) -> bool:
    """Whether a loop runs a node before it comes to a line once more."""
    return any(isinstance(one, cst.For | cst.While) and source.holds(one, line) for one in source.above(node))


def _changes(function: cst.CSTNode) -> Iterator[Change]:
    for node in every(function):
        if isinstance(node, cst.AssignTarget | cst.AnnAssign | cst.AugAssign | cst.Call):
            yield node


def _harmless(source: Source, node: Change, keys: set[str], owner: Entity) -> None:
    if not isinstance(node, cst.Call):
        target = node.target
        if isinstance(target, cst.Attribute) and target.attr.value in keys:
            raise RefusedError(
                f"{source.where(node)}: {code(target)} is assigned, a key of {owner.short}'s relationship"
            )
    elif isinstance(node.func, cst.Attribute) and node.func.attr.value in _ENDS:
        raise RefusedError(f"{source.where(node)}: {code(node.func)[-60:]}() lets what was loaded expire")


def _with_option(loader: Loader, how: Sequence[Way], models: Models, finding: Finding) -> Draft:
    source, query, last = loader.source, loader.query, loader.path[-1]
    if loader.mentions(last.owner, last.relation.key):
        raise RefusedError(f"{loader.where}: {finding.fingerprint} stands in the statement's options already")
    unfit = query.called(*_UNFIT) if query is not None else None
    if unfit is not None:
        raise RefusedError(f"{source.where(unfit)}: options do not reach the objects of such a statement")
    for call in below(loader.function, cst.Call):
        if isinstance(call.func, cst.Attribute) and call.func.attr.value == "with_entities":
            raise RefusedError(f"{source.where(call)}: with_entities() and options of the former entity do not agree")
    edits = Edits(source)
    option = _option(edits, loader, how, models)
    existing = query.called("options") if query is not None else None
    if query is None:
        assert isinstance(loader.call, cst.Call)
        if any(argument.keyword is not None for argument in loader.call.args):
            raise RefusedError(f"{loader.where}: get() has options of its own")
        edits.replaced[loader.call] = _argument_more(loader.call, f"options=[{option}]")
    elif existing is not None:
        edits.replaced[existing] = _argument_more(existing, option)
    else:
        edits.replaced[query.root] = _with_call(source, query.root, option)
    return Draft(
        files={source.file: edits.result()},
        summary=f"{finding.fingerprint} is loaded with its parents ({loader.where})",
        promised={finding.request: {"queries": 1}},
    )


def _with_call(source: Source, root: cst.BaseExpression, option: str) -> cst.Call:
    """`root.options(…)`, on a line of its own where the next call of the chain has one."""
    holder = source.parent(root)
    dot = holder.dot if isinstance(holder, cst.Attribute) and "#" not in code(holder.dot) else cst.Dot()
    options = cst.Attribute(value=root, attr=cst.Name("options"), dot=dot)
    return cst.Call(func=options, args=[cst.Arg(cst.parse_expression(option))])


def _argument_more(call: cst.Call, text: str) -> cst.Call:
    """The call with one argument more."""
    [added] = cst.ensure_type(cst.parse_expression(f"f({text})"), cst.Call).args
    *first, last = call.args
    if isinstance(last.comma, cst.Comma):  # written with a comma at the end of each line: so is the new one
        return call.with_changes(args=[*first, last.with_changes(comma=first[-1].comma if first else cst.Comma(
            whitespace_after=cst.SimpleWhitespace(" "))), added.with_changes(comma=last.comma)])  # fmt: skip
    comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    return call.with_changes(args=[*first, last.with_changes(comma=comma), added])


def _option(edits: Edits, loader: Loader, how: Sequence[Way], models: Models) -> str:
    """`selectinload(A.b).joinedload(B.c)`."""
    parts, names = list[str](), [code(loader.entity)]
    for step in loader.path[1:]:
        names.append(_name_of(edits, loader, step.owner, models))
    for name, step, way in zip(names, loader.path, how, strict=True):
        call = way if parts else edits.use("sqlalchemy.orm", way)
        parts.append(f"{call}({name}.{step.relation.key})")
    return ".".join(parts)


def _name_of(edits: Edits, loader: Loader, entity: Entity, models: Models) -> str:
    """How the file calls a class; imported from where the mapper has it, if it does not yet."""
    source, module = edits.source, entity.name.partition(":")[0]
    for local in source.at_top:
        origin = source.names[local][0].lstrip(".")
        if models.named(source, cst.Name(local)) == entity and f".{origin}" in f".{module}":
            return local
    own = models.named(source, loader.entity)
    if isinstance(loader.entity, cst.Attribute) and own is not None and own.name.partition(":")[0] == module:
        return f"{code(loader.entity.value)}.{entity.short}"
    return edits.use(module, entity.short)
