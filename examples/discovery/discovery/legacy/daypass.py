"""Day passes."""

import datetime as dt

from discovery.legacy.db import Session
from discovery.models import Daypass


def daypass_status(user_id: int, location_id: int, day: dt.date) -> dict[str, str] | None:
    """The user's pass for the location on that day, None if there is none."""
    with Session() as session:
        daypass = (
            session.query(Daypass)
            .filter(
                Daypass.user_id == user_id,
                Daypass.location_id == location_id,
                Daypass.day == day,
                Daypass.status != "cancelled",
            )
            .order_by(Daypass.id)
            .first()
        )
        return {"status": daypass.status} if daypass else None
