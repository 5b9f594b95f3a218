"""Detector of duplicate-query."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import ClassVar

from subsecond.diagnose.detector import chain, detector, place, seconds
from subsecond.diagnose.evidence import (
    database_of,
    grouped,
    of_new_connection,
    places,
    print_of,
    queries,
    shortened,
    text,
    values,
)
from subsecond.model.experiment import Experiment, Learn
from subsecond.model.facts import Facts
from subsecond.model.finding import Suspicion
from subsecond.model.trace import Span, Trace
from subsecond.sql.fingerprint import operation, tables
from subsecond_agent import protocol


@detector
class DuplicateQuery:
    """The same statement with the same values is sent again in one request.

    Why it is slow: the answer was known. Often it is a helper called in a loop with equal arguments, or two
    layers (a permission check and the view) that each fetch the same row.

    What to do: fetch it once, before the loop, and pass it on; let the helper return the row instead of a
    yes or no; remember it for the length of the request.

    When it is fine: the row may have changed in between, and the second reading is meant to see it.

    Rule: equal text and equal values to one database, at least twice in one request, with no write to one of
    its tables and no setting (`SET search_path`) in between. Statements that failed, that lock rows, whose functions
    give a new answer each time (`nextval`, `random`), or that a new connection sends by itself are no repeats.
    Repetitions of one line are one finding. Call site: the place that repeats most; the first sending is named as
    evidence and does not count in the seconds.
    """

    phase: ClassVar[int | None] = 2

    def find(self, traces: Sequence[Trace], facts: Facts) -> Iterator[Suspicion]:
        for trace in traces:
            for fingerprint, repeats in _repeats(trace).items():
                again = [span for group in repeats for span in group[1:]]
                site = max(grouped(again, lambda span: span.stack).values(), key=len)[0]
                yield Suspicion(
                    kind="duplicate-query",
                    phase=self.phase,
                    request=trace.request,
                    title=f"sent {'once' if len(again) == 1 else f'{len(again)} times'} more than needed",
                    site=place(site.site),
                    fingerprint=fingerprint,
                    queries=len(again),
                    seconds=seconds(again),
                    evidence=(
                        shortened(fingerprint),
                        f"first at {chain(repeats[0][0])}",
                        f"again at {chain(site)}",
                    ),
                    experiments=_experiments(trace.request, fingerprint, site, len(again)),
                )


def _experiments(request: str, fingerprint: str, site: Span, repeats: int) -> tuple[Experiment, ...]:
    """The first result again: as objects, from the function that fetched it, else as rows."""
    saves = {request: {protocol.COUNT_QUERIES: repeats}}
    statement = {"statements": Learn(what="statements", fingerprint=fingerprint)}
    return (
        Experiment(
            fix="replay", parameters={"level": "orm"}, learn=statement, saves=saves, fidelity="lower bound",
            note="the statements are still built one by one",
        ),
        Experiment(
            fix="memoise", parameters={"scope": "request"}, saves=saves,
            learn={"function": Learn(what="function", chain=places(site))},
        ),
        Experiment(
            fix="replay", parameters={"level": "cursor"}, learn=statement, saves=saves, fidelity="lower bound",
            note="saves the database's time, not the objects'",
        ),
    )  # fmt: skip


_NEW_EACH_TIME = re.compile(
    r"\b(nextval|currval|lastval|setval|set_config|random|rand|newid|gen_random_uuid|uuid\w*|clock_timestamp|pg_sleep|"
    r"pg_(try_)?advisory\w*|last_insert_id|last_insert_rowid)\(|\bfor (no key )?(update|key share|share)\b"
)
_SETTINGS = ("SET", "RESET", "CALL", "DO", "EXEC", "EXECUTE")


def _repeats(trace: Trace) -> dict[str, list[list[Span]]]:
    """By fingerprint: groups of equal sendings, longer than one, with no write in between."""
    found: dict[str, list[list[Span]]] = {}
    live: dict[tuple[str, str, str], list[Span]] = {}
    for span in queries(trace):
        verb = operation(text(span))
        if verb in _SETTINGS:
            live = {}
        if verb != "SELECT":
            written = set(tables(text(span)))
            live = {key: group for key, group in live.items() if not written & set(tables(key[0]))}
            continue
        if protocol.ERROR_TYPE in span.attributes or _NEW_EACH_TIME.search(print_of(span)):
            continue
        if of_new_connection(trace, span):
            continue
        group = live.setdefault((text(span), values(span), database_of(trace, span)), [])
        group.append(span)
        if len(group) == 2:
            found.setdefault(print_of(span), []).append(group)
    return found
