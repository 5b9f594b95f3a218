"""Conditions that several statements share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import ARRAY, ColumnElement, Integer, any_, literal
from sqlalchemy.orm import InstrumentedAttribute


def one_of(column: InstrumentedAttribute[int], ids: Sequence[int]) -> ColumnElement[bool]:
    """The column's value is among the ids.

    The ids travel as one array, so the statement's text, and what the server prepared for it, is the same for any
    number of them.
    """
    return column == any_(literal(list(ids), ARRAY(Integer)))


def starts_on(column: InstrumentedAttribute[dt.datetime], day: dt.date) -> ColumnElement[bool]:
    """The time falls on the day; a range, which an index on the column can serve."""
    midnight = dt.datetime.combine(day, dt.time())
    return (column >= midnight) & (column < midnight + dt.timedelta(days=1))
