"""The migrations make exactly the tables of the models, imported ones without an index, and can be taken back."""

from __future__ import annotations

import json
import subprocess

import pytest
from contract_platform import ROOT, Platform, discovery, python

pytestmark = pytest.mark.xdist_group("discovery-contract")

PROGRAM = """
import io, json, sys
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect
from discovery.booking import tables
from discovery.models import Base

url, script = sys.argv[1:]
config = Config()
config.set_main_option("script_location", script)
config.attributes["url"] = url
engine = create_engine(url)
found = {}

def look(name):
    with engine.connect() as connection:
        changes = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata)
        found[name] = {
            "changes": [repr(c) for c in changes if c[0] not in ("add_index", "remove_index")],
            "tables": sorted(set(inspect(connection).get_table_names()) - {"alembic_version"}),
            "queue": sorted(inspect(connection).get_table_names("procrastinate")),
            "indexes": {key[1]: len(i) for key, i in inspect(connection).get_multi_indexes().items() if i},
            "foreign_keys": sum(len(k) for k in inspect(connection).get_multi_foreign_keys().values()),
        }

command.downgrade(config, "base"); look("base")
command.upgrade(config, "0002"); look("tables")
command.upgrade(config, "head"); look("head")
command.downgrade(config, "0002"); look("back")
command.downgrade(config, "0001"); look("imported")
with engine.connect() as connection:  # a caller's own connection
    config.attributes.update(url=None, connection=connection)
    command.upgrade(config, "head")
look("again")
config.output_buffer = io.StringIO()
command.upgrade(config, "base:0002", sql=True)
config.attributes.update(url=url, connection=None)
command.downgrade(config, "base")
with engine.connect() as connection:
    connection.exec_driver_sql("DROP TABLE alembic_version")
    connection.commit()
    connection.connection.driver_connection.execute(config.output_buffer.getvalue())
look("printed")
json.dump(found, sys.stdout)
"""


def test_up_and_down(platform: Platform) -> None:
    name = "discovery_copy_migrations"
    copied = discovery(platform.environment, "copy-database", name)
    assert copied.returncode == 0, copied.stderr
    try:
        url = platform.state["databases"]["legacy"].rpartition("/")[0] + f"/{name}"
        done = subprocess.run(
            [python(), "-c", PROGRAM, url, str(ROOT / "migrations")],
            env=platform.environment, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
    finally:
        discovery(platform.environment, "drop-database", name)
    found = json.loads(done.stdout)
    assert found["base"]["tables"] == found["base"]["queue"] == []
    ours = {"idempotency_keys", "item_holds"}
    assert len(found["imported"]["tables"]) == 20
    assert found["imported"]["queue"] == []
    assert found["imported"]["indexes"] == {}
    assert set(found["tables"]["tables"]) == {*found["imported"]["tables"], *ours}
    assert {"procrastinate_jobs", "procrastinate_workers"} <= set(found["tables"]["queue"])
    assert found["tables"]["changes"] == []
    assert set(found["tables"]["indexes"]) <= {"item_holds"}  # the one behind its constraint
    assert found["tables"]["foreign_keys"] == 0
    assert found["head"]["changes"] == []
    assert sum(found["head"]["indexes"].values()) > 10
    assert found["back"] == found["tables"]
    assert found["again"] == found["head"]
    assert found["printed"] == found["tables"]
