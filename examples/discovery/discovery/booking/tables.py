"""The two tables that only booking uses."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, Integer, Table, Text, func
from sqlalchemy.dialects.postgresql import TSRANGE, ExcludeConstraint

from discovery.models import Base

ITEM_HOLDS = Table(
    "item_holds",
    Base.metadata,
    Column("booking_id", Integer, primary_key=True, autoincrement=False),
    Column("item_id", Integer, nullable=False),
    Column("during", TSRANGE, nullable=False),
    ExcludeConstraint(("item_id", "="), ("during", "&&"), name="item_holds_overlap", using="gist"),
)
"""The time for which a booking made here holds its item; the database refuses two of an item that overlap."""

IDEMPOTENCY_KEYS = Table(
    "idempotency_keys",
    Base.metadata,
    Column("user_id", Integer, primary_key=True, autoincrement=False),
    Column("key", Text, primary_key=True),
    Column("request", Text, nullable=False),
    Column("answer", Text, nullable=True),
    Column("created_at", DateTime, nullable=False, server_default=func.now()),
)
"""What a user's request with a key was and what it was answered; without an answer only while it is being worked on."""
