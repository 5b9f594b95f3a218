"""Run by the example's own interpreter: books in a transaction that is then rolled back; prints what was seen, as JSON.

Reads the wish from standard input (see wish.py: the fields of a request's body).
"""

from __future__ import annotations

import json
import sys
from typing import Any

from discovery import settings
from discovery.booking import actions, wish
from discovery.booking.transactions import Transactions
from discovery.database import make_engine
from flask import Flask
from sqlalchemy import Connection, text

ROWS = text(
    "SELECT (SELECT count(*) FROM bookings), (SELECT count(*) FROM item_holds),"
    " (SELECT count(*) FROM procrastinate.procrastinate_jobs),"
    " (SELECT count(*) FROM procrastinate.procrastinate_events)"
)


def main(body: dict[str, Any]) -> dict[str, Any]:
    """Rows of bookings, holds, jobs and their events before, within and after the transaction."""
    engine = make_engine(settings.database_url("optimized"), "discovery-probe")

    def rows(connection: Connection | None = None) -> list[int]:
        if connection is not None:
            return list(connection.execute(ROWS).one())
        with engine.connect() as other:
            return list(other.execute(ROWS).one())

    with Flask("probe").test_request_context(method="POST", json=body):
        wanted = wish.read_wish()
    found: dict[str, Any] = {"before": rows()}
    try:
        with Transactions(engine).begin() as connection:
            actions.make(connection, settings.DEMO_USER_ID, wanted)
            found |= {"within": rows(connection), "seen by others": rows()}
            raise ZeroDivisionError
    except ZeroDivisionError:
        found["after"] = rows()
    return found


if __name__ == "__main__":
    json.dump(main(json.load(sys.stdin)), sys.stdout)
