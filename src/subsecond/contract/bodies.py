"""A response's body as a tree that can be compared field by field: JSON and HTML; all else is bytes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
DEEPEST = 400
"""What lies deeper is compared as bytes: walking it would run into the interpreter's own limit."""


@dataclass(frozen=True, slots=True)
class Body:
    """`form` is `json`, `html` or `bytes`; `tree` the parsed body (of bytes: the bytes).

    JSON as Python reads it; of a page `{"tag", "attributes": {…}, "children": […]}` with texts among the children.
    """

    form: str
    tree: Any


def _depth(tree: Any) -> int:
    """How many containers lie in each other."""
    deepest, level = 0, [tree]
    while level:
        level = [
            inner
            for node in level
            if isinstance(node, (dict, list))
            for inner in (node.values() if isinstance(node, dict) else node)
        ]
        deepest += 1
    return deepest


class DoubledKeyError(ValueError):
    """An object that has a key twice: what a reader takes from it is left to chance."""


def read(content_type: str | None, body: bytes) -> Body:
    """The body by its content type; what does not parse as what it claims to be is bytes."""
    kind = (content_type or "").partition(";")[0].strip().lower()
    if kind == "application/json" or kind.endswith("+json"):
        try:
            tree = json.loads(body, object_pairs_hook=_object)
            return Body("json", tree) if _depth(tree) <= DEEPEST else Body("bytes", body)
        except (ValueError, RecursionError):
            return Body("bytes", body)
    if kind in ("text/html", "application/xhtml+xml"):
        return Body("html", _page(body.decode(errors="replace")))
    return Body("bytes", body)


def kind_of(node: object) -> str:
    """The JSON type's name; `integer` and `number` are told apart: `1` is not `1.0` to every reader."""
    if node is None:
        return "null"
    names = {bool: "boolean", int: "integer", float: "number", str: "text", list: "list", dict: "object"}
    return names.get(type(node), "bytes")


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise DoubledKeyError
    return found


class _Reader(HTMLParser):
    """Builds the tree; a wrong end tag closes what it can."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root: dict[str, Any] = {"tag": "", "attributes": {}, "children": []}
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = {"tag": tag, "attributes": dict(attrs), "children": []}
        self.open[-1]["children"].append(node)
        if tag not in VOID and len(self.open) < DEEPEST:
            self.open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1]["children"].append({"tag": tag, "attributes": dict(attrs), "children": []})

    def handle_endtag(self, tag: str) -> None:
        for depth in range(len(self.open) - 1, 0, -1):
            if self.open[depth]["tag"] == tag:
                del self.open[depth:]
                return

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        if text:
            self.open[-1]["children"].append(text)


def _page(text: str) -> dict[str, Any]:
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader.root
