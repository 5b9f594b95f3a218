"""Of `child.py`: what SQLite tells of a file, opened for reading only."""

from __future__ import annotations

import pathlib
import sqlite3
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    JSON = dict[str, Any]


class Sqlite:
    """One file, opened for reading only."""

    def __init__(self, where: JSON) -> None:

        uri = pathlib.Path(where["path"]).resolve().as_uri() + "?mode=ro"
        self.connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=2)
        self.version = sqlite3.sqlite_version_info

    def limited(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        self.connection.set_progress_handler(lambda: int(time.monotonic() > deadline), 10_000)

    def ask(self, sql: str, values: Any = ()) -> Any:
        return self.connection.execute(sql, values).fetchall()

    def schema(self) -> JSON:
        self.limited(60)
        tables = []
        for name, definition in self.ask("SELECT name, sql FROM sqlite_master WHERE type = 'table'"):
            if name.startswith("sqlite_") or (definition or "").upper().startswith("CREATE VIRTUAL"):
                continue
            columns = {
                row[1]: {"name": row[1], "type": row[2].lower(), "nullable": not row[3]}
                for row in self.ask(f"PRAGMA table_info({quoted(name)})")
            }
            indexes = [self.index(*row) for row in self.ask(f"PRAGMA index_list({quoted(name)})")]
            if key := self.row_key(name):
                indexes.append(key)
            rows = self.ask(f"SELECT count(*) FROM {quoted(name)}")[0][0]
            tables.append({"name": name, "rows": float(rows), "columns": columns, "indexes": indexes})
        return {"system": "sqlite", "version": list(self.version), "tables": tables, "hypothetical": False}

    def row_key(self, table: str) -> JSON | None:
        """`INTEGER PRIMARY KEY` is the table's own key, no index stands in the list for it."""
        keys = [row for row in self.ask(f"PRAGMA table_info({quoted(table)})") if row[5]]
        if len(keys) != 1 or keys[0][2].upper() != "INTEGER":
            return None
        key = {"column": keys[0][1], "expression": None, "descending": False, "operators": None}
        return {"name": "rowid", "keys": [key], "unique": True, "constraint": True}

    def index(self, _number: int, name: str, unique: int, origin: str, partial: int) -> JSON:
        definition = (self.ask("SELECT sql FROM sqlite_master WHERE name = ?", (name,)) or [(None,)])[0][0] or ""
        parts = [row for row in self.ask(f"PRAGMA index_xinfo({quoted(name)})") if row[5]]
        texts = key_texts(definition)
        where = definition[len(head_of(definition)) :].strip() if partial else ""
        return {
            "name": name,
            "unique": bool(unique),
            "constraint": origin != "c",
            "keys": [
                {
                    "column": row[2],
                    "expression": None if row[2] is not None else texts[at] if at < len(texts) else "?",
                    "descending": bool(row[3]),
                    "operators": None if row[4] == "BINARY" else f"COLLATE {row[4]}",
                }
                for at, row in enumerate(parts)
            ],
            "where": where[5:].strip() if where.upper().startswith("WHERE") else None,
            "definition": definition,
        }

    def explain(self, statement: JSON, values: Any, seconds: float) -> JSON:
        self.limited(seconds)
        rows = self.ask(f"EXPLAIN QUERY PLAN {statement['text']}", () if values is None else values)
        depth: dict[int, int] = {0: -1}
        lines = []
        for number, parent, _, detail in rows:
            depth[number] = depth.get(parent, -1) + 1
            lines.append([depth[number], detail])
        return {"lines": lines}

    def count(self, query: JSON, values: Any, seconds: float) -> JSON:
        self.limited(seconds)
        return {"row": [float(one or 0) for one in self.ask(query["text"], values or ())[0]]}


def head_of(definition: str) -> str:
    """`CREATE INDEX … ON table (keys)` of an index's definition: up to the bracket that closes its keys.

    All of it where there are no keys: an index that SQLite made for a constraint has no definition.
    """
    depth = 0
    for at in range(max(0, definition.find("(")), len(definition)):
        depth += {"(": 1, ")": -1}.get(definition[at], 0)
        if depth == 0:
            return definition[: at + 1]
    return definition


def key_texts(definition: str) -> list[str]:
    """The keys of an index's definition as written."""
    head = head_of(definition)
    body = head[head.find("(") + 1 : -1]
    texts, depth = [""], 0
    for character in body:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            texts.append("")
        else:
            texts[-1] += character
    return [text.strip() for text in texts]


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def connect(where: JSON) -> Sqlite:
    """A connection, to be asked."""
    return Sqlite(where)
