"""An index as something to commit: SQL, an Alembic migration, a Django migration. Built without stopping writers."""

from __future__ import annotations

from subsecond.model.database import System
from subsecond.model.index import IndexSpec
from subsecond.sql.dialect import create_index_sql, drop_index_sql


def sql(spec: IndexSpec, system: System) -> str:
    """Statements to run by hand, each on its own: CONCURRENTLY is refused inside a transaction."""
    create = create_index_sql(spec, system, concurrently=True)
    if system != "postgresql":
        return f"{create};\n"
    undo = drop_index_sql(spec, system, concurrently=True)
    return f"-- outside a transaction; if it fails, drop the invalid index: {undo};\n{create};\n"


def alembic(spec: IndexSpec, system: System, *, revision: str, down_revision: str | None) -> str:
    """The text of a file for `versions/`: outside Alembic's transaction, as CONCURRENTLY demands."""
    create = create_index_sql(spec, system, concurrently=True)
    drop = drop_index_sql(spec, system, concurrently=True)
    return f'''"""Index {spec.text}"""

from alembic import op

revision = {revision!r}
down_revision = {down_revision!r}
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute({create!r})


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute({drop!r})
'''


def django(spec: IndexSpec, system: System, *, app: str, depends_on: str) -> str:
    """The text of a file for `migrations/`: `atomic = False`, as CONCURRENTLY demands.

    Plain SQL with `RunSQL`: Django's own state does not know the index; add it to the model's `Meta.indexes` under the
    same name to make it known.
    """
    create = create_index_sql(spec, system, concurrently=True)
    drop = drop_index_sql(spec, system, concurrently=True)
    return f'''"""Index {spec.text}"""

from django.db import migrations


class Migration(migrations.Migration):
    atomic = False
    dependencies = [({app!r}, {depends_on!r})]
    operations = [migrations.RunSQL(sql={create!r}, reverse_sql={drop!r})]
'''
