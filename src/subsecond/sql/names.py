"""Names and keys in SQL text."""

from __future__ import annotations

import re

from subsecond.model.index import IndexKey

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
# reserved in PostgreSQL (appendix C) or SQLite (lang_keywords.html), and likely names of a table or a column
_RESERVED = frozenset(
    "all analyse analyze and any array as asc asymmetric authorization between binary both case cast check collate "
    "collation column commit concurrently constraint create cross current_date current_role current_time "
    "current_timestamp current_user default deferrable delete desc distinct do drop else end escape except exists "
    "false fetch for foreign freeze from full grant group having ilike in index initially inner insert intersect into "
    "is isnull join lateral leading left like limit localtime localtimestamp natural not nothing notnull null offset "
    "on only or order outer overlaps placing primary references returning right select session_user set similar some "
    "symmetric table tablesample then to trailing transaction true union unique update user using values variadic "
    "verbose when where window with".split()
)


def quoted(name: str) -> str:
    """A name as SQL writes it: in quotes only where it needs them; `schema.table` by its parts."""
    return ".".join(_one(part) for part in name.split("."))


def _one(name: str) -> str:
    if _PLAIN.fullmatch(name) and name not in _RESERVED:
        return name
    return '"' + name.replace('"', '""') + '"'


def key_sql(key: IndexKey) -> str:
    """One key of an index: `starts_at DESC`, `(lower(email)) text_pattern_ops`."""
    words = [_one(key.column) if key.column is not None else f"({key.expression})"]
    words += [key.operators] if key.operators else []
    words += ["DESC"] if key.descending else []
    return " ".join(words)
