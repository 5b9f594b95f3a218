"""Counts where there is little to do: a refused request, an unknown key, a page behind the last.

What is loaded for all rows at once, or before the rights are checked, costs nothing more where there are many rows, and
a statement more where there are none (reference: fixing and proving, section 5, on empty sets of keys).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from subsecond.harness.send import RequestFailed
from subsecond.model.target import RequestSpec
from subsecond.prove.from_data import who
from subsecond.prove.shown import curl
from subsecond.prove.sides import READS, SIDES, Sides
from subsecond.prove.variations import ABSENT, Variation, by_turns, named_headers, path_parts, query_of
from subsecond_agent import protocol

COUNTS = (protocol.COUNT_QUERIES, protocol.COUNT_CHECKOUTS)
"""Rows may be a few more where one statement took the place of several."""
MOST = 14
"""Requests like one of the target's that are counted."""
USERS = 6
_UNKNOWN = "2147483647"
_PAGE = re.compile(r"page\Z|offset|skip", re.I)


def worse(sides: Sides, spec: RequestSpec) -> tuple[str, list[str]] | None:
    """The count that rose on a request like `spec` that is refused or answered with less; None where none did."""
    if spec.method not in READS or isinstance(plain := sides.ask("base", spec), RequestFailed):
        return None
    for one in islice(_poor(sides, spec), MOST):
        first = sides.ask("base", one.spec)
        if isinstance(first, RequestFailed) or first.reply.status >= 500:
            continue
        if first.reply.status < 400 and len(first.reply.body) * 2 > len(plain.reply.body):
            continue
        if _rose(sides, one.spec) and (rose := _rose(sides, one.spec)):  # twice: what ran out may be read anew once
            return f"{one}, answered {first.reply.status}: {rose}", [curl(one.spec)]
    return None


def _rose(sides: Sides, spec: RequestSpec) -> str:
    """Warm, so that what is remembered is."""
    sides.ask("candidate", spec)
    base, candidate = (sides.ask(side, spec, counted=True) for side in SIDES)
    if isinstance(base, RequestFailed) or isinstance(candidate, RequestFailed):
        return ""
    if base.counts is None or candidate.counts is None:
        return ""
    for name in COUNTS:
        if candidate.counts[name] > base.counts[name]:
            return f"{candidate.counts[name]} {name} instead of {base.counts[name]}"
    return ""


def _poor(sides: Sides, spec: RequestSpec) -> Iterator[Variation]:
    """Each place has its turn."""
    given = [name for name, _ in query_of(spec)]
    columns: list[list[dict[str, str | None]]] = [[{name: _UNKNOWN}] for name, _ in path_parts(spec)]
    for name, own in named_headers(spec):
        others = [value for value in sides.stored.values(who(name), own) if value != own]
        columns.append([{name: value} for value in others[:USERS]])
    columns += [[{name: ABSENT}] for name, own in named_headers(spec) if "{{" not in own]
    pages = [name for name in dict.fromkeys([*given, *sides.read_of(spec)]) if _PAGE.search(name)]
    columns += [[{name: "9999"}] for name in pages]
    columns += [[{name: "x"}, {name: "0"}] for name in given if name not in pages]
    yield from by_turns(spec, columns)
