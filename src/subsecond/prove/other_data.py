"""Base and candidate asked the same once values have changed places in both databases: what is equal by the chance of
today's data (keys in the order of time, no ties, no zero among the limits) is not equal then."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from subsecond.contract.compare import Difference, Noise, Reply, compare
from subsecond.harness.send import RequestFailed
from subsecond.model.target import RequestSpec
from subsecond.prove.equality import both
from subsecond.prove.shaken import SETTINGS
from subsecond.prove.sides import READS, SIDES, Sides


def otherwise(
    sides: Sides, specs: Sequence[RequestSpec], near: Callable[[RequestSpec], Iterable[RequestSpec]]
) -> tuple[RequestSpec, tuple[Difference, ...]] | None:
    """The first request that is answered otherwise, and how; the data are as the caller has left them, alike on both.

    `near`: others like one that reads. Writes come last. Nothing is compared where the base answers with an error, nor
    orders that it does not keep itself when these data are read by other plans.
    """
    for side in SIDES:
        sides.arm(side).restart()  # what was remembered of the data as they were says nothing of these
    reads, writes = ([one for one in specs if (one.method in READS) is read] for read in (True, False))
    for spec in [*reads, *(other for one in reads for other in near(one)), *writes]:
        noise = Noise()
        couples = both(sides, spec, noise)
        if isinstance(couples, str):
            continue
        base, candidate = couples[0]
        found = noise.rest(compare(base.reply, candidate.reply)).differences
        if any(one.what == "order" for one in found):
            free = _unordered(sides, spec, base.reply)
            found = tuple(one for one in found if one.what != "order" or not (free is None or one.pattern in free))
        if found:
            return spec, found
    return None


def _unordered(sides: Sides, spec: RequestSpec, known: Reply) -> set[str] | None:
    """The lists that the base orders otherwise when its database plans otherwise; None where that cannot be had."""
    if spec.method not in READS:
        return None
    base = sides.arm("base")
    base.restart(dict(SETTINGS))
    again = sides.ask("base", spec)
    base.restart()
    if isinstance(again, RequestFailed):
        return None
    return {one.pattern for one in compare(known, again.reply).differences if one.what == "order"}
