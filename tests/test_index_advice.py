"""Index advice on real databases: the planted is wanted, what looks alike is left in peace, what is built is used."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, Select, create_engine, select, text

from subsecond.diagnose.stage import diagnose
from subsecond.model.database import DatabaseFacts, ExistingIndex, Plan, RecordedStatement
from subsecond.model.facts import Facts
from subsecond.model.index import IndexKey, IndexSpec
from subsecond.model.trace import Frame, Span, Trace
from subsecond.observe.database import database_facts
from subsecond.sql.advice import Proposal, Rejection, advise
from subsecond.sql.dialect import create_index_sql, dialect_of, drop_index_sql
from subsecond.sql.keys import serves
from subsecond.sql.superfluous import superfluous
from subsecond.sql.workload import wanted
from subsecond_agent import protocol
from tests import indexed_schema as shop
from tests.postgres import USER, postgres

pytestmark = pytest.mark.xdist_group("index-advice")


@dataclass
class Database:
    """A filled database, with an engine to record on and the connection that facts are read by."""

    engine: Engine
    connection: dict[str, Any]

    def facts(self, *statements: RecordedStatement) -> DatabaseFacts:
        return database_facts(Path(sys.executable), self.connection, statements)

    def run(self, *statements: str) -> None:
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for one in statements:
                connection.execute(text(one.replace(":", "\\:")))

    def advice(self, *statements: Select[Any]) -> tuple[list[Proposal], list[Rejection]]:
        return advise(self.facts(*(shop.recorded(self.engine, one) for one in statements)))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    folder = tmp_path_factory.mktemp("indexed")
    if request.param == "sqlite":
        yield _filled(f"sqlite:///{folder / 'shop.db'}", {"driver": "pysqlite", "path": str(folder / "shop.db")})
        return
    with postgres(folder, "index-advice") as port:
        there = {"driver": "psycopg", "host": "127.0.0.1", "port": port, "dbname": "postgres", "user": USER}
        made = _filled(f"postgresql+psycopg://{USER}@127.0.0.1:{port}/postgres", there)
        yield made
        made.engine.dispose()


def _filled(url: str, connection: dict[str, Any]) -> Database:
    made = Database(create_engine(url), connection)
    shop.fill(made.engine)
    made.run("ANALYZE")
    return made


def test_planted_indexes_are_wanted_and_the_planner_takes_each_of_them(database: Database) -> None:
    sent = {name: shop.recorded(database.engine, statement) for name, (statement, _) in shop.PLANTED.items()}
    proposals, _ = advise(database.facts(*sent.values()))
    for name, (_, expected) in shop.PLANTED.items():
        [proposal] = [one for one in proposals if one.fingerprint == sent[name].fingerprint]
        assert proposal.specs[0].text == expected, name
        assert proposal.read >= shop.ROWS, name
        assert proposal.needed < shop.ROWS / 20, name
        after = _built(database, proposal.specs[0], sent[name])
        accesses = dialect_of(after.system).accesses(after.plans[sent[name].fingerprint])
        assert [one.index for one in accesses if one.table == proposal.table] == ["ix_tried"], name


def _built(database: Database, spec: IndexSpec, sent: RecordedStatement) -> DatabaseFacts:
    """Facts with the index really built; it is gone afterwards."""
    system = database.facts().system
    database.run(create_index_sql(spec, system, name="ix_tried"), "ANALYZE")
    try:
        return database.facts(sent)
    finally:
        database.run(drop_index_sql(spec, system, name="ix_tried"))


def test_wrapped_columns_get_an_index_on_the_expression_and_it_is_taken(database: Database) -> None:
    for name, (statement, expression) in shop.WRAPPED.items():
        sent = shop.recorded(database.engine, statement)
        [proposal] = advise(database.facts(sent))[0]
        assert proposal.wrapped is not None
        assert proposal.wrapped.expression == expression, name
        after = _built(database, proposal.specs[0], sent)
        [access] = dialect_of(after.system).accesses(after.plans[sent.fingerprint])
        assert access.index == "ix_tried", name


def test_a_pattern_with_a_known_beginning_is_served_and_one_without_is_told_to_be_hopeless(database: Database) -> None:
    sent = shop.recorded(database.engine, shop.PREFIX)
    [proposal] = advise(database.facts(sent))[0]
    [key] = proposal.specs[0].keys
    assert key.operators in ("text_pattern_ops", "COLLATE NOCASE")
    after = _built(database, proposal.specs[0], sent)
    assert [one.index for one in dialect_of(after.system).accesses(after.plans[sent.fingerprint])] == ["ix_tried"]
    [hopeless] = database.advice(shop.OPEN_PATTERN)[0]
    assert hopeless.specs == ()
    assert "trigram" in hopeless.why


def test_what_looks_alike_is_left_in_peace_and_each_scan_has_a_reason(database: Database) -> None:
    sent = {name: shop.recorded(database.engine, statement) for name, statement in shop.SILENT.items()}
    proposals, rejections = advise(database.facts(*sent.values()))
    assert proposals == []
    whys = {one.fingerprint: one.why for one in rejections}
    for name in ("small table", "low selectivity", "half of all", "everything", "all of a join"):
        assert whys[sent[name].fingerprint], name
    assert whys[sent["small table"].fingerprint] == "12 rows: reading them all is quick"


def test_the_planner_that_prefers_the_scan_to_an_index_it_has_is_believed(database: Database) -> None:
    sent = shop.recorded(database.engine, select(shop.Booking).where(shop.Booking.common == "no"))
    facts = database.facts(sent)
    as_scan = replace(facts, plans={sent.fingerprint: _scan(facts)})
    proposals, rejections = advise(as_scan)
    assert proposals == []
    assert any("ix_bookings_common has these keys already" in one.why for one in rejections)


def _scan(facts: DatabaseFacts) -> Plan:
    if facts.system == "sqlite":
        return Plan(fingerprint="", lines=((0, "SCAN bookings"),))
    tree = {"Node Type": "Seq Scan", "Relation Name": "bookings", "Alias": "bookings", "Plan Rows": 6000}
    return Plan(fingerprint="", tree=tree)


def test_one_index_serves_all_statements_whose_keys_it_begins_with(database: Database) -> None:
    booking = shop.Booking
    proposals, _ = database.advice(
        select(booking).where(booking.status == "pending").order_by(booking.price).limit(10),
        select(booking).where(booking.email == "Person7@example.org"),
        select(booking).where(booking.email.in_(["Person7@example.org", "Person8@example.org"])),
    )
    assert [(one.spec.text, len(one.proposals)) for one in wanted(proposals)] == [
        ("bookings (status, price)", 1),
        ("bookings (email)", 2),
    ]


def test_redundant_and_broken_indexes_are_named_and_keys_are_not(database: Database) -> None:
    sent = shop.recorded(database.engine, shop.SILENT["index in another order"])
    database.run("CREATE INDEX ix_doubled ON bookings (room)", "CREATE INDEX ix_own ON bookings (note)")
    try:
        found = {one.index.name: one.why for one in superfluous(database.facts(sent))}
    finally:
        database.run("DROP INDEX ix_doubled", "DROP INDEX ix_own")
    assert found["ix_doubled"] == "ix_bookings_room_day begins with the same keys: it can go"
    assert not {"ix_bookings_room_day", "bookings_pkey", "rowid"} & set(found)


def test_a_finding_names_the_statement_s_line_and_carries_its_experiments(database: Database) -> None:
    statements = [shop.recorded(database.engine, one) for one, _ in (shop.PLANTED["equality"], shop.WRAPPED["lower"])]
    facts = database.facts(*statements, shop.recorded(database.engine, shop.SILENT["low selectivity"]))
    spans = tuple(
        Span(
            name=protocol.SPAN_QUERY, parent=None, start=0.0, seconds=0.2,
            stack=(Frame(file="a.py", line=n, function="f"),), attributes={protocol.DB_TEXT: one.text},
        )
        for n, one in enumerate(statements, 1)
    )  # fmt: skip
    trace = Trace(
        request="list", mode="recording", id="1", pid=1, start=0, seconds=0.5, cpu_seconds=0.1, gc_seconds=0.0,
        method="GET", path="/", query="", spans=spans,
    )  # fmt: skip
    found = {one.kind: one for one in diagnose([trace], {"list": 0.5}, Path("/"), Facts(database=facts))}
    assert {"missing-index", "non-sargable-predicate"} == set(found)
    missing = found["missing-index"]
    assert (missing.file, missing.line, missing.share) == ("a.py", 1, pytest.approx(0.4))
    assert IndexSpec.of(missing.experiments[0].parameters).text == "bookings (item_id)"
    assert "now: sequential scan" in missing.evidence
    assert IndexSpec.of(found["non-sargable-predicate"].experiments[0].parameters).keys[0].expression == "LOWER(email)"
    assert diagnose([trace], {"list": 0.5}, Path("/")) == ()


def test_an_index_that_sqlite_made_for_a_constraint_has_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "codes.db"
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE codes (code VARCHAR(3) PRIMARY KEY, name TEXT, UNIQUE (name, code))"))
    engine.dispose()
    table = database_facts(Path(sys.executable), {"driver": "pysqlite", "path": str(path)}, []).tables["codes"]
    keys = {index.name: [key.column for key in index.keys] for index in table.indexes}
    assert keys == {"sqlite_autoindex_codes_1": ["code"], "sqlite_autoindex_codes_2": ["name", "code"]}


def test_a_subquery_that_an_index_leads_to_each_row_s_own_gets_no_other(database: Database) -> None:
    own = select(shop.Addon.name).where(shop.Addon.id == shop.Booking.id, shop.Booking.status == "paid")
    first = own.order_by(shop.Addon.name).limit(1).scalar_subquery()
    page = select(shop.Booking.id, first.label("first")).order_by(shop.Booking.id).limit(5).subquery()
    proposals, _ = database.advice(select(page))
    assert [one.specs for one in proposals if one.table.endswith("addons")] == []


def test_keys_behind_what_is_compared_anyway_are_served_already() -> None:
    there = ExistingIndex(name="ix", keys=(IndexKey(column="sort"), IndexKey(column="object")))
    wanted = IndexSpec(table="tags", keys=(IndexKey(column="object"),))
    assert not serves(there, wanted)
    assert serves(there, wanted, {"sort"})
    assert not serves(there, wanted, {"object"})
