"""What booking through the API needs: held times, remembered answers, and a queue of jobs.

`bookings` itself stays as the imports fill it: its history overlaps, so the constraint that no two bookings of an item
may overlap lies on a table of its own, with one row for each booking that was made here and not cancelled.

The queue's tables are procrastinate's, in a schema of their own. requirements.lock says of which version; one that
changes them needs a revision here.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy.dialects import postgresql

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Creates the two tables and the queue's schema."""
    create_item_holds()
    create_idempotency_keys()
    create_queue()


def downgrade() -> None:
    """Drops them with their rows; the extension stays, somebody else may use it."""
    op.execute("DROP SCHEMA procrastinate CASCADE")
    op.drop_table("idempotency_keys")
    op.drop_table("item_holds")


def create_item_holds() -> None:
    """The time that a booking holds an item for; the database refuses a second one that overlaps."""
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.create_table(
        "item_holds",
        sa.Column("booking_id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("during", postgresql.TSRANGE(), nullable=False),
        postgresql.ExcludeConstraint(("item_id", "="), ("during", "&&"), name="item_holds_overlap", using="gist"),
    )


def create_idempotency_keys() -> None:
    """What was answered to a user's request with that key, and a digest of the request."""
    op.create_table(
        "idempotency_keys",
        sa.Column("user_id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False, server_default=sa.func.now()),
    )


def create_queue() -> None:
    """Procrastinate's types, tables, functions and triggers."""
    op.execute("CREATE SCHEMA procrastinate")
    op.execute("SET LOCAL search_path TO procrastinate")
    script = SchemaManager.get_schema()
    if op.get_context().as_sql:  # printed as it is: `execute` doubles each % for the driver
        op.get_context().impl.static_output(script)
    else:
        op.execute(script)
    op.execute("SET LOCAL search_path TO DEFAULT")
