"""A request that is sent twice with the same key is answered the same and done once.

Only success is remembered: a refused request rolls back its key with everything else.
"""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert

from discovery.booking.tables import IDEMPOTENCY_KEYS
from discovery.errors import Conflict

COLUMNS = IDEMPOTENCY_KEYS.c
CLAIM = insert(IDEMPOTENCY_KEYS).on_conflict_do_nothing().returning(COLUMNS.key)
MINE = (COLUMNS.user_id == bindparam("whose"), COLUMNS.key == bindparam("which"))
FIRST = select(COLUMNS.request, COLUMNS.answer).where(*MINE)
REMEMBER = update(IDEMPOTENCY_KEYS).where(*MINE)


class KeyReused(Conflict):
    """409: the key stands for another request already."""

    code = "idempotency_key_reused"


def claim(connection: Connection, user_id: int, key: str, request: str) -> str | None:
    """None when the key is new and now ours until the transaction ends; else the first answer.

    While another request with the same key is under way this waits for its end. Raises KeyReused when the key belongs
    to a request with another digest.
    """
    values = {"user_id": user_id, "key": key, "request": request}
    if connection.execute(CLAIM, values).first() is not None:
        return None
    first = connection.execute(FIRST, {"whose": user_id, "which": key}).one()
    if first.request != request:
        raise KeyReused("This Idempotency-Key was used for another request.", "Idempotency-Key")
    return str(first.answer)


def remember(connection: Connection, user_id: int, key: str, answer: str) -> None:
    """Keeps the answer of a request whose key was claimed in the same transaction."""
    connection.execute(REMEMBER, {"whose": user_id, "which": key, "answer": answer})
