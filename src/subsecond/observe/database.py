"""Facts of the app's database for the statements that were recorded: read on a clone, never on the user's own data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from subsecond import store
from subsecond.errors import SubsecondError
from subsecond.harness import arms, clones
from subsecond.harness.facts.process import DatabaseReader, NoFactsError, reader
from subsecond.harness.session import Ground
from subsecond.model.database import DatabaseFacts, Matching, Plan, RecordedStatement, System, Table
from subsecond.model.facts import NO_FACTS, Facts
from subsecond.sql.advice import advise
from subsecond.sql.conditions import uses
from subsecond.sql.dialect import create_index_sql
from subsecond.sql.probes import counting, distinct, example_of
from subsecond.sql.superfluous import superfluous
from subsecond.store import from_json, to_json

PLAN_SECONDS, COUNT_SECONDS, COST_SECONDS = 30.0, 30.0, 30.0
EACH_SECONDS = 5.0
MAX_REMARKS = 10
MAX_STATEMENTS = 300
"""The dearest come first: of more, the rest is a small share of the time."""


@dataclass(frozen=True, slots=True)
class _Schema:
    system: System
    version: tuple[int, ...]
    tables: tuple[Table, ...]
    hypothetical: bool
    c_collation: bool = False
    settings: dict[str, str] = field(default_factory=dict)


def facts_of(
    base: Ground, seen: Sequence[clones.Connection], statements: Sequence[RecordedStatement], say: Callable[[str], None]
) -> tuple[Facts, str | None]:
    """Facts of the one database that the app was seen to use, and a note for the reader where there are none.

    They are read on a copy that is gone afterwards, or on the database itself where the target calls it disposable.
    To be asked when the app has ended: PostgreSQL copies no database that somebody uses.
    """
    kept = [one for one in seen if not one.in_memory]
    if not kept or not statements:
        return NO_FACTS, None
    if len(kept) > 1:
        return NO_FACTS, f"indexes were not looked at: the app uses {len(kept)} databases"
    try:
        with ExitStack() as stack:
            database = kept[0]
            if base.target.data != "disposable":
                folder = stack.enter_context(TemporaryDirectory(prefix=arms.PREFIX, dir=store.folder(base.target.home)))
                say(f"reading plans and statistics on a scratch copy of {database.shown}")
                database = stack.enter_context(clones.clone(base.target, base.python, database, Path(folder)))
            return Facts(database=database_facts(base.python.executable, database.whole(), statements)), None
    except SubsecondError as problem:
        return NO_FACTS, f"indexes were not looked at: {problem.message}"


def index_remarks(facts: Facts) -> list[str]:
    """One sentence on each index that may go, and on each scan of a table that no index would make better."""
    if facts.database is None:
        return []
    said = [f"index {one.index.name} on {one.table}: {one.why}" for one in superfluous(facts.database)]
    proposals, rejections = advise(facts.database)
    served = {(one.fingerprint, one.table) for one in proposals}
    whys: dict[str, int] = {}
    for one in rejections:
        if (one.fingerprint, one.table) not in served:
            sentence = f"no index proposed on {one.table}: {one.what}: {one.why}"
            whys[sentence] = whys.get(sentence, 0) + 1
    told = [f"{sentence} ({number} statements)" if number > 1 else sentence for sentence, number in whys.items()]
    rest = [f"{len(told) - MAX_REMARKS} more reasons against an index"] if len(told) > MAX_REMARKS else []
    return [*said, *told[:MAX_REMARKS], *rest]


def database_facts(
    python: Path, connection: Mapping[str, Any], statements: Sequence[RecordedStatement]
) -> DatabaseFacts:
    """Schema, statistics, indexes, plans and counts of the database that `connection` leads to.

    `python` is the app's interpreter, `connection` names its driver. Only what plans and counts need is sent: single
    SELECTs that were recorded and read as such. Raises NoFactsError where the database cannot be asked.
    """
    with reader(python, connection) as child:
        facts = _schema(child)
        known = [one for one in statements if uses(one.examples[0][0], facts)][:MAX_STATEMENTS]
        facts = replace(facts, statements=tuple(known))
        facts = replace(facts, plans=_plans(child, facts))
        facts = _distinct(child, facts)
        facts = replace(facts, matching=_matching(child, facts))
        return replace(facts, costs=_costs(child, facts)) if facts.hypothetical else facts


def _schema(child: DatabaseReader) -> DatabaseFacts:
    said = from_json(to_json(child.ask({"do": "schema"}), indent=0), _Schema, "the database's schema")
    return DatabaseFacts(
        system=said.system,
        version=said.version,
        tables={table.name: table for table in said.tables},
        hypothetical=said.hypothetical,
        c_collation=said.c_collation,
        settings=said.settings,
    )


def _plans(child: DatabaseReader, facts: DatabaseFacts) -> dict[str, Plan]:
    asked = [example_of(one).question(one.fingerprint) for one in facts.statements]
    found = child.ask({"do": "explain", "statements": asked, "each": EACH_SECONDS}, PLAN_SECONDS)["plans"]
    return {
        name: Plan(
            fingerprint=name,
            tree=one.get("tree"),
            lines=tuple((depth, text) for depth, text in one.get("lines", [])),
            generic=one.get("generic", False),
            why=one.get("why", ""),
        )
        for name, one in found.items()
    }


def _distinct(child: DatabaseReader, facts: DatabaseFacts) -> DatabaseFacts:
    rows = _counts(child, dict(distinct(facts)))
    tables = dict(facts.tables)
    for (name, column), [number] in rows.items():
        known = dict(tables[name].columns)
        known[column] = replace(known[column], distinct=number)
        tables[name] = replace(tables[name], columns=known)
    return replace(facts, tables=tables)


def _matching(child: DatabaseReader, facts: DatabaseFacts) -> dict[tuple[str, str], Matching]:
    rows = _counts(child, dict(counting(facts)))
    return {key: Matching(rows=row[0], each=tuple(row[1:])) for key, row in rows.items()}


def _counts(
    child: DatabaseReader, asked: Mapping[tuple[str, str], dict[str, Any]]
) -> dict[tuple[str, str], list[float]]:
    """What was counted in time; what was not is left to the statistics."""
    if not asked:
        return {}
    question = {"do": "count", "queries": list(asked.values()), "each": EACH_SECONDS}
    found = child.ask(question, COUNT_SECONDS)["counts"]
    return {key: found[one["id"]]["row"] for key, one in asked.items() if "row" in found.get(one["id"], {})}


def _costs(child: DatabaseReader, facts: DatabaseFacts) -> dict[tuple[str, str], float]:
    """Planner's costs with each index that the rules propose; empty where HypoPG cannot be used after all."""
    wanted: dict[str, list[str]] = {}
    texts: dict[str, str] = {}
    for proposal in advise(facts)[0]:
        for spec in proposal.specs[:1]:
            wanted.setdefault(spec.text, []).append(proposal.fingerprint)
            texts[spec.text] = create_index_sql(spec, facts.system)
    examples = {one.fingerprint: example_of(one) for one in facts.statements}
    known = {name for names in wanted.values() for name in names if examples[name].values is not None}
    if not known:
        return {}
    indexes = [{"id": text, "text": texts[text], "statements": names} for text, names in wanted.items()]
    asked = [examples[name].question(name) for name in sorted(known)]
    try:
        question = {"do": "what-if", "indexes": indexes, "statements": asked, "each": EACH_SECONDS}
        found = child.ask(question, COST_SECONDS)["costs"]
    except NoFactsError:
        return {}
    return {(name, index): cost for index, costs in found.items() for name, cost in costs.items()}
