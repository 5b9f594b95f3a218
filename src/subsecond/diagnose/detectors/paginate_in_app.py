"""Detector of paginate-in-app."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar

from subsecond.diagnose.code import cuts, is_plain_sort, role
from subsecond.diagnose.deeply import Fetched, fetched
from subsecond.diagnose.detector import chain, detector, seconds, spot
from subsecond.diagnose.detector import place as place_of
from subsecond.diagnose.evidence import shortened
from subsecond.model.deep import Cluster
from subsecond.model.experiment import Experiment, Learn
from subsecond.model.facts import Facts
from subsecond.model.finding import Place, Suspicion
from subsecond.model.trace import Frame, Trace
from subsecond_agent import protocol

MIN_ROWS = 20
"""A page is seldom shorter; what is fetched for one, and a few more, is no waste."""
MIN_LEFT_OUT = 0.5


@detector
class PaginateInApp:
    """All rows are fetched, and the page is cut out of them in Python.

    Why it is slow: the hundredth part is shown, and all of it is fetched, made objects of, sorted, often serialised.
    Each page costs what all pages together cost, and more with each row that is added to the table.

    What to do: order and LIMIT in the statement; then whatever is loaded for the rows is loaded for the page's alone.
    The total by `count(*) OVER ()` in the same statement: a `COUNT(*)` of its own is a statement more, which the
    budget gate does not let through. A page that is empty, negative or beyond what an integer holds means what it
    meant in Python.

    When it is fine: the list is short and made without the database. Where the order is computed in Python (a distance
    to a point), compute it in the statement, or let it leave out what is far away (a bounding box); where only Python
    can, fetch the columns of the key alone, and the rest for the page.

    Rule: in the deep run, a statement without LIMIT fetched at least 20 objects, and in a function in its chain of
    callers (or where a column is read) a list is cut outside of loops, and either half of the objects or more had no
    column read but for sorting, or the bounds come from a parameter that the app asked its request for (and 100
    objects or more were fetched). Where the rows are sorted before, the place of that is told as evidence. Call site:
    the slice; cause: the place of the statement. The seconds are the statement's, as far as they went into rows left
    out.
    """

    phase: ClassVar[int | None] = 3

    def find(self, traces: Sequence[Trace], facts: Facts) -> Iterator[Suspicion]:
        told: set[tuple[str, Place]] = set()
        found = sorted(fetched(traces, facts), key=lambda one: ("in (?+)" in one.fingerprint, -one.reads.objects))
        found.sort(key=lambda one: _distance(one, facts))
        for one in found:
            if one.reads.entity is None or one.reads.objects < MIN_ROWS or one.limited or one.by_relation:
                continue
            aside = _left_out(one, facts)
            left_out = sum(cluster.objects for cluster in aside)
            cut = _cut(one, facts, by_parameter=left_out < MIN_LEFT_OUT * one.reads.objects)
            if cut is None or (one.trace.request, cut[0]) in told:
                continue
            told.add((one.trace.request, cut[0]))  # one page is cut once, whatever was fetched for it
            along = [other for other in found if other.span.site == one.span.site]
            suspicion = self.suspicion(one, cut[0], aside, from_first=cut[1])
            yield replace(suspicion, evidence=(*suspicion.evidence, *_order(along, facts)))

    def suspicion(self, one: Fetched, cut: Place, aside: Sequence[Cluster], *, from_first: bool) -> Suspicion:
        """A page cut from the objects of one statement, of which those put aside were never used."""
        left_out = sum(cluster.objects for cluster in aside)
        model = (one.reads.entity or "").rpartition(":")[2]
        spans = one.spans
        wasted = f", {left_out:,} of them not used" if left_out else ""
        return Suspicion(
            kind="paginate-in-app",
            phase=self.phase,
            request=one.trace.request,
            title=f"the page is cut in Python from {one.reads.objects:,} {model}{wasted}",
            site=cut,
            cause=place_of(one.span.site),
            fingerprint=one.fingerprint,
            queries=len(spans),
            seconds=seconds(spans) * left_out / one.reads.objects,
            evidence=(shortened(one.fingerprint), f"fetched at {chain(one.span)}"),
            experiments=_experiments(one, model.rpartition(".")[2], aside) if left_out and from_first else (),
            untestable=_why_not(left_out, from_first),
        )


def _order(along: Sequence[Fetched], facts: Facts) -> tuple[str, ...]:
    """Where what is fetched at one place is put in order in Python, and whether ORDER BY could do it as it stands.

    In any request: which order is made may be the client's choice.
    """
    said: dict[str, None] = {}
    for one in along:
        for name, stack in one.reads.read_at.items():
            told = role(stack, name, facts.root)
            if told is not None and told[0] == "sort":
                plain = is_plain_sort(told[1], facts.root, stack[0], name)
                by = "columns, as ORDER BY would" if plain else "a key that Python computes: SQL has to, first"
                said.setdefault(f"sorted in Python at {spot(told[1])}, by {by}")
    return tuple(said)


def _why_not(left_out: int, from_first: bool) -> str:
    """Why there is no experiment; empty where there is one."""
    if not left_out:
        return "all rows are used before the page is cut: only new code can cut it sooner"
    return "" if from_first else "with fewer rows before it, the app would cut another page"


def _distance(one: Fetched, facts: Facts) -> int:
    """Own frames between a statement and the slice: what is cut was mostly fetched nearby."""
    places = [number for number, frame in enumerate(one.span.stack) if cuts(frame.file, frame.line, facts.root)]
    return places[0] if places else len(one.span.stack)


def _left_out(one: Fetched, facts: Facts) -> list[Cluster]:
    """Objects of which nothing was read but what sorts: they were fetched for their place in the order."""
    sorting = {name for name, stack in one.reads.read_at.items() if _role(stack, name, facts) == "sort"}
    return one.put_aside(sorting)


def _role(stack: Sequence[Frame], name: str, facts: Facts) -> str | None:
    told = role(stack, name, facts.root)
    return told[0] if told is not None else None


def _cut(one: Fetched, facts: Facts, *, by_parameter: bool) -> tuple[Place, bool] | None:
    """A slice in a function that called for the statement, innermost first, and whether it begins with the first row.

    by_parameter: only one whose bounds come from a parameter of the request.
    """
    asked = {ask.name for ask in one.deep.asked if ask.name is not None}
    if by_parameter and one.reads.objects < 5 * MIN_ROWS:
        return None
    readers = [frame for stack in one.reads.read_at.values() for frame in stack[:2]]
    for frame in [*one.span.stack, *readers]:
        for line, words, from_first in cuts(frame.file, frame.line, facts.root):
            if not by_parameter or words & asked:
                return Place(file=frame.file, line=line, function=frame.function), from_first
    return None


def _experiments(one: Fetched, model: str, aside: Sequence[Cluster]) -> tuple[Experiment, ...]:
    rejected = tuple(cluster.columns for cluster in aside)
    left_out = sum(cluster.objects for cluster in aside)
    site = one.span.site
    return (
        Experiment(
            fix="push-filter", parameters={"model": model},
            learn={
                "primary_keys": Learn(
                    what="kept-keys", fingerprint=one.fingerprint, entity=one.reads.entity or "", rejected=rejected
                ),
                "function": Learn(what="place", functions=((site.file, site.function),) if site else ()),
            },
            saves={one.trace.request: {protocol.COUNT_ROWS: left_out}}, fidelity="upper bound",
            note="the page's rows by their keys: the order and the count come on top",
        ),
    )  # fmt: skip
