"""perturb: the values of a statement's rows are changed: does the response depend on them?

Numbers become one more, texts get a `~`; keys, enumerations, dates and what has a form of its own stay, so that the app
finds its way. It changes values that the app may keep: the tool runs it in a process of its own, and ends that.
"""

from __future__ import annotations

from .. import trial_cursor
from ..trial_sites import asked_for, rows_of
from ..virtual_fix import HASHES, PLACES, VirtualFix, or_null

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LEFT_ALONE = ("date", "datetime", "time", "timedelta", "UUID", "dict", "list")
"""Python types of columns whose text form an added character would break."""


class Fix(VirtualFix):
    NAME = "perturb"
    PARAMETERS = {"statements": HASHES, "sites": or_null(PLACES)}
    OPTIONAL = {"sites": None}

    @classmethod
    def install(cls) -> None:
        trial_cursor.on_send(cls.NAME, sending)

    @classmethod
    def uninstall(cls) -> None:
        trial_cursor.forget(cls.NAME)


def sending(fix: Fix, call: Any) -> bool:
    if not asked_for(fix, call):
        return False
    rows = rows_of(call)
    if rows is None:
        return True
    description = call.cursor.description
    changeable = [not is_left_alone(call.context, place, str(column[0])) for place, column in enumerate(description)]
    other = [tuple([changed(value) if may else value for value, may in zip(row, changeable)]) for row in rows]
    if rows and other == [tuple(row) for row in rows]:
        fix.refuse("no column of its rows may be changed")
    fix.acted += 1
    call.answer(description, rows if fix.shadow else other)
    return True


def is_left_alone(context: Any, place: int, name: str) -> bool:
    """Keys and what only certain values fit; of a text statement, whose columns are not known, by their names."""
    columns = getattr(context.compiled, "_result_columns", None) or ()
    if place >= len(columns):
        return name == "id" or name.endswith("_id")
    entry = columns[place]
    kind = entry[3]
    if any(getattr(part, "primary_key", False) or getattr(part, "foreign_keys", None) for part in entry[2]):
        return True
    try:
        python_type = kind.python_type.__name__
    except NotImplementedError:
        return False
    return python_type in LEFT_ALONE or bool(getattr(kind, "enums", None))


def changed(value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return value + "~"
    if isinstance(value, bytes):
        return value + b"~"
    if isinstance(value, (int, float)) or type(value).__name__ == "Decimal":
        return value + 1
    return value
