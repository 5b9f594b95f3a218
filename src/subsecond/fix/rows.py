"""What stands in a list that a loop runs over: which entity or columns, by the statement or annotation behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

import libcst as cst

from subsecond.fix.fixer import Code, RefusedError
from subsecond.fix.models import Models, column
from subsecond.fix.source import Function, Source, below, code, every, names_in, parsed, targets
from subsecond.fix.statements import Query, query_of, unrolled
from subsecond.model.entity import Entity, EntityColumn

_LISTS = {"list", "List", "Sequence", "typing.List", "typing.Sequence", "tuple"}
ONE_BY_ONE = {"query": ("",), "select": ("scalars", "execute.scalars")}
"""How a statement is fetched whose rows a loop gets one by one. SQLAlchemy has all of them before the first, but for
`yield_per` and options of the execution."""
_LAZY = ("dynamic", "write_only")


@dataclass(frozen=True)
class Rows:
    """The fields of one row: `""` is the row itself, an object; others are those of a row with several parts.

    `partial`: a part may be missing (an outer join).
    """

    fields: Mapping[str, Entity | EntityColumn]
    partial: bool = False

    def column(self, key: cst.BaseExpression, variable: str, where: str) -> EntityColumn:
        """The column that `variable.key` or `variable.Model.key` reads. Raises RefusedError where it is none."""
        words = code(key).split(".")
        if words[0] != variable or not 2 <= len(words) <= 3 or not all(word.isidentifier() for word in words):
            raise RefusedError(f"{where}: the key {code(key)} is not a column of the loop variable {variable}")
        found = self.fields.get(words[1] if len(words) == 3 or "" not in self.fields else "")
        if isinstance(found, EntityColumn) and len(words) == 2:
            return found
        if not isinstance(found, Entity) or (len(words) == 2) != ("" in self.fields):
            raise RefusedError(f"{where}: it is not known what {code(key)} is")
        if len(words) == 3 and self.partial:
            raise RefusedError(f"{where}: {'.'.join(words[:2])} may be missing (an outer join)")
        read = column(found, words[-1], where)
        if read.deferred:
            raise RefusedError(f"{where}: {code(key)} is deferred: reading it for all rows loads it row by row")
        return read


@dataclass(frozen=True)
class Scope:
    """One function of a file, as seen with the mapper."""

    code: Code
    source: Source
    models: Models
    function: Function | cst.Module

    def rows(self, expression: cst.BaseExpression, seen: frozenset[str] = frozenset()) -> Rows:
        """What an expression's list holds. Raises RefusedError where that is not certain or it is no list yet."""
        where = self.source.where(expression)
        if isinstance(expression, cst.Name):
            return self._of_name(expression, seen)
        if isinstance(expression, cst.Subscript) and all(isinstance(one.slice, cst.Slice) for one in expression.slice):
            return self.rows(expression.value, seen)
        if isinstance(expression, cst.ListComp) and _is_choice(expression):
            return self.rows(expression.for_in.iter, seen)
        if isinstance(expression, cst.Attribute):
            return self._of_page(expression) or self._of_relation(expression)
        if isinstance(expression, cst.GeneratorExp):
            raise RefusedError(f"{where}: a generator can be run through once only")
        if isinstance(expression, cst.Call):
            return self._of_call(expression, seen)
        raise RefusedError(f"{where}: it is not known what {code(expression)} holds")

    def looped(self, expression: cst.BaseExpression) -> tuple[Rows, bool]:
        """What a loop over an expression gets, and whether it comes row by row, to be made a list before it is read
        twice. Raises RefusedError like `rows`."""
        query = self.query(expression)
        if query is not None and query.fetch in ONE_BY_ONE[query.style]:
            if (odd := query.called("execution_options")) is not None:
                raise RefusedError(f"{self.source.where(odd)}: {code(odd)[-60:]} may change how rows come")
            return self._of_query(query, self.source.where(expression)), True
        return self.rows(expression), False

    def _of_call(self, call: cst.Call, seen: frozenset[str]) -> Rows:
        where = self.source.where(call)
        if isinstance(call.func, cst.Name) and call.func.value in ("list", "sorted") and call.args:
            value = call.args[0].value
            query = self.query(value)
            return self._of_query(query, where) if query and query.fetch in ("", "scalars") else self.rows(value, seen)
        query = self.query(call)
        if query is not None:
            if query.ends[-1:] and query.ends[-1][0] == "all":
                return self._of_query(query, where)
            raise RefusedError(f"{where}: {code(call)} is no list yet, its rows come one by one")
        if isinstance(call.func, cst.Name):
            annotated = self._returned(call.func)
            if annotated is not None:
                return annotated
        raise RefusedError(f"{where}: it is not known what {code(call)} holds")

    def query(self, expression: cst.BaseExpression) -> Query | None:
        """The statement that an expression is, also where its chain begins in a variable of the function."""
        found = query_of(self.source, self.models, expression)
        if found is not None:
            return found
        base, calls = unrolled(self.source, self.models, expression)
        argument = (
            calls[0][1].args[0].value if calls and calls[0][0] in ("scalars", "execute") and calls[0][1].args else None
        )
        name = argument if argument is not None else base
        if not isinstance(name, cst.Name):
            return None
        begun, more = None, list[tuple[str, cst.Call]]()
        for value in self.values(name.value):
            root = query_of(self.source, self.models, value)
            if root is not None and begun is not None:
                return None
            begun = root or begun
            if root is None:
                start, further = unrolled(self.source, self.models, value)
                if not (isinstance(start, cst.Name) and start.value == name.value):
                    return None
                more += further
        if begun is None or begun.ends:
            return None
        if argument is not None:
            return Query(expression, begun.root, begun.style, base, begun.entities, (*begun.calls, *more), calls)
        cut = next((n for n, (word, _) in enumerate(calls) if word in ("all", "first", "count")), len(calls))
        shaping = (*begun.calls, *more, *calls[:cut])
        return Query(expression, begun.root, begun.style, begun.session, begun.entities, shaping, calls[cut:])

    def values(self, name: str) -> list[cst.BaseExpression]:
        """All that the function assigns to a name. Raises RefusedError where it gets a value in another way."""
        found = []
        for one in every(self.function):
            if isinstance(one, cst.Assign) and any(name in targets(target) for target in one.targets):
                if any(code(target.target) == name for target in one.targets):
                    found.append(one.value)
                else:
                    raise RefusedError(f"{self.source.where(one)}: {name} is one of several values here")
            elif isinstance(one, cst.AnnAssign) and code(one.target) == name and one.value is not None:
                found.append(one.value)
            elif isinstance(one, cst.AugAssign | cst.NamedExpr | cst.AsName) and name in targets(one):
                raise RefusedError(f"{self.source.where(one)}: {name} is changed here")
        return found

    def _of_name(self, name: cst.Name, seen: frozenset[str]) -> Rows:
        where = self.source.where(name)
        values = self.values(name.value)
        if not values:
            annotation = self._annotation(name.value)
            found = self._annotated(self.source, annotation) if annotation else None
            if found is None:
                raise RefusedError(f"{where}: it is not known what {name.value} holds, or whether it is a list")
            return found
        self._unchanged(name.value)
        inner = seen | {name.value}
        own = [value for value in values if not _is_name_again(value, seen | {name.value})]
        if not own:
            raise RefusedError(f"{where}: it is not known what {name.value} holds")
        kinds = [self.rows(value, inner) for value in own]
        if any(kind != kinds[0] for kind in kinds):
            raise RefusedError(f"{where}: {name.value} holds different things at different times")
        return kinds[0]

    def _unchanged(self, name: str) -> None:
        """Raises RefusedError where something else is put into the list, or a loop gives the name a value."""
        for one in below(self.function, cst.For):
            if name in names_in(one.target):
                raise RefusedError(f"{self.source.where(one)}: {name} is changed here")
        for call in below(self.function, cst.Call):
            if code(call.func) in (f"{name}.append", f"{name}.extend", f"{name}.insert"):
                raise RefusedError(f"{self.source.where(call)}: other things are put into {name}")

    def _annotation(self, name: str) -> cst.BaseExpression | None:
        if not isinstance(self.function, Function):
            return None
        params = self.function.params
        for one in (*params.posonly_params, *params.params, *params.kwonly_params):
            if one.name.value == name and one.annotation is not None:
                return one.annotation.annotation
        return None

    def _annotated(self, source: Source, annotation: cst.BaseExpression) -> Rows | None:
        """Of `list[Model]`; a Sequence is a list to whoever goes through it twice."""
        if not isinstance(annotation, cst.Subscript) or code(annotation.value) not in _LISTS:
            return None
        inner = annotation.slice[0].slice
        entity = self.models.named(source, inner.value) if isinstance(inner, cst.Index) else None
        return Rows({"": entity}) if entity is not None else None

    def _returned(self, name: cst.BaseExpression) -> Rows | None:
        found = defined(self.code, self.source, name)
        if found is None or found[1].returns is None:
            return None
        return self._annotated(found[0], found[1].returns.annotation)

    def _of_page(self, attribute: cst.Attribute) -> Rows | None:
        """Of `page.items`, where Flask-SQLAlchemy made the page: `query.paginate(…)`, `db.paginate(select)`."""
        values = self.values(attribute.value.value) if isinstance(attribute.value, cst.Name) else []
        call = values[0] if len(values) == 1 and attribute.attr.value == "items" else None
        if not isinstance(call, cst.Call) or not isinstance(call.func, cst.Attribute):
            return None
        if call.func.attr.value != "paginate":
            return None
        query = self.query(call.func.value)
        if query is None and call.args:
            query = self.query(call.args[0].value)
        if query is None or query.ends or len(query.entities) != 1:
            return None
        entity = self.models.named(self.source, query.entities[0])
        return Rows({"": entity}) if entity is not None else None

    def _of_relation(self, attribute: cst.Attribute) -> Rows:
        where = self.source.where(attribute)
        owner = self.entity(attribute.value)
        relation = self.models.relation(owner, attribute.attr.value) if owner is not None else None
        if owner is None or relation is None or not relation.uselist:
            raise RefusedError(f"{where}: it is not known what {code(attribute)} holds")
        if relation.lazy in _LAZY:
            raise RefusedError(f"{where}: {owner.short}.{relation.key} is lazy={relation.lazy!r}: a query, not a list")
        return Rows({"": self.models.called(relation.target)})

    def entity(self, expression: cst.BaseExpression) -> Entity | None:
        """The entity that one object is of, None where that is not certain."""
        if not isinstance(expression, cst.Name):
            return None
        values = self.values(expression.value)
        if not values:
            annotation = self._annotation(expression.value)
            if annotation is not None:
                return self.models.named(self.source, annotation)
            for loop in below(self.function, cst.For):
                if code(loop.target) == expression.value:
                    found = self.looped(loop.iter)[0].fields.get("")
                    return found if isinstance(found, Entity) else None
            return None
        found_of = {self._of_one(value) for value in values}
        return found_of.pop() if len(found_of) == 1 else None

    def _of_one(self, value: cst.BaseExpression) -> Entity | None:
        if isinstance(value, cst.Call) and isinstance(value.func, cst.Attribute) and value.func.attr.value == "get":
            got = self.models.named(self.source, value.args[0].value) if len(value.args) > 1 else None
            if got is not None:
                return got
        query = self.query(value)
        single = query is not None and query.fetch in (
            "first", "one", "one_or_none", "get", "scalar", "scalars.first", "scalars.one", "scalars.one_or_none",
            "execute.scalar_one", "execute.scalar_one_or_none",
        )  # fmt: skip
        return (
            self.models.named(self.source, query.entities[0]) if query and single and len(query.entities) == 1 else None
        )

    def _of_query(self, query: Query, where: str) -> Rows:
        if (
            odd := query.called("with_entities", "add_columns", "add_entity", "from_statement", "yield_per")
        ) is not None:
            raise RefusedError(f"{self.source.where(odd)}: {code(odd)[-60:]} changes what comes, or how")
        partial = query.called("outerjoin", "outer_join") is not None or any(
            argument.keyword is not None and argument.keyword.value in ("isouter", "full")
            for name, call in query.calls
            if name.startswith("join")
            for argument in call.args
        )
        fields: dict[str, Entity | EntityColumn] = {}
        for one in query.entities:
            entity = self.models.named(self.source, one)
            if entity is not None:
                alone = len(query.entities) == 1 and (query.style == "query" or query.fetch.startswith("scalars"))
                fields["" if alone else entity.short] = entity
                continue
            owner = self.models.named(self.source, one.value) if isinstance(one, cst.Attribute) else None
            if owner is None or not isinstance(one, cst.Attribute):
                raise RefusedError(f"{where}: it is not known what {code(one)} is")
            fields[one.attr.value] = column(owner, one.attr.value, where)
        return Rows(fields, partial)


