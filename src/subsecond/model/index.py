"""An index as it may be built: what a trial builds, what a plan proposes, what a schema has."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

NAME_BYTES = 63
"""PostgreSQL cuts longer names (NAMEDATALEN - 1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexKey:
    """One key of an index: a column's plain name or an expression as SQL, never both."""

    column: str | None = None
    expression: str | None = None
    descending: bool = False
    operators: str | None = None
    """Operator class, where the default does not serve (`text_pattern_ops` for LIKE 'abc%')."""

    @property
    def text(self) -> str:
        """The key for a reader."""
        words = [self.column if self.column is not None else f"({self.expression})"]
        words += [self.operators] if self.operators else []
        words += ["DESC"] if self.descending else []
        return " ".join(words)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSpec:
    """An index to build. `table` may carry its schema; `where` is SQL over the table's own columns."""

    table: str
    keys: tuple[IndexKey, ...]
    include: tuple[str, ...] = ()
    where: str | None = None
    method: str | None = None
    """Access method; None is the database's default, a B-tree."""

    @property
    def text(self) -> str:
        """`bookings (item_id, starts_at) INCLUDE (price) WHERE …`, for a reader."""
        parts = [f"{self.table} ({', '.join(key.text for key in self.keys)})"]
        parts += [f"USING {self.method}"] if self.method else []
        parts += [f"INCLUDE ({', '.join(self.include)})"] if self.include else []
        parts += [f"WHERE {self.where}"] if self.where else []
        return " ".join(parts)

    @property
    def columns(self) -> tuple[str | None, ...]:
        """Its key columns in order, None where the key is an expression."""
        return tuple(key.column for key in self.keys)

    def name(self, prefix: str = "ix") -> str:
        """A name that tells table and columns, unique by a hash of the whole specification, short enough."""
        words = [prefix, self.table.rpartition(".")[2], *(key.column or "expression" for key in self.keys)]
        digest = hashlib.sha256(self.text.encode()).hexdigest()[:8]
        head = "_".join("".join(c if c.isalnum() else "_" for c in word.lower()) for word in words)
        return head.encode()[: NAME_BYTES - len(digest) - 1].decode(errors="ignore").rstrip("_") + "_" + digest

    def parameters(self) -> dict[str, Any]:
        """The typed parameters of an index experiment: JSON literals only."""
        found: dict[str, Any] = {"table": self.table, "columns": [_key_json(key) for key in self.keys]}
        if self.include:
            found["include"] = list(self.include)
        if self.where:
            found["where"] = self.where
        if self.method:
            found["method"] = self.method
        return found

    @classmethod
    def of(cls, parameters: Mapping[str, Any]) -> IndexSpec:
        """What `parameters()` gave, or a person wrote (`columns` a list of names, or `expression` alone).

        Raises ValueError, one sentence, where it does not describe an index.
        """
        unknown = set(parameters) - {"table", "columns", "expression", "include", "where", "method"}
        if unknown:
            raise ValueError(f"an index has no {', '.join(sorted(unknown))}")
        table = parameters.get("table")
        if not isinstance(table, str) or not table:
            raise ValueError("an index needs `table`, a name")
        keys = [_key_of(one) for one in _list(parameters, "columns")]
        expression = parameters.get("expression")
        if expression is not None:
            keys.append(_key_of({"expression": expression}))
        if not keys:
            raise ValueError("an index needs `columns` or `expression`")
        include = _list(parameters, "include")
        where, method = parameters.get("where"), parameters.get("method")
        if not all(isinstance(one, str) for one in [*include, *(w for w in (where, method) if w is not None)]):
            raise ValueError("`include` is a list of names, `where` and `method` are texts")
        return cls(table=table, keys=tuple(keys), include=tuple(include), where=where, method=method)


def _list(parameters: Mapping[str, Any], name: str) -> Sequence[Any]:
    found = parameters.get(name) or []
    if isinstance(found, str):
        return [part.strip() for part in found.split(",")]
    if not isinstance(found, list | tuple):
        raise ValueError(f"`{name}` is a list of names")
    return found


def _key_json(key: IndexKey) -> str | dict[str, Any]:
    if key == IndexKey(column=key.column) and key.column is not None:
        return key.column
    known = {"column": key.column, "expression": key.expression, "operators": key.operators}
    found: dict[str, Any] = {name: value for name, value in known.items() if value is not None}
    return {**found, "descending": True} if key.descending else found


def _key_of(one: Any) -> IndexKey:
    if isinstance(one, str):
        return IndexKey(column=one)
    texts = ("column", "expression", "operators")
    if isinstance(one, Mapping) and set(one) <= {*texts, "descending"}:
        given = {name: one.get(name) for name in texts}
        right = all(value is None or isinstance(value, str) for value in given.values())
        if right and (given["column"] is None) != (given["expression"] is None):
            return IndexKey(**given, descending=bool(one.get("descending", False)))
    raise ValueError("each of `columns` is a name, or {column or expression, operators, descending}")
