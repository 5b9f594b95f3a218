"""Values from a trial's file, which knows only JSON's types, as a column wants them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def coerced(value: Any, column: Any) -> Any:
    """A literal as the Python type of a column: dates, UUIDs and decimals come as texts."""
    if value is None or isinstance(value, bool):
        return value
    try:
        wanted = column.type.python_type
    except NotImplementedError:
        return value
    if isinstance(value, wanted):
        return value
    if isinstance(value, str) and hasattr(wanted, "fromisoformat"):
        return wanted.fromisoformat(value)
    if hasattr(wanted, "__members__"):  # an enumeration is written by its names
        return wanted[value]
    return wanted(str(value) if wanted.__name__ in ("Decimal", "UUID") else value)
