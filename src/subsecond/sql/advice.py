"""Which index would serve a recorded statement, or why none would.

The keys: columns compared with `=` first, the most selective one leading, then the one range or the order of the rows.
Rules and their sources (reference: index advice): a scan is left in peace unless it reads 1,000 rows and 30 % of the
table in vain (defaults of the pg_qualstats family); an index must cost less than half of what it replaces (dexter's
rule), by the planner's own formulas or, with HypoPG, by the planner itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from subsecond.model.database import DatabaseFacts, RecordedStatement, Table
from subsecond.model.index import IndexKey, IndexSpec
from subsecond.sql.conditions import Condition, Join, TableUse, uses
from subsecond.sql.dialect import Access, dialect_of
from subsecond.sql.estimates import Estimates
from subsecond.sql.keys import plain_key, serves
from subsecond.sql.values import plain

MIN_FILTERED_ROWS = 1000
MIN_FILTERED_SHARE = 0.30
MAX_COST_SHARE = 0.5
MAX_KEYS = 3
"""Peers stop at two; of seven indexes that people made for the measured workload the widest had three."""
ENOUGH_ROWS = 100
"""Once the keys leave so few rows, a further column makes the index larger and the statement no faster."""
MAX_KEY_SHARE = 0.5
"""A condition that leaves more is not worth a place among the keys."""
MAX_COVERING_COLUMNS = 5
MIN_COVERING_ROWS = 200
RARE = 0.2
"""A constant condition that leaves fewer rows makes the partial index five times smaller than the whole one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """What was not proposed for a statement, and why; for a reader."""

    fingerprint: str
    table: str
    what: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """An index for one table of one statement: `specs` are the ways to build it, the best guess first.

    `read` rows are read now, `needed` will be. `wrapped` is the condition that keeps an ordinary index from serving;
    with it `specs` may be empty, and `why` says why no index can hold the expression. `leading` keys are compared with
    `=`, their order among themselves is free.
    """

    fingerprint: str
    table: str
    specs: tuple[IndexSpec, ...]
    leading: int
    read: float
    needed: float
    now: str
    wrapped: Condition | None = None
    defeated: str | None = None
    """An index on the bare column that the wrapping keeps from being used."""
    why: str = ""
    before: float | None = None
    """Planner's cost without and with the index, where HypoPG told it."""
    after: float | None = None


def advise(database: DatabaseFacts) -> tuple[list[Proposal], list[Rejection]]:
    """For every recorded statement and each of its tables: an index to try, or why not."""
    proposals: list[Proposal] = []
    rejections: list[Rejection] = []
    for statement in database.statements:
        for use in uses(statement.examples[0][0], database):
            table = database.table(use.table)
            if table is None:
                continue
            found = _Adviser(database, statement, use, table).opinion()
            for one in found:
                if isinstance(one, Proposal):
                    proposals.append(one)
                else:
                    rejections.append(one)
    return proposals, rejections


@dataclass(frozen=True, slots=True)
class _Served:
    """A condition or join and the key that would serve it."""

    key: IndexKey
    share: float
    by: Condition | Join
    many: bool


