"""batch-equality: of `... WHERE column = ?` in a loop, the first one asks for all recorded values with one IN.

The others are answered from its rows, where all else that they carry is the same. They are still built and keyed in
Python: the gain is a lower bound. Counts, sums and the like of the rows are grouped by the column.
"""

from __future__ import annotations

from .. import trial_cursor, trial_orm
from ..trial_orm import OWN, AppError, module
from ..trial_values import coerced
from ..virtual_fix import HASHES, LITERALS, VirtualFix

VALUE = "_subsecond_value"
OF_ROWS = ("count", "sum", "min", "max", "avg")
"""Functions that make one value of many rows; of none, a count makes 0, the others NULL."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Fix(VirtualFix):
    NAME = "batch-equality"
    PARAMETERS = {"statements": HASHES, "keys": LITERALS}

    @classmethod
    def install(cls) -> None:
        trial_cursor.on_send(cls.NAME, sending)
        trial_orm.on_execute(trial_orm.ANSWERS, cls.NAME, answering)

    @classmethod
    def uninstall(cls) -> None:
        trial_cursor.forget(cls.NAME)
        trial_orm.forget(cls.NAME)

    def apply(self) -> None:
        self.wanted = set(self.parameters["statements"])
        self.loaded: dict[Any, tuple[Any, dict[Any, list[Any]]]] = {}
        """Statement, its other values and session -> (identity map, value -> its rows)."""

    def undo(self) -> None:
        self.loaded.clear()


def sending(fix: Fix, call: Any) -> bool:
    if trial_cursor.kind_of(call.statement)[0]:
        trial_cursor.learn_shape(call)
    else:
        fix.loaded.clear()
    return False


def answering(fix: Fix, state: Any) -> Any:
    """The rows of this value. The first time a process sees the statement it is sent, and known by its text then."""
    if not state.is_select or not state.is_orm_statement or state.is_relationship_load or state.is_column_load:
        return None
    session = state.session
    if session.new or session.dirty or session.deleted:
        fix.loaded.clear()
        return None
    if state.parameters:  # another statement's, such as a look-up by key in the same loop
        return None
    cache_key = state.statement._generate_cache_key()
    if cache_key is None or fix.wanted.isdisjoint(trial_cursor.shapes.get(trial_cursor.shape_of(cache_key), ())):
        return None
    found = equality(state.statement, fix.parameters["keys"])
    if isinstance(found, str):
        fix.refuse(found)
        return None
    if found is None:
        return None
    place, column, value, keys = found
    ours = inner_of(state.statement)._where_criteria[place].right.key
    others = repr([bind.effective_value for bind in cache_key.bindparams if bind.key != ours])
    key = cache_key.key, others, id(session.identity_map)
    known = fix.loaded.get(key)
    if known is None:
        known = session.identity_map, load(fix, state, place, column, keys)
        fix.loaded[key] = known
    fix.acted += 1
    nothing = [of_none(state.statement)] if aggregates(state.statement) else []
    return None if fix.shadow else result_of(state, known[1].get(value, nothing))


def equality(statement: Any, recorded: list[Any]) -> tuple[int, Any, Any, list[Any]] | str | None:
    """(place among the conditions, column, value, all values) of the equality whose value was recorded; None where it
    was not; or why there cannot be one."""
    sql = module("sqlalchemy.sql.elements")
    outer, statement = statement, inner_of(statement)
    limited = cuts(statement._limit_clause, None)
    if cuts(statement._offset_clause, 0) or (limited and (aggregates(outer) or cuts(statement._limit_clause, 1))):
        return "the statement has a LIMIT"
    if statement._group_by_clauses or statement._distinct or statement._for_update_arg is not None:
        return "the statement groups, is DISTINCT or locks"
    function = module("sqlalchemy.sql.functions").FunctionElement
    calls = any(isinstance(part, function) for column in statement._raw_columns for part in parts_of(column))
    if calls and not (statement is outer and aggregates(outer)):
        return "the statement calls a function over its rows"
    conditions = statement._where_criteria
    found = [
        (place, one.left, one.right.effective_value)
        for place, one in enumerate(conditions)
        if isinstance(one, sql.BinaryExpression)
        and getattr(one.operator, "__name__", "") == "eq"
        and isinstance(one.right, sql.BindParameter)
        and hasattr(one.left, "type")
    ]
    if not found:
        return "the statement has no equality with a value"
    if limited:
        found = [one for one in found if alone(one[1])]
        if not found:
            return "the statement has a LIMIT"
    fitting = [(*one, keys) for one in found if one[2] in (keys := typed(recorded, one[1]))]
    if len(fitting) > 1:
        return "the value may be that of several equalities"
    return fitting[0] if fitting else None


def aggregates(statement: Any) -> bool:
    """Whether all that a statement asks for is made of its rows: one row comes, whatever it finds."""
    function = module("sqlalchemy.sql.functions").FunctionElement
    columns = statement._raw_columns
    return bool(columns) and all(
        isinstance(inner_part(one), function) and getattr(inner_part(one), "name", "") in OF_ROWS for one in columns
    )


def inner_part(column: Any) -> Any:
    """A column without its label."""
    return getattr(column, "element", column) if type(column).__name__ == "Label" else column


def inner_of(statement: Any) -> Any:
    """Of `SELECT count(*) FROM (SELECT …)`, as `Query.count()` writes it, the SELECT inside; else the statement."""
    froms = statement._from_obj
    element = froms[0] if len(froms) == 1 and not statement._where_criteria and aggregates(statement) else None
    selectable = module("sqlalchemy.sql.selectable")
    while isinstance(element, selectable.AliasedReturnsRows):
        element = element.element
    return element if isinstance(element, selectable.Select) else statement


def of_none(statement: Any) -> tuple[Any, ...]:
    """The row of an aggregate without rows."""
    return tuple(0 if inner_part(one).name == "count" else None for one in statement._raw_columns)


def alone(column: Any) -> bool:
    """Whether a value of it is in one row at most, so that the first is all there is: `.filter_by(id=1).first()`."""
    table = getattr(column, "table", None)
    keys = getattr(table, "primary_key", ())
    only_key = bool(getattr(column, "primary_key", False)) and len(list(keys)) == 1
    return only_key or bool(getattr(column, "unique", False))


def cuts(clause: Any, nothing: int | None) -> bool:
    """Whether a LIMIT or OFFSET leaves rows out: paging helpers write both where none is asked for."""
    return clause is not None and getattr(clause, "effective_value", clause) not in (None, nothing)


def typed(recorded: list[Any], column: Any) -> list[Any]:
    """The recorded values as the column's type has them; none where they are no values of it."""
    try:
        return [coerced(key, column) for key in recorded]
    except (TypeError, ValueError, KeyError, ArithmeticError):
        return []


