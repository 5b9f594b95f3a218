"""A query without what changes from run to run: the same statement has the same fingerprint, over runs and data.

Follows what `pg_stat_statements` does to a query's text (https://www.postgresql.org/docs/current/pgstatstatements.html:
constants become placeholders), and goes further where one loop sends several texts: IN-lists of any length,
repeated VALUES rows, and `= NULL` beside `IS NULL` are one.
"""

from __future__ import annotations

import functools
import re

_TOKEN = re.compile(
    r"""
      (?P<comment>--[^\n]*|/\*.*?\*/)
    | (?P<dollar>\$(?P<tag>[A-Za-z_]*)\$.*?\$(?P=tag)\$)
    | (?P<escaped>[Ee]'(?:[^'\\]|''|\\.)*')
    | (?P<string>[NnXxBb]?'(?:[^'\\]|''|\\[^'])*')
    | (?P<ambiguous>'.*)
    | (?P<identifier>"(?:[^"]|"")*"|`[^`]*`)
    | (?P<placeholder>%\(\w+\)[sbt]|%[sbt](?!\w)|\$\d+|\?\d*|(?<![:\w]):[A-Za-z_]\w*)
    | (?P<cast>::\s*\w+(?:\[\])*)
    | (?P<number>(?<!\w)(?:0[xXoObB]\w+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?))
    | (?P<word>[^\W\d][\w$]*)
    | (?P<space>\s+)
    | (?P<operator>[<>!=]=|<>|\|\||->>?|\#>>?|@>|<@|&&|~\*|!~\*?)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
# `'C:\'` ends at the quote in standard SQL, in MySQL it goes on: what follows may be a value, so all of it is one
_LITERAL_GROUPS = frozenset({"dollar", "tag", "escaped", "string", "ambiguous", "number"})
_VALUE_GROUPS = _LITERAL_GROUPS | {"placeholder"}
_VALUE_WORDS = frozenset({"null", "true", "false"})
# after one of these a minus sign belongs to the number behind it
_BEFORE_SIGN = frozenset("( , = < > + - * / in between and limit offset then".split())


@functools.lru_cache(maxsize=4096)
def fingerprint(text: str) -> str:
    """The statement in lower case words, one blank between tokens, values as `?`, lists as `(?+)`."""
    return _fold(" ".join(_tokens(text)))


def token_groups(text: str) -> list[tuple[str, str]]:
    """The statement cut into tokens, each with its sort; put together again they are the text."""
    return [(match.lastgroup or "other", match.group()) for match in _TOKEN.finditer(text)]


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    for match in _TOKEN.finditer(text):
        group, token = match.lastgroup or "other", match.group()
        # a cast of a value is the driver's doing; a cast of a column is part of what is asked
        if group in ("space", "comment") or (group == "cast" and tokens[-1:] == ["?"]):
            continue
        if group in _VALUE_GROUPS:
            if tokens[-1:] == ["-"] and (len(tokens) == 1 or tokens[-2] in _BEFORE_SIGN):
                tokens.pop()
            tokens.append("?")
        elif group == "cast":
            tokens.append("".join(token.split()).lower())
        elif group == "word":
            word = token.lower()
            # `IS NULL` is a test and stays one; `= NULL` and a literal TRUE are values
            is_value = word in _VALUE_WORDS and tokens[-1:] not in (["is"], ["not"])
            tokens.append("?" if is_value else word)
        else:
            tokens.append(token)
    return tokens


# a bracket after one of these opens a list or a subquery, not the arguments of a function
_KEYWORDS = frozenset(
    "all and any as between by case distinct else exists filter from group having in into is join lateral like limit "
    "not offset on or order over partition select set some then union using values when where with".split()
)

_RULES = (
    (re.compile(r"\( \? (?:, \? )*\)(?: , \( \? (?:, \? )*\))*"), "(?+)"),
    (re.compile(r"\bin \( select \? where .*? != .*? \)"), "in (?+)"),  # SQLAlchemy's empty IN
    (re.compile(r"(?<!\w)is null\b"), "= ?"),
    (re.compile(r" \. "), "."),
    (re.compile(r" (?=::)"), ""),
    (re.compile(r"(?<=\() | (?=[),])"), ""),
    (re.compile(rf"(?<![\w.])(?!(?:{'|'.join(sorted(_KEYWORDS))}) \()([\w.]+) \("), r"\1("),
    (re.compile(r";\s*$"), ""),
)


def _fold(text: str) -> str:
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text.strip()


def redacted(text: str) -> str:
    """The statement as written, but for its literals and comments: `?` where a value stood in the text itself."""
    kept = []
    for match in _TOKEN.finditer(text):
        group = match.lastgroup or "other"
        if group == "comment":
            # what stands around it must not become one word
            kept.append("" if match.group().startswith("--") else " ")
            continue
        kept.append("?" if group in _LITERAL_GROUPS else match.group())
    return "".join(kept)


_SELECT_LIST = re.compile(r"\bselect (distinct )?((?:(?!\bselect\b).){30,}?) from\b")


def abridged(fingerprinted: str) -> str:
    """A fingerprint for a reader: long lists of columns left out."""
    return _SELECT_LIST.sub(r"select \1… from", fingerprinted)


WRITING = ("INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "TRUNCATE")
"""Verbs of statements that change rows."""


def operation(text: str) -> str:
    """The statement's verb in capitals (`SELECT`, `INSERT`, …; a CTE is named by what follows it)."""
    words = [token for token in _tokens(text) if token.isalpha()]
    if not words:
        return ""
    if words[0] == "with":
        verbs = [word for word in words if word in ("insert", "update", "delete", "merge")]
        return (verbs or ["select"])[0].upper()
    return words[0].upper()


_TABLE = re.compile(r"\b(?:from|join|into|update)\s+(?:only\s+)?((?:\w+|\"[^\"]+\")(?:\.(?:\w+|\"[^\"]+\"))?)", re.I)


@functools.lru_cache(maxsize=4096)
def tables(text: str) -> tuple[str, ...]:
    """Names of the tables a statement reads or writes, in order of appearance, without quotes."""
    seen: dict[str, None] = {}
    for match in _TABLE.finditer(" ".join(_tokens(text)).replace(" . ", ".")):
        name = match.group(1).replace('"', "")
        if name not in ("select", "lateral", "unnest", "generate_series"):
            seen.setdefault(name)
    return tuple(seen)
