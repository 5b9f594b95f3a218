"""Indexes as text, as a set, and the reading of statements and values: no database."""

from __future__ import annotations

import ast
import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subsecond.harness.facts.child import value_of
from subsecond.model.database import Column, DatabaseFacts, System, Table
from subsecond.model.index import IndexKey, IndexSpec
from subsecond.sql import migrations
from subsecond.sql.choice import MeasuredIndex, choose
from subsecond.sql.conditions import uses
from subsecond.sql.dialect import create_index_sql, dialect_of, drop_index_sql
from subsecond.sql.placeholders import numbered
from subsecond.sql.values import typed

SPEC = IndexSpec(
    table="sales.Order",
    keys=(IndexKey(column="user"), IndexKey(expression="lower(email)", operators="text_pattern_ops")),
    include=("price",),
    where="status = 'new'",
)


def test_an_index_is_written_with_the_quotes_it_needs() -> None:
    assert create_index_sql(SPEC, "postgresql", name="ix", concurrently=True) == (
        'CREATE INDEX CONCURRENTLY ix ON sales."Order" ("user", (lower(email)) text_pattern_ops) '
        "INCLUDE (price) WHERE status = 'new'"
    )
    assert drop_index_sql(SPEC, "postgresql", name="ix", concurrently=True) == (
        "DROP INDEX CONCURRENTLY IF EXISTS sales.ix"
    )
    plain = IndexSpec(table="items", keys=(IndexKey(column="city_id"), IndexKey(column="price", descending=True)))
    assert create_index_sql(plain, "sqlite", name="ix") == "CREATE INDEX ix ON items (city_id, price DESC)"


def test_names_are_short_enough_and_tell_indexes_apart() -> None:
    long = IndexSpec(table="t" * 80, keys=(IndexKey(column="ä" * 40),))
    assert len(long.name().encode()) <= 63
    assert long.name("subsecond_trial").startswith("subsecond_trial_")
    assert SPEC.name() != IndexSpec(table=SPEC.table, keys=SPEC.keys).name()


def test_parameters_of_an_experiment_are_the_index_again() -> None:
    assert IndexSpec.of(SPEC.parameters()) == SPEC
    assert IndexSpec.of({"table": "t", "columns": "a, b"}).columns == ("a", "b")
    assert IndexSpec.of({"table": "t", "expression": "lower(a)"}).keys[0].expression == "lower(a)"
    for wrong in ({}, {"table": "t"}, {"table": "t", "columns": [3]}, {"table": "t", "columns": ["a"], "colour": 1}):
        with pytest.raises(ValueError, match=r"index|columns"):
            IndexSpec.of(wrong)


def test_migrations_build_outside_a_transaction() -> None:
    alembic = migrations.alembic(SPEC, "postgresql", revision="0002", down_revision="0001")
    django = migrations.django(SPEC, "postgresql", app="shop", depends_on="0001_initial")
    for text in (alembic, django):
        ast.parse(text)
        assert "CREATE INDEX CONCURRENTLY" in text and "DROP INDEX CONCURRENTLY" in text
    assert "autocommit_block()" in alembic
    assert "atomic = False" in django
    assert migrations.sql(SPEC, "postgresql").rstrip().endswith(";")


def measured(column: str, seconds: dict[str, float], size: int = 1_000_000, writes: float = 0.0) -> MeasuredIndex:
    spec = IndexSpec(table="t", keys=(IndexKey(column=column),))
    return MeasuredIndex(spec=spec, seconds=seconds, bytes=size, write_seconds=writes)


def test_the_smallest_set_is_chosen_and_each_of_the_others_has_its_reason() -> None:
    base = {"list": 1.0, "detail": 0.5, "rare": 0.004}
    whole = measured("both", {"list": 0.02, "detail": 0.02})
    half = measured("half", {"list": 0.02})
    tiny = measured("tiny", {"rare": 0.0})
    dear = measured("dear", {"detail": 0.015}, writes=0.6)
    found = choose(base, [half, whole, tiny, dear])
    assert [one.spec.keys[0].column for one in found.kept] == ["both"]
    assert found.seconds == pytest.approx(0.044)
    whys = {one.spec.keys[0].column: why for one, why in found.rejected}
    assert set(whys) == {"half", "tiny", "dear"}
    assert "beside t (both)" in whys["half"]
    assert whys["tiny"].startswith("gains 0.004 s of 1.5")


