"""Values of query strings out of everything that is shown: a page is passed on, and they may be anybody's."""

from __future__ import annotations

import dataclasses
import re
from typing import Any, TypeVar, cast

T = TypeVar("T")
_VALUE = re.compile(r"([?&][\w.\[\]%+-]+=)[^&\s\"'<>`,;)]+")


def masked(text: str) -> str:
    """`/rooms?city=lisbon&page=2` -> `/rooms?city=…&page=…`."""
    return _VALUE.sub(r"\1…", text)


def all_masked(value: T) -> T:
    """The same in every text inside a value, but for what our highlighter made."""
    return cast(T, _walked(value))


def _walked(value: Any) -> Any:
    if isinstance(value, str):
        return masked(value) if "=" in value else value
    if isinstance(value, tuple):
        return tuple(_walked(one) for one in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value) if not field.name.endswith("_html")]
        changed = {name: new for name in names if (new := _walked(old := getattr(value, name))) is not old}
        return dataclasses.replace(value, **changed) if changed else value
    return value
