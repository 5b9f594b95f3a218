"""A fingerprint as a statement for a reader: keywords in capitals, one clause a line."""

from __future__ import annotations

import logging

import sqlglot
from sqlglot.errors import SqlglotError

LONGEST = 2048
"""Characters: longer statements make pages that no browser opens (reference: report, trap 7)."""
_LIST = "subsecond_many_values"
_DIALECTS = {"postgresql": "postgres", "sqlite": "sqlite", "mysql": "mysql", "mariadb": "mysql"}


def pretty(fingerprint: str, system: str) -> tuple[str, str]:
    """(on one line, over several), at most `LONGEST` characters each; as it is where it cannot be parsed."""
    readable = fingerprint.replace("(?+)", f"({_LIST})")
    quiet = logging.getLogger("sqlglot")
    before, quiet.level = quiet.level, logging.CRITICAL
    try:
        tree = sqlglot.parse_one(readable, read=_DIALECTS.get(system))
        flat, laid_out = (tree.sql(dialect=_DIALECTS.get(system), pretty=lines) for lines in (False, True))
    except (SqlglotError, RecursionError, ValueError):
        flat = laid_out = fingerprint
    finally:
        quiet.setLevel(before)
    return _cut(flat), _cut(laid_out)


def _cut(text: str) -> str:
    text = text.replace(_LIST, "?, …")
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
