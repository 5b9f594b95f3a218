"""The job that tells the CRM, and how it is put into the queue."""

from __future__ import annotations

import uuid
from typing import Any

from procrastinate import App, BaseRetryStrategy, PsycopgConnector, RetryDecision
from procrastinate.connector import BaseConnector
from procrastinate.jobs import Job
from sqlalchemy import Connection, Row

from discovery.crm_sync import client

QUEUE = "crm"
SEND = "crm:send"
LONGEST_WAIT = 60  # seconds between two tries


class BackOff(BaseRetryStrategy):
    """Tries again after 1, 2, 4 … seconds, then every minute, for ever: an event is never given up."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision:
        """When a job that has failed runs again."""
        return RetryDecision(retry_in={"seconds": min(2 ** min(job.attempts, 10), LONGEST_WAIT)})


def make_app(connector: BaseConnector) -> App:
    """Procrastinate over one database, knowing our job."""
    app = App(connector=connector)
    app.task(client.send, name=SEND, queue=QUEUE, retry=BackOff())
    return app


# Never opened: a job goes over the connection of the transaction that it belongs to.
DEFERRING = make_app(PsycopgConnector())


def defer(connection: Connection, kind: str, booking: Row[Any]) -> None:
    """Puts the event into the queue, in the caller's transaction: committed together or not at all.

    kind: `booking.created` or `booking.cancelled`. Events of one booking are told in order; the event's id stays the
    same however often it is sent. Nothing of it is personal but the user's number.
    """
    event = {
        "id": str(uuid.uuid4()),
        "kind": kind,
        "booking": {
            "id": booking.id,
            "status": booking.status,
            "item_id": booking.item_id,
            "location_id": booking.location_id,
            "user_id": booking.user_id,
            "starts_at": booking.starts_at.isoformat(timespec="minutes"),
            "ends_at": booking.ends_at.isoformat(timespec="minutes"),
            "attendees": booking.attendees,
            "total": str(booking.total),
            "currency": booking.currency,
        },
    }
    job = DEFERRING.configure_task(
        SEND, lock=f"booking-{booking.id}", connection=connection.connection.driver_connection
    )
    job.defer(event=event)