def _is_name_again(value: cst.BaseExpression, names: frozenset[str]) -> bool:
    """`rows = sorted(rows)`, `rows = rows[:10]`, `rows = [row for row in rows if …]`: as before, and a list."""
    if isinstance(value, cst.Name):
        return value.value in names
    if isinstance(value, cst.Subscript) and all(isinstance(one.slice, cst.Slice) for one in value.slice):
        return _is_name_again(value.value, names)
    if isinstance(value, cst.Call) and code(value.func) in ("sorted", "list") and value.args:
        return _is_name_again(value.args[0].value, names)
    return isinstance(value, cst.ListComp) and _is_choice(value) and _is_name_again(value.for_in.iter, names)


def _is_choice(value: cst.ListComp) -> bool:
    """`[row for row in rows if …]`: some of the rows, as they are."""
    whole = value.for_in
    return code(value.elt) == code(whole.target) and whole.inner_for_in is None and whole.asynchronous is None


def defined(project: Code, source: Source, name: cst.BaseExpression) -> tuple[Source, Function] | None:
    """Where a function of the project that the file calls by this name is defined; None where that is not certain."""
    origin = source.origin(name) if isinstance(name, cst.Name | cst.Attribute) else None
    if origin is None:
        return None
    module, plain = origin
    there = source if not module else module_of(project, source, module)
    if there is None:
        return None
    found = [one for one in there.module.body if isinstance(one, Function) and one.name.value == plain]
    return (there, found[0]) if len(found) == 1 else None


def module_of(project: Code, source: Source, module: str) -> Source | None:
    """The project's file behind a module's name, as a file imports it; None where it is none of the project's."""
    dots = len(module) - len(module.lstrip("."))
    words = [word for word in module.lstrip(".").split(".") if word]
    here = PurePosixPath(source.file)
    starts = [here.parents[dots - 1]] if 0 < dots <= len(here.parents) else [PurePosixPath(), PurePosixPath("src")]
    for start in starts:
        for path in (start.joinpath(*words).with_suffix(".py"), start.joinpath(*words, "__init__.py")):
            if words and (project.root / path).is_file():
                return parsed(str(path), project.text(str(path)))
    return None
