"""Writes one after the other: what a third failure does, or a payment between two refunds, no request shows alone."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence

from subsecond.contract.compare import Noise, Reply, compare
from subsecond.harness.send import RequestFailed
from subsecond.model.target import RequestSpec
from subsecond.prove.equality import NO_ANSWER
from subsecond.prove.sides import Asked
from subsecond.prove.used_up import RENEWALS, Data
from subsecond.prove.variations import BODY, Variation

MOST_BODIES = 10
"""Of one write."""
MOST_OTHERS = 5
STEPS = 40
"""Writes that are done on one walk; what is refused changes nothing and is not counted."""
SECONDS = 20.0
"""Of one walk."""
CONFLICT = 409


class Bodies:
    """Remembers which bodies of a write the base takes, or refuses only for the state that things are in (409)."""

    def __init__(self) -> None:
        self._found: dict[bytes, Variation] = {}

    def met(self, one: Variation, reply: Reply) -> None:
        """The base's answer to a changed request."""
        if one.changes and one.changes[0][0] == BODY and len(self._found) < MOST_BODIES:
            if reply.status < 300:
                self._found.setdefault(reply.body, one)
            elif reply.status == CONFLICT:
                self._found.setdefault((one.spec.body or "").encode(), one)

    @property
    def found(self) -> Sequence[Variation]:
        """Some of them, the taken ones each with an answer of its own."""
        return list(self._found.values())


def in_turn(
    data: Data, spec: RequestSpec, bodies: Sequence[Variation], others: Sequence[RequestSpec], noise: Noise
) -> tuple[str, list[str], RequestSpec] | None:
    """Walk through the states that `spec`, with its own body and others, leads to, then with another write after each:
    which request is answered otherwise and after what, the differences, the request. What the others are answered is
    not compared: their noise is not known.

    At each step what was done least often is tried first, and last what led where nothing could be done any more; from
    there it goes on with fresh data.
    """
    own = {spec.name: spec} | {str(one): one.spec for one in bodies}
    found = _walked(data, own, (), noise)
    return found or (_walked(data, own, others[:MOST_OTHERS], noise) if others and data.renewed(spec) else None)


def _walked(
    data: Data, own: Mapping[str, RequestSpec], others: Sequence[RequestSpec], noise: Noise
) -> tuple[str, list[str], RequestSpec] | None:
    times, dead, before, left = Counter[str](), set[str](), "", RENEWALS
    until, done = time.monotonic() + SECONDS, 0
    while done < STEPS and time.monotonic() < until:
        for name in sorted(own, key=lambda one: (one in dead, times[one])):
            base, candidate = data.ask(own[name], anew=False)
            if isinstance(base, RequestFailed):
                return None  # nothing can be said from here on
            if unlike := _unlike(base.reply, candidate, noise):
                after = f" after {before}" if before else ""
                return f"{name}{after}, done {times[name]} times before", unlike, own[name]
            if base.reply.status < 400:
                times[name], before, done = times[name] + 1, name, done + 1
                break
        else:
            if not before or not left or not data.renewed(own[before]):
                return None
            dead.add(before)
            before, left = "", left - 1
            times.clear()
            continue
        if others:
            data.ask(others[done % len(others)], anew=False)
    return None


def _unlike(base: Reply, candidate: Asked | RequestFailed, noise: Noise) -> list[str]:
    """What differs, an error of both aside."""
    if isinstance(candidate, RequestFailed):
        return [f"{NO_ANSWER}: {candidate.why}"]
    if base.status >= 500 <= candidate.reply.status:
        return []
    return [str(one) for one in noise.rest(compare(base, candidate.reply)).differences]
