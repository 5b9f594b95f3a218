"""What optimisation removed, drawn as thin ghosts into the optimised flow; what it added is marked."""

from __future__ import annotations

from dataclasses import replace

from subsecond.report.page.draft import DraftBox
from subsecond.report.page.flow import Flow
from subsecond.report.page.wording import short

MOST_GHOSTS = 12
_ADDED = ("cache", "external", "table")
"""Kinds whose names stay from one version to the next; a function may only have moved."""


def haunt(after: Flow, before: Flow) -> dict[str, str]:
    """Put into the draft of `after` what only `before` has: tables and services, sessions, what a finding is about.

    Functions are the same if they are called the same, wherever they stand; one that is folded into its caller still
    runs. -> id of a box before -> id of the same thing after, or of its ghost.
    """
    twins = _twins(after, before)
    asked, running = after.asked, {short(name) for _, name in after.calls.functions}
    gone = [
        box
        for box in before.draft.boxes.values()
        if box.id not in twins
        and _matters(box)
        and not (box.kind == "table" and asked.intersection(_tables(box)))
        and not (box.kind == "component" and box.title in running)
    ]
    gone.sort(key=lambda box: (_order(box), -(box.seconds or 0.0)))
    ghosts = gone[:MOST_GHOSTS]
    for name, frame in before.draft.frames.items():
        if any(box.frame == name for box in ghosts):
            after.draft.frames.setdefault(name, frame)
    for box in after.draft.boxes.values():
        known = box.kind == "table" and before.asked.intersection(_tables(box))
        if box.kind in _ADDED and box.id not in twins.values() and not known:
            box.change = "added"
    for box in ghosts:
        twins[box.id] = f"gone-{box.id}"
        after.draft.boxes[twins[box.id]] = replace(
            box, id=twins[box.id], change="removed", note=_note(box, after), statements=dict(box.statements)
        )
    _link(after, before, twins, {f"gone-{box.id}" for box in ghosts})
    return twins


def _twins(after: Flow, before: Flow) -> dict[str, str]:
    """id of a box before -> id of the same thing after."""
    found: dict[str, str] = {}
    left = dict(after.draft.boxes)
    for box in before.draft.boxes.values():
        twin = next((one for one in left.values() if _same(box, one)), None)
        if twin is not None:
            found[box.id] = twin.id
            del left[twin.id]
    handlers = [flow.handler for flow in (before, after)]
    if handlers[0] and handlers[1] and handlers[0] not in found and handlers[1] not in found.values():
        found[handlers[0]] = handlers[1]
    return found


def _same(one: DraftBox, other: DraftBox) -> bool:
    if one.kind != other.kind or one.optional or other.optional:
        return False
    return one.title == other.title if one.kind in ("component", "session") else one.id == other.id


def _tables(box: DraftBox) -> tuple[str, ...]:
    """What a box of tables stands for."""
    return tuple(box.folded) or (box.title,)


def _matters(box: DraftBox) -> bool:
    return not box.optional and (box.kind != "component" or bool(box.findings))


def _order(box: DraftBox) -> int:
    return ("table", "cache", "external", "session").index(box.kind) if box.kind != "component" else 9


def _note(box: DraftBox, after: Flow) -> str:
    if box.kind == "table":
        return after.untouched
    return "no call" if box.kind in ("cache", "external") else ""


def _link(after: Flow, before: Flow, twins: dict[str, str], ghosts: set[str]) -> None:
    """Arrows of ghosts, as far as both ends are drawn; a ghost that nobody would call hangs on the handler."""
    for arrow in before.draft.arrows.values():
        source, target = twins.get(arrow.source), twins.get(arrow.target)
        if target in ghosts and source is None and after.handler and target is not None:
            source = after.handler
        if source is None or target is None or source == target or not {source, target} & ghosts:
            continue
        if (source, target) in after.draft.arrows:
            continue
        made = after.draft.arrow(source, target)
        made.labels, made.count, made.seconds = dict(arrow.labels), arrow.count, arrow.seconds
        made.statements, made.change, made.leaf = dict(arrow.statements), "removed", arrow.leaf
