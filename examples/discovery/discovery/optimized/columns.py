"""Conditions that several statements share, and the values of their parameters.

All statements of this package are built once, when their module is loaded, with named parameters in place of values:
to put one together takes SQLAlchemy as long as it takes PostgreSQL to answer it.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ARRAY, ColumnElement, DateTime, Integer, any_, bindparam
from sqlalchemy.orm import InstrumentedAttribute

MIDNIGHT = bindparam("midnight", type_=DateTime)
NEXT_MIDNIGHT = bindparam("next_midnight", type_=DateTime)


def one_of(column: InstrumentedAttribute[int], name: str) -> ColumnElement[bool]:
    """The column's value is in the list of ids that is passed as the parameter `name`.

    The ids travel as one array: the statement's text, and what was prepared for it, is the same for any number.
    """
    return column == any_(bindparam(name, type_=ARRAY(Integer)))


def starts_on_day(column: InstrumentedAttribute[dt.datetime]) -> ColumnElement[bool]:
    """The time falls on the day given by `limits_of`; a range, which an index on the column can serve."""
    return (column >= MIDNIGHT) & (column < NEXT_MIDNIGHT)


def limits_of(day: dt.date) -> dict[str, dt.datetime]:
    """The parameters `midnight` and `next_midnight`."""
    midnight = dt.datetime.combine(day, dt.time())
    return {"midnight": midnight, "next_midnight": midnight + dt.timedelta(days=1)}
