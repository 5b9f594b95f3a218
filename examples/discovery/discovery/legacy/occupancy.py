"""How many people are where."""

import datetime as dt

from sqlalchemy import text

from discovery.legacy.db import Session

ITEM_SQL = text(
    """
    SELECT coalesce(sum(attendees), 0) AS attendees, count(*) AS bookings
    FROM bookings
    WHERE item_id = :item_id AND status = 'confirmed' AND starts_at::date = :day
    """
)

DAY_SQL = text(
    """
    SELECT item_id, sum(attendees) AS attendees, count(*) AS bookings
    FROM bookings
    WHERE status = 'confirmed' AND starts_at::date = :day
    GROUP BY item_id
    ORDER BY item_id
    """
)


def occupancy_of_item(item_id: int, day: dt.date) -> dict[str, int]:
    """Attendees and number of the confirmed bookings of one item."""
    with Session() as session:
        row = session.execute(ITEM_SQL, {"item_id": item_id, "day": day}).one()
        return {"attendees": row.attendees, "bookings": row.bookings}


def occupancy_of_day(day: dt.date) -> dict[int, dict[str, int]]:
    """The same for every item with a booking that day, by item id (for the daily report)."""
    with Session() as session:
        rows = session.execute(DAY_SQL, {"day": day}).all()
        return {row.item_id: {"attendees": row.attendees, "bookings": row.bookings} for row in rows}
