"""Public holidays."""

import datetime as dt

from sqlalchemy.orm import Session as OrmSession

from discovery.models import City, Holiday


def holiday_of_city(session: OrmSession, city: City, day: dt.date) -> Holiday | None:
    """The holiday of the city's country on that day."""
    return (
        session.query(Holiday).filter(Holiday.country == city.country, Holiday.day == day).order_by(Holiday.id).first()
    )
