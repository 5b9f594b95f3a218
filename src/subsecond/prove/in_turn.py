"""Writes in turn: what a third failure does, or a cancellation between two deliveries, no single request shows."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import product

from subsecond.contract.compare import Noise, Reply, compare
from subsecond.harness.send import RequestFailed
from subsecond.model.target import RequestSpec
from subsecond.prove.used_up import RENEWALS, Data
from subsecond.prove.variations import BODY, Variation

MOST_BODIES = 8
"""Of one write, each with another answer."""
MOST_OTHERS = 5
ROUNDS = 3
"""Each two that take turns are sent so often: limits on how often something may be done are mostly small."""

SECONDS = 30.0
CONFLICT = 409


class Bodies:
    """Remembers which bodies of a write the base takes, or refuses only for the state that things are in (409)."""

    def __init__(self) -> None:
        self._taken: dict[bytes, Variation] = {}

    def met(self, one: Variation, reply: Reply) -> None:
        """The base's answer to a changed request."""
        if (
            (reply.status < 300 or reply.status == CONFLICT)
            and one.changes
            and one.changes[0][0] == BODY
            and len(self._taken) < MOST_BODIES
        ):
            self._taken.setdefault(reply.body, one)

    @property
    def taken(self) -> Sequence[Variation]:
        """Some of them, each with an answer of its own."""
        return list(self._taken.values())


def in_turn(
    data: Data, spec: RequestSpec, bodies: Sequence[Variation], others: Sequence[RequestSpec], noise: Noise
) -> tuple[str, list[str], RequestSpec] | None:
    """What the sides answer otherwise when `spec`, with its own body or another, takes turns with another write: which,
    the differences, the request. Only what `spec` is answered is compared: the noise of others is not known."""
    own = [(spec.name, spec), *((str(one), one.spec) for one in bodies)]
    left, before, times = RENEWALS, "", Counter[str]()
    until = time.monotonic() + SECONDS
    for couple in _couples(own, [(one.name, one) for one in others[:MOST_OTHERS]]):
        good = False
        if time.monotonic() > until:
            return None
        for name, sent in couple * ROUNDS:
            base, candidate = data.ask(sent, anew=False)
            if isinstance(base, RequestFailed) or isinstance(candidate, RequestFailed):
                return None  # which the requests alone have told already
            times[name] += 1
            good = good or base.reply.status < 400
            unlike = noise.rest(compare(base.reply, candidate.reply)).differences if sent.name == spec.name else ()
            if unlike and not base.reply.status >= 500 <= candidate.reply.status:
                after = f" after {before}" if before else ""
                return f"{name}{after}, sent {times[name]} times", [*map(str, unlike)], sent
            before = name
        if not good and left:  # nothing can be done any more
            left, before = left - 1, ""
            times.clear()
            data.renewed(spec)
    return None


Named = tuple[str, RequestSpec]


def _couples(own: Sequence[Named], others: Sequence[Named]) -> Iterator[tuple[Named, Named]]:
    """Each of `own` before and after each of the others and of `own`, itself too."""
    yield from product(own, own)
    for one, other in product(own, others):
        yield from ((one, other), (other, one))
