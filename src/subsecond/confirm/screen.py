"""Slow requests, or little time: all fixes at once in a screening design, instead of pairs for each."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from subsecond.confirm.measured import Measured
from subsecond.confirm.runner import BASE, Candidate, NoRunError, Runner
from subsecond.measure import screening

FEWEST = 3
"""Fixes from which a design beats pairs for each: 8 runs for up to four, against 12 runs for one."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A trial that acted with an equal response, and what is switched on for it."""

    measured: Measured
    candidate: Candidate


def screen(
    runner: Runner, ready: Sequence[Ready], seconds: float, source: random.Random, progress: Callable[[int, int], None]
) -> list[Ready]:
    """Estimate the effects of trials of one request within `seconds`; those that could not take part are returned.

    A design twice as long (fold-over), which keeps pairs of fixes out of each other's effects, is taken where time
    allows.
    """
    base = ready[0].measured.base
    assert base is not None
    together, apart = _compatible(runner, ready)
    # half of the runs have it on, and are run once more
    twice = any(one.candidate.remembers or one.candidate.indexes for one in ready)
    most = seconds / base.takes / (1.5 if twice else 1)
    size = screening.size_for(len(together), most)
    if len(together) < FEWEST or size is None:
        return list(ready)
    rows = screening.design(len(together), size, folded=2 * size <= most)
    taken: list[float | None] = [None] * len(rows)
    order = list(range(len(rows)))
    source.shuffle(order)
    for done, number in enumerate(order):
        progress(done, len(rows))
        wanted = BASE.joined(*(one.candidate for one, on in zip(together, rows[number], strict=True) if on))
        try:
            run = runner.run(base.spec, wanted)
        except NoRunError:
            return list(ready)
        if not base.differences(run.reply).equal:
            return list(ready)
        taken[number] = base.sample(run).clock
    fitted = screening.fit(rows, [value for value in taken if value is not None])
    for one, effect in zip(together, fitted.effects, strict=True):
        one.measured.effect, one.measured.effect_base = effect, fitted.base
    return apart


def _compatible(runner: Runner, ready: Sequence[Ready]) -> tuple[list[Ready], list[Ready]]:
    """Those that give the same response all at once, and those that must be tried apart: batch and replay of one
    statement, each right alone, gave an error together (measured)."""
    together = list(ready)
    apart: list[Ready] = []
    while len(together) > 1 and not agree(runner, together):
        culprit = next(
            (one for one in together if agree(runner, [other for other in together if other is not one])), together[-1]
        )
        together.remove(culprit)
        apart.append(culprit)
    return together, apart


def agree(runner: Runner, ready: Sequence[Ready]) -> bool:
    """Whether all at once give the base's response."""
    base = ready[0].measured.base
    assert base is not None
    try:
        run = runner.run(base.spec, BASE.joined(*(one.candidate for one in ready)))
    except NoRunError:
        return False
    return base.differences(run.reply).equal