def test_a_large_index_gives_way_to_a_small_one_that_does_nearly_as_much() -> None:
    base = {"list": 1.0}
    found = choose(base, [measured("large", {"list": 0.10}, 4_000_000_000), measured("small", {"list": 0.105}, 10_000)])
    assert [one.spec.keys[0].column for one in found.kept] == ["small"]
    assert choose(base, []).kept == ()


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**12), 10**12),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=40),
    st.binary(max_size=20),
    st.dates(),
    st.datetimes(),
    st.datetimes(timezones=st.just(datetime.UTC)),
    st.timedeltas(),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.uuids(),
)


@given(st.one_of(VALUES, st.lists(VALUES, max_size=4)))
def test_a_value_comes_back_from_its_repr(value: Any) -> None:
    told = typed(repr(value))
    assert told is not None
    again = value_of(told)
    assert again == value
    assert type(again) is type(value)


def test_what_is_cut_off_or_foreign_is_not_guessed() -> None:
    for text in ("'cut off", "<Colour.RED: 1>", "__import__('os').system('true')", "Colour(1)", ""):
        assert typed(text) is None


@pytest.mark.parametrize(
    ("text", "expected", "names"),
    [
        ("a = %(x)s AND b = %(y)s OR c = %(x)s", "a = :v0 AND b = :v1 OR c = :v0", ("x", "y")),
        ("a = ? AND b = '?' AND c = ?", "a = :v0 AND b = '?' AND c = :v1", (None, None)),
        ("a = $2 AND b = $1", "a = :v1 AND b = :v0", (None, None)),
        ("a LIKE '%%x' AND b = %(y)s", "a LIKE '%x' AND b = :v0", ("y",)),
        ("a LIKE '%%x'", "a LIKE '%%x'", ()),
    ],
)
def test_places_of_values_are_numbered(text: str, expected: str, names: tuple[str | None, ...]) -> None:
    assert numbered(text) == (expected, names)


def facts(system: System) -> DatabaseFacts:
    names = {"id": "integer", "at": "timestamp with time zone", "name": "text", "state": "character varying(20)"}
    columns = {name: Column(name=name, type=kind) for name, kind in names.items()}
    tables = {name: Table(name=name, rows=10_000, columns=columns) for name in ("bookings", "items")}
    return DatabaseFacts(system=system, version=(18,), tables=tables)


@pytest.mark.parametrize(
    ("condition", "sort", "column", "expression"),
    [
        ("b.name = %(x)s", "equal", "name", None),
        ("%(x)s = b.name", "equal", "name", None),
        ("b.state::text = 'new'", "equal", "state", None),
        ("b.name IS NULL", "equal", "name", None),
        ("b.id IN (%(x)s, %(y)s)", "equal", "id", None),
        ("b.id > %(x)s", "range", "id", None),
        ("lower(b.name) = %(x)s", "equal", None, "LOWER(name)"),
        ("b.id + 1 > %(x)s", "range", None, "id + 1"),
        ("b.name LIKE 'a%%'", "pattern", "name", None),
        ("(b.id = 1 OR b.name = 'x')", "other", None, None),
        ("b.id <> 4", "other", None, None),
        ("b.name || b.state = %(x)s", "other", None, None),
    ],
)
def test_a_condition_is_read_for_what_it_is(
    condition: str, sort: str, column: str | None, expression: str | None
) -> None:
    [use] = uses(f"SELECT b.id FROM bookings b WHERE {condition}", facts("postgresql"))
    [found] = use.conditions
    assert (found.sort, found.column, found.expression) == (sort, column, expression)
    assert (found.why != "") == (sort == "other")


def test_only_a_select_that_can_be_read_is_looked_at() -> None:
    for text in ("UPDATE bookings SET id = 1", "SELECT FROM WHERE", "SELECT 1; DROP TABLE bookings", "BEGIN", ""):
        assert uses(text, facts("postgresql")) == ()


def test_what_depends_on_the_zone_or_the_clock_is_no_key() -> None:
    dialect = dialect_of("postgresql")
    assert dialect.why_no_key("CAST(at AS DATE)", "timestamp with time zone")
    assert dialect.why_no_key("CAST(at AS DATE)", "timestamp without time zone") is None
    assert dialect.why_no_key("TO_CHAR(at, 'YYYY')", "timestamp without time zone")
    assert dialect_of("sqlite").why_no_key("DATE(at)", "datetime") is None