class _Adviser:
    def __init__(self, database: DatabaseFacts, statement: RecordedStatement, use: TableUse, table: Table) -> None:
        self.database = database
        self.statement = statement
        self.use = use
        self.table = table
        self.dialect = dialect_of(database.system)
        self.estimates = Estimates(database, statement, use, table)
        self.refused: list[tuple[Condition, str]] = []

    def rejected(self, what: str, why: str) -> Rejection:
        return Rejection(fingerprint=self.statement.fingerprint, table=self.use.table, what=what, why=why)

    def opinion(self) -> Iterator[Proposal | Rejection]:
        access = self.access()
        if access is None:
            plan = self.database.plans.get(self.statement.fingerprint)
            yield self.rejected("any index", (plan.why if plan else "") or "its plan does not read this table")
            return
        read = self.rows_read(access)
        if read < MIN_FILTERED_ROWS:
            if access.sequential:
                yield self.rejected("any index", f"{read:,.0f} rows: reading them all is quick")
            return
        equal, ranges = self.served()
        chosen = self.leading(equal)
        tail, needed = self.tail(chosen, ranges)
        keys = tuple(one.key for one in chosen) + tail
        wrapped = self.wrapped(chosen, tail)
        yield from (self.rejected(one.sql, one.why) for one in self.use.of("other"))
        if not keys or wrapped in [condition for condition, _ in self.refused]:
            yield from self.without_keys(access, read, wrapped)
            return
        spec = IndexSpec(table=self.use.table, keys=keys)
        if why := self.why_not(spec, read, needed, access):
            yield self.rejected(spec.text, why)
            return
        before, after = self.costs(spec)
        yield Proposal(
            fingerprint=self.statement.fingerprint,
            table=self.use.table,
            specs=self.variants(spec, chosen, needed),
            leading=len(chosen),
            read=read,
            needed=needed,
            now=_shown(access, self.table),
            wrapped=wrapped,
            defeated=self.defeated(wrapped),
            before=before,
            after=after,
        )

    def without_keys(self, access: Access, read: float, wrapped: Condition | None) -> Iterator[Proposal | Rejection]:
        """A condition that no index can hold as it is written, if it is what makes the statement slow."""
        whys = dict(self.refused)
        needed = self.estimates.left(self.use.conditions)
        if wrapped is not None and read - needed >= MIN_FILTERED_ROWS and needed <= read * (1 - MIN_FILTERED_SHARE):
            yield Proposal(
                fingerprint=self.statement.fingerprint,
                table=self.use.table,
                specs=(),
                leading=0,
                read=read,
                needed=needed,
                now=_shown(access, self.table),
                wrapped=wrapped,
                defeated=self.defeated(wrapped),
                why=whys.get(wrapped, ""),
            )
            return
        for condition, why in self.refused:
            yield self.rejected(condition.sql, why)
        if not self.refused and not self.use.of("other"):
            share = min([self.estimates.share(one) for one in self.use.conditions], default=1.0)
            yield self.rejected("any index", f"{share:.0%} of the {self.table.rows:,.0f} rows are needed")

    def access(self) -> Access | None:
        """How the plan reads this table: the alias tells which, where a table is read twice."""
        plan = self.database.plans.get(self.statement.fingerprint)
        found = self.dialect.accesses(plan) if plan else []
        same = [one for one in found if one.alias == self.use.alias]
        same = same or [one for one in found if one.table.rpartition(".")[2] == self.use.table.rpartition(".")[2]]
        return next((one for one in same if one.sequential), same[0] if same else None)

    def rows_read(self, access: Access) -> float:
        """Rows that the present plan reads of the table."""
        if access.index is None:
            return self.table.rows
        if not access.filtered and access.rows is not None:
            return access.rows  # also of a subquery that runs for each row: no index leads it to fewer
        index = next((one for one in self.table.indexes if one.name == access.index), None)
        if index is None:  # several at once
            return self.estimates.left(self.use.conditions)
        share = 1.0
        for at, key in enumerate(index.keys):
            equal = [one for one in self.use.of("equal") if _same(key, one)]
            joins = [one for one in self.use.joins if one.column == key.column]
            ranges = [one for one in self.use.of("range", "pattern") if _same(key, one)]
            if equal or joins:
                share *= self.estimates.share(equal[0]) if equal else self.estimates.join_share(joins[0])
                continue
            for one in ranges:
                share *= self.estimates.share(one)
            if self.ordered_by(index.keys[at:]):
                share = min(share, self.rows_until_limit([]) / self.estimates.rows)
            break
        return share * self.estimates.rows

    def ordered_by(self, keys: Sequence[IndexKey]) -> bool:
        return bool(self.use.order and keys and keys[0].column == self.use.order[0].column)

    def served(self) -> tuple[list[_Served], list[_Served]]:
        """Conditions that a key could serve, compared with `=` or by range; what can't is noted in `refused`."""
        equal: list[_Served] = []
        ranges: list[_Served] = []
        for condition in self.use.of("equal", "range", "pattern"):
            key = self.key(condition)
            if isinstance(key, str):
                self.refused.append((condition, key))
            else:
                one = _Served(key, self.estimates.share(condition), condition, condition.many)
                (equal if condition.sort == "equal" else ranges).append(one)
        for join in self.use.joins:
            share = self.estimates.join_share(join)
            if share < 1.0:
                equal.append(_Served(IndexKey(column=join.column), share, join, True))
        return equal, ranges

    def key(self, condition: Condition) -> IndexKey | str:
        """The key that serves a condition, or why none does."""
        key = IndexKey(column=condition.column, expression=condition.expression)
        if condition.expression is not None:
            column = self.table.columns.get(condition.inside or "")
            if why := self.dialect.why_no_key(condition.expression, column.type if column else ""):
                return why
        if condition.sort != "pattern":
            return key
        if self.begins_open(condition):
            return "a pattern that begins with a wildcard is found by a trigram index (pg_trgm) only"
        return self.dialect.pattern_key(key, condition.built, condition.case_insensitive, self.database)

    def begins_open(self, condition: Condition) -> bool:
        """Whether a LIKE begins with a wildcard, by its text or by its value."""
        body = condition.sql.partition("LIKE ")[2].lstrip("( ")
        if body.startswith("'"):
            return body[1:2] in ("%", "_")
        numbers = range(len(self.statement.examples)) if condition.values else ()
        values = [plain(self.estimates.value(condition.values[0], number)) for number in numbers]
        return not values or any(not isinstance(value, str) or value[:1] in ("", "%", "_") for value in values)

    def leading(self, equal: Sequence[_Served]) -> list[_Served]:
        """The keys compared with `=`: the most selective first, no more than it takes."""
        chosen: list[_Served] = []
        left = self.estimates.rows
        for one in sorted(equal, key=lambda served: served.share):
            known = [key.key for key in chosen]
            if one.share > MAX_KEY_SHARE or len(chosen) == MAX_KEYS or left <= ENOUGH_ROWS or one.key in known:
                continue
            chosen.append(one)
            left *= one.share
        return chosen

    def tail(self, chosen: Sequence[_Served], ranges: Sequence[_Served]) -> tuple[tuple[IndexKey, ...], float]:
        """What follows the leading keys: one range, or the order of the rows; and the rows then read."""
        left = self.left(chosen)
        if left <= ENOUGH_ROWS or len(chosen) == MAX_KEYS:
            return (), left
        useful = [one for one in ranges if one.share <= MAX_KEY_SHARE and one.key not in [c.key for c in chosen]]
        best = min(useful, key=lambda one: one.share, default=None)
        options: list[tuple[float, tuple[IndexKey, ...]]] = [(left, ())]
        if best is not None:
            same = [one for one in ranges if one.key == best.key]  # both ends of one range
            options.append((self.left([*chosen, *same]), (best.key,)))
        if self.use.order and not any(one.many for one in chosen):
            options.append((min(left, self.rows_until_limit(chosen)), self.order_keys()))
        rows, keys = min(options, key=lambda option: (option[0], len(option[1])))
        return keys, rows

    def left(self, chosen: Sequence[_Served]) -> float:
        conditions = [one.by for one in chosen if isinstance(one.by, Condition)]
        return self.estimates.left(conditions, [one.by for one in chosen if isinstance(one.by, Join)])

    def order_keys(self) -> tuple[IndexKey, ...]:
        mixed = len({one.descending for one in self.use.order}) > 1
        return tuple(IndexKey(column=one.column, descending=mixed and one.descending) for one in self.use.order[:2])

    def rows_until_limit(self, chosen: Sequence[_Served]) -> float:
        """Rows read in order until LIMIT is reached, the other conditions filtering on the way."""
        limit = self.estimates.limit()
        if limit is None:
            return self.estimates.rows
        served = [one.by for one in chosen]
        share = 1.0
        for condition in self.use.conditions:
            if condition not in served:
                share *= self.estimates.share(condition)
        return limit / max(share, 1 / self.estimates.rows)

    def wrapped(self, chosen: Sequence[_Served], tail: Sequence[IndexKey]) -> Condition | None:
        """The condition on an expression that decides: one that a key was made for, or that none could be made for."""
        expressions = [key.expression for key in (*(one.key for one in chosen), *tail) if key.expression]
        for condition in self.use.conditions:
            if condition.expression is not None and condition.expression in expressions:
                return condition
        if self.left(chosen) <= ENOUGH_ROWS:
            return None
        refused = [one for one, _ in self.refused if self.estimates.share(one) <= 1 - MIN_FILTERED_SHARE]
        return min(refused, key=self.estimates.share, default=None) if not chosen and not tail else None

    def defeated(self, wrapped: Condition | None) -> str | None:
        if wrapped is None:
            return None
        names = [one.name for one in self.table.indexes if one.keys and one.keys[0].column == wrapped.inside]
        return names[0] if names else None

    def why_not(self, spec: IndexSpec, read: float, needed: float, access: Access) -> str | None:
        """The reason against an index, None where it is worth a trial."""
        bound = {one.column for one in self.use.of("equal")} | {one.column for one in self.use.joins}
        existing = next((one for one in self.table.indexes if serves(one, spec, bound)), None)
        if existing is not None and not access.automatic:
            return f"{existing.name} has these keys already: the planner prefers another way ({needed:,.0f} rows)"
        if read - needed < MIN_FILTERED_ROWS:
            return f"it would save the reading of {max(read - needed, 0):,.0f} rows only"
        if needed > read * (1 - MIN_FILTERED_SHARE):
            return f"{needed / read:.0%} of the {read:,.0f} rows read are needed"
        before, after = self.costs(spec)
        if before is not None and after is not None:
            if after > before * MAX_COST_SHARE:
                return f"the planner's cost would go from {before:,.0f} to {after:,.0f} only"
            return None
        column = self.table.columns.get(spec.keys[0].column or "")
        correlation = (column.correlation or 0.0) if column else 0.0
        share = self.dialect.cost_share(self.table, needed, correlation, self.database.settings)
        if access.sequential and share > MAX_COST_SHARE:
            return f"fetching {needed:,.0f} of {read:,.0f} rows by an index would cost {share:.0%} of reading all"
        return None

    def costs(self, spec: IndexSpec) -> tuple[float | None, float | None]:
        of = self.statement.fingerprint
        return self.database.costs.get((of, "")), self.database.costs.get((of, spec.text))

    def variants(self, spec: IndexSpec, chosen: Sequence[_Served], needed: float) -> tuple[IndexSpec, ...]:
        """The index as it is, partial where a condition is constant, covering where few columns are read."""
        found = [spec]
        for condition in self.use.of("equal"):
            where = self.constant(condition)
            keys = tuple(key for key in spec.keys if key.column != condition.column)
            if where is not None and keys and self.estimates.share(condition) <= MAX_KEY_SHARE:
                partial = replace(spec, keys=keys, where=where)
                literal = condition.constant is not None and self.estimates.share(condition) <= RARE
                found.insert(0 if literal else len(found), partial)
        main = found[0]
        if self.use.read is not None and needed >= MIN_COVERING_ROWS:
            rest = tuple(sorted(self.use.read - set(main.columns)))
            whole = all(key.column is not None for key in main.keys)
            if rest and whole and len(rest) + len(main.keys) <= MAX_COVERING_COLUMNS:
                found.append(replace(main, include=rest))
        return tuple(found)

    def constant(self, condition: Condition) -> str | None:
        """The condition as the WHERE of a partial index, if its value never changes."""
        if condition.column is None or condition.many:
            return None
        if not condition.values:
            return condition.sql
        column = self.table.columns.get(condition.column)
        value = plain(self.estimates.value(condition.values[0]))
        # a value that is bound, not written, must be a state: one of the few that the column has
        if self.database.system != "postgresql" or column is None or str(value) not in column.common:
            return None
        if not self.estimates.always_the_same(condition) or not isinstance(value, str | int):
            return None
        literal = str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"
        return f"{condition.column} = {literal}"


def _same(key: IndexKey, condition: Condition) -> bool:
    if key.column is not None:
        return key.column == condition.column
    return (
        condition.expression is not None
        and plain_key(key)[0] == plain_key(IndexKey(expression=condition.expression))[0]
    )


def _shown(access: Access, table: Table) -> str:
    if access.automatic:
        return f"builds an index for this one statement, from all {table.rows:,.0f} rows"
    return "sequential scan" if access.sequential else f"by {access.index}, then filtered"
