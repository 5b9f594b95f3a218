"""A value's `repr`, as the agent recorded it -> the value as JSON with its type, without running anything."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

Typed = dict[str, Any]
"""`{"type": name, "value": JSON}`; the name says how the child in the app's interpreter makes the value."""
_BUILT = {"datetime.datetime", "datetime.date", "datetime.time", "datetime.timedelta", "Decimal", "UUID"}


def typed(text: str) -> Typed | None:
    """The value of a `repr`; None where it was cut off or is of a class of the app's own."""
    try:
        return _typed(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def all_typed(texts: Sequence[str]) -> list[Typed] | None:
    """All values, None where one of them cannot be told."""
    found = [typed(text) for text in texts]
    return None if None in found else [one for one in found if one is not None]


def plain(text: str) -> str | int | float | bool | None:
    """A number, a text, true or false as itself; None for everything else."""
    found = typed(text)
    value = found["value"] if found and found["type"] in ("int", "float", "str", "bool") else None
    return value if isinstance(value, str | int | float | bool) else None


def _typed(node: ast.expr) -> Typed | None:
    if isinstance(node, ast.List | ast.Tuple):
        items = [_typed(one) for one in node.elts]
        return None if None in items else {"type": "list", "value": items}
    if isinstance(node, ast.Call):
        return _built(node)
    value = ast.literal_eval(node)
    if value is None:
        return {"type": "none", "value": None}
    if isinstance(value, bytes):
        return {"type": "bytes", "value": value.hex()}
    name = type(value).__name__
    return {"type": name, "value": value} if name in ("bool", "int", "float", "str") else None


def _built(node: ast.Call) -> Typed | None:
    """`datetime.date(2026, 5, 1)`, `Decimal('1.5')`, `UUID('…')`: the name and its plain arguments."""
    name = ast.unparse(node.func)
    if name not in _BUILT or any(word.arg is None for word in node.keywords):
        return None
    values: list[Any] = []
    for one in node.args:
        values.append(ast.literal_eval(one))
    named: dict[str, Any] = {}
    for word in node.keywords:
        if word.arg == "tzinfo":
            if ast.unparse(word.value) not in ("datetime.timezone.utc", "zoneinfo.ZoneInfo(key='UTC')"):
                return None
            named["tzinfo"] = "UTC"
        else:
            named[str(word.arg)] = ast.literal_eval(word.value)
    return {"type": name, "value": [values, named]}
