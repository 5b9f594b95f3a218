"""Who holds which connection of SQLAlchemy's pools: it ties statements and transactions to their check-out.

The key is the pool's own entry (`_ConnectionRecord`), which a connection keeps from one check-out to the next.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .span import Record, Span

held: dict[int, list[tuple[Record, Span]]] = {}
"""id of a pool's entry -> who has it, the last one last (only a StaticPool gives one connection out twice)."""


def hold(entry: Any, record: Record, span: Span, shared: bool) -> None:
    """Remember a check-out. A left-over of one that never came back is forgotten, unless the entry is shared."""
    if shared:
        held.setdefault(id(entry), []).append((record, span))
    else:
        held[id(entry)] = [(record, span)]


def release(entry: Any) -> tuple[Record, Span] | None:
    """Forget the last check-out of an entry -> (request it belongs to, its span)."""
    holders = held.get(id(entry))
    if not holders:
        return None
    last = holders.pop()
    if not holders:
        held.pop(id(entry), None)
    return last


def checkout_of(record: Record, connection: Any) -> Span | None:
    """Span of the check-out, made in this request, that a connection as the pool hands it out stands for."""
    return checkout_by(record, getattr(connection, "_connection_record", None))


def checkout_by(record: Record, entry: Any) -> Span | None:
    """The same by the pool's entry, which may be None."""
    holders = held.get(id(entry))
    if not holders:
        return None
    request, span = holders[-1]
    return span if request is record else None