def parts_of(column: Any) -> Any:
    return module("sqlalchemy.sql.visitors").iterate(column)


def load(fix: Fix, state: Any, place: int, column: Any, keys: list[Any]) -> dict[Any, list[Any]]:
    """Ask for all values -> value -> its rows, without the column that tells them apart."""
    statement = inner_of(state.statement)
    conditions = list(statement._where_criteria)
    conditions[place] = column.in_(keys)
    wanted = statement.add_columns(column.label(VALUE))
    wanted._where_criteria = tuple(conditions)
    wanted._limit_clause = None
    if statement is not state.statement:  # a count of the rows of another statement
        inner = wanted.subquery()
        value = inner.c[VALUE]
        wanted = module("sqlalchemy").select(*state.statement._raw_columns, value).select_from(inner).group_by(value)
    elif aggregates(statement):
        wanted = wanted.group_by(column)
    rows: dict[Any, list[Any]] = {}
    if fix.shadow:
        return rows
    try:
        result = state.session.execute(wanted, execution_options={OWN: True}, bind_arguments=state.bind_arguments)
        if getattr(result, "_unique_filter_state", None) is not None:
            result = result.unique()
        for row in result.all():
            known = rows.setdefault(row[-1], [])
            if not known or not cuts(statement._limit_clause, None):  # a join may bring the one row several times
                known.append(tuple(row)[:-1])
    except BaseException as error:
        raise AppError(error) from None
    return rows


def result_of(state: Any, rows: list[Any]) -> Any:
    results = module("sqlalchemy.engine.result")
    names = [description["name"] for description in state.statement.column_descriptions]
    result = results.IteratorResult(results.SimpleResultMetaData(names), iter(rows))
    if len(names) == 1 and trial_orm.entities(state.statement):  # the older Query asks for it
        result._attributes = result._attributes.union({"is_single_entity": True})
    return result
