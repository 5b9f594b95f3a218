"""Fingerprints: stable over values, list lengths and text forms of one loop; different for different statements."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subsecond.sql.fingerprint import fingerprint, operation, redacted, tables

STATEMENT = "SELECT a.id, a.name FROM accounts AS a WHERE a.city = {} AND a.id IN ({}) AND a.code = {} LIMIT 5"
literal = st.one_of(
    st.integers(-(10**9), 10**9).map(str),
    st.floats(allow_nan=False, allow_infinity=False, min_value=0).map(repr),
    st.text(st.characters(exclude_characters="\\\x00")).map(lambda text: "'" + text.replace("'", "''") + "'"),
    st.sampled_from(["%(city_1)s", "%(city_1)s::VARCHAR", "%s", "?", "$1", ":city", "NULL", "TRUE"]),
)


@given(literal, st.lists(literal, min_size=1, max_size=9), literal)
def test_values_and_list_lengths_leave_no_trace(city: str, ids: list[str], code: str) -> None:
    wanted = "select a.id, a.name from accounts as a where a.city = ? and a.id in (?+) and a.code = ? limit ?"
    assert fingerprint(STATEMENT.format(city, ", ".join(ids), code)) == wanted


@given(literal)
def test_redacted_text_holds_no_literal_and_keeps_its_fingerprint(value: str) -> None:
    text = f"SELECT x FROM t WHERE y = {value} -- {value!r:.5}".partition("\n")[0]
    assert fingerprint(redacted(text)) == fingerprint(text)
    if value.startswith("'") and len(value) > 4 and "\n" not in value:
        assert value not in redacted(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("select x from t where id is null", "select x from t where id = 5"),
        ("select x from t where id = NULL", "select x from t where id = 5"),
        ("insert into t (a, b) values (1, 2)", "INSERT INTO t (a, b) VALUES (%s, %s), (%s, %s)"),
        ("select  x\n from t -- why\n where a = /* b */ 1", "SELECT x FROM t WHERE a=2;"),
        ("select count(*) from t", "SELECT COUNT ( * ) FROM t"),
        ("select x from t where a = -1", "select x from t where a = 1"),
    ],
)
def test_forms_of_one_statement_are_one(one: str, other: str) -> None:
    assert fingerprint(one) == fingerprint(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("select x from t where id is not null", "select x from t where id = 5"),
        ('select "X" from t', 'select "x" from t'),
        ("select x from t order by a", "select x from t order by b"),
        ("select a - 1 from t", "select a + 1 from t"),
        ("select t1.x from t1", "select t2.x from t2"),
        ("select x from t where starts_at::date = %(day)s", "select x from t where starts_at = %(day)s"),
        ("select x from t where a != 1", "select x from t where a = 1"),
    ],
)
def test_different_statements_stay_apart(one: str, other: str) -> None:
    assert fingerprint(one) != fingerprint(other)


@pytest.mark.parametrize(
    ("text", "verb", "named"),
    [
        ('SELECT * FROM shop.orders o JOIN "Lines" l ON true', "SELECT", ("shop.orders", "Lines")),
        ("with x as (select 1 from a) update b set c = 1", "UPDATE", ("a", "b")),
        ("WITH q AS (SELECT 1 FROM a) SELECT * FROM q", "SELECT", ("a", "q")),
        ("insert into log values (1)", "INSERT", ("log",)),
        ("DELETE FROM ONLY old", "DELETE", ("old",)),
        ("", "", ()),
    ],
)
def test_verb_and_tables(text: str, verb: str, named: tuple[str, ...]) -> None:
    assert (operation(text), tables(text)) == (verb, named)


@given(st.text(max_size=300))
def test_any_text_at_all_has_a_fingerprint(text: str) -> None:
    assert fingerprint(" \n" + text) == fingerprint(text)


@pytest.mark.parametrize(
    "text",
    [
        r"SELECT x FROM t WHERE path = 'C:\' AND name = 'hush'",
        r"SELECT x FROM t WHERE name = 'it\'s hush'",
        r"SELECT x FROM t WHERE name = E'it\'s hush'",
        r"SELECT x FROM t WHERE a = 'b\\' AND name = 'hush'",
        "SELECT x FROM t WHERE name = 'hush",
        "SELECT x FROM t WHERE name = $a$it's hush$a$",
    ],
)
def test_no_value_shows_whatever_a_backslash_means_there(text: str) -> None:
    assert "hush" not in redacted(text) and "hush" not in fingerprint(text)
    assert redacted(text).startswith("SELECT x FROM t WHERE")
