"""A view as Mermaid C4, for a repository: https://mermaid.js.org/syntax/c4.html."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from subsecond.model.report_views import Boundary, Box, BoxKind, View

_KINDS = {"context": "C4Context", "containers": "C4Container", "flow": "C4Component"}
_WORDS: Mapping[BoxKind, str] = {
    "person": "Person",
    "external": "System_Ext",
    "container": "Container",
    "component": "Component",
    "session": "Component",
    "database": "ContainerDb",
    "table": "ComponentDb",
    "cache": "ContainerDb",
}


def mermaid(view: View) -> str:
    """The whole diagram as text; what was removed is left out."""
    return "\n".join(_lines(view)) + "\n"


def _lines(view: View) -> Iterator[str]:
    ids = {box.id: f"b{number}" for number, box in enumerate(view.boxes, 1)}
    yield _KINDS[view.kind]
    yield f"title {_text(view.title)}" + ("" if view.side == "now" else f" ({view.side})")
    yield from _inside(view, None, ids, "")
    for arrow in view.arrows:
        if arrow.change != "removed":
            label = _text(" ".join(part for part in (arrow.label, arrow.caption) if part)) or "uses"
            yield f'Rel({ids[arrow.source]}, {ids[arrow.target]}, "{label}")'


def _inside(view: View, frame: Boundary | None, ids: Mapping[str, str], indent: str) -> Iterator[str]:
    name = frame.id if frame else None
    for number, one in enumerate(view.boundaries):
        if one.parent == name:
            held = list(_inside(view, one, ids, f"{indent}  "))
            if held:  # an empty one is an error to Mermaid
                yield f'{indent}Boundary(f{number}, "{_text(one.title)}", "{_text(one.technology)}") {{'
                yield from held
                yield f"{indent}}}"
    for box in view.boxes:
        if box.boundary == name and box.change != "removed":
            yield f"{indent}{_box(view, box, ids[box.id])}"


def _box(view: View, box: Box, name: str) -> str:
    word = _WORDS[box.kind]
    if view.kind == "context" and box.kind == "container":
        word = "System"
    parts = [_text(box.title)]
    if word not in ("Person", "System", "System_Ext"):
        parts.append(_text(box.detail))
    parts.append(_text(box.description or box.note))
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return f"{word}({name}, " + ", ".join(f'"{part}"' for part in parts) + ")"


def _text(text: str) -> str:
    """Inert within quotes: Mermaid has no escape for them, and `#` begins an entity."""
    clean = re.sub(r"[\x00-\x1f\x7f\x85\u2028\u2029]+", " ", text)
    return "".join({'"': "'", "#": "#35;", "<": "#lt;", ">": "#gt;", ";": ","}.get(char, char) for char in clean)
