"""Where a statement's values go: placeholders of any driver, numbered in the order in which they first appear."""

from __future__ import annotations

import re

from subsecond.sql.fingerprint import token_groups

_NAMED = re.compile(r"%\((\w+)\)[sbt]|:(\w+)")


def numbered(text: str) -> tuple[str, tuple[str | None, ...]]:
    """The statement with `:v0`, `:v1` … for its values, and the name of each (None where it is told by its place).

    A name that appears twice is one value; `$2` is the second. A psycopg statement's `%%` becomes `%`.
    """
    parts: list[str] = []
    names: list[str | None] = []
    percent = any(group == "placeholder" and token.startswith("%") for group, token in token_groups(text))
    for group, token in token_groups(text):
        if group == "placeholder":
            parts.append(f":v{_place(token, names)}")
        else:
            parts.append(token.replace("%%", "%") if percent else token)
    return "".join(parts), tuple(names)


def _place(token: str, names: list[str | None]) -> int:
    if match := _NAMED.fullmatch(token):
        name = match[1] or match[2]
        if name not in names:
            names.append(name)
        return names.index(name)
    if token[0] in "$?" and token[1:].isdecimal():
        number = int(token[1:])
        names += [None] * (number - len(names))
        return number - 1
    names.append(None)
    return len(names) - 1
