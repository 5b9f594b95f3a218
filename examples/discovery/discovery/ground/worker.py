"""Is the worker at work? It has no port: its heartbeat in the queues of both databases tells."""

from __future__ import annotations

import psycopg

from discovery.settings import NotRunningError, read_state

FRESH = 10  # seconds; the worker's heart beats every 2, and others take it for dead after 10
BEATING = """
SELECT count(*) FROM procrastinate.procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => %s)
"""


def beats() -> bool:
    """Whether a worker works on every queue of the platform."""
    try:
        return all(_beats(url) for url in read_state()["databases"].values())
    except (psycopg.Error, NotRunningError):
        return False


def _beats(url: str) -> bool:
    with psycopg.connect(url, autocommit=True, connect_timeout=2) as connection:
        found = connection.execute(BEATING, [FRESH]).fetchone()
        return bool(found and found[0])
