"""Plans as EXPLAIN gives them -> what is kept of them: the costliest node is marked, and no value is in it."""

from __future__ import annotations

from subsecond.model.database import DatabaseFacts, Plan
from subsecond.sql.explained import explained
from subsecond.sql.pretty import LONGEST, pretty

SCAN = {
    "Node Type": "Seq Scan", "Relation Name": "rooms", "Total Cost": 90.0, "Plan Rows": 12,
    "Filter": "((city)::text = 'lisbon'::text) AND (floor > 3)",
}  # fmt: skip
SORT = {"Node Type": "Sort", "Total Cost": 100.0, "Plan Rows": 12, "Sort Key": ["name", "id"], "Plans": [SCAN]}


def facts(**plans: Plan) -> DatabaseFacts:
    return DatabaseFacts(system="postgresql", version=(18,), tables={}, plans=plans)


def test_a_tree_has_shares_of_its_cost_and_no_values() -> None:
    (one,) = explained(facts(x=Plan(fingerprint="x", tree=SORT)))
    sort, scan = one.nodes
    assert (sort.depth, sort.label, sort.detail, sort.share, sort.slow) == (0, "Sort", "Sort Key: name, id", 0.1, False)
    assert (scan.depth, scan.label, scan.share, scan.slow) == (1, "Seq Scan on rooms", 0.9, True)
    assert scan.detail == "Filter: ((city)::text = ?::text) AND (floor > ?)"


def test_sqlite_tells_steps_and_what_is_read_as_a_whole() -> None:
    lines = ((0, "SCAN rooms"), (1, "SEARCH beds USING INDEX by_room (room_id=?)"))
    (one,) = explained(facts(y=Plan(fingerprint="y", lines=lines)))
    assert [(node.depth, node.slow) for node in one.nodes] == [(0, True), (1, False)]
    assert explained(facts(z=Plan(fingerprint="z", why="no"))) == () and explained(None) == ()


def test_statements_are_laid_out_and_cut() -> None:
    flat, laid_out = pretty("select a from t where b in (?+) and c = ?", "postgresql")
    assert flat == "SELECT a FROM t WHERE b IN (?, …) AND c = ?"
    assert laid_out.splitlines()[0] == "SELECT" and "WHERE" in laid_out
    assert pretty("not (( sql", "sqlite") == ("not (( sql", "not (( sql")
    assert len(pretty(f"select {', '.join(f'c{n}' for n in range(900))} from t", "sqlite")[0]) == LONGEST + 1
