"""How often a whole audit's trials are wrong, and what they find: simulated noise through the real protocol.

`python -m benchmarks.statistics`. No app and no clock: runs are drawn from a model (log-normal noise, 5 % of them
spikes), and go through the very code that decides in an audit: noise floor, margin, ABBA blocks, looks, Holm; the
screening design. Figures: false confirmations over a whole audit of 25 trials without any gain (aim: 5 % at most),
power at gains of 5 to 80 %, cover of the 95 % intervals of gains, and the design against pairs for each.
"""

from __future__ import annotations

import os
import random
import statistics
from collections.abc import Callable
from typing import Any

from benchmarks import _result
from subsecond.measure import pairs, screening
from subsecond.measure.error_budget import ALPHA, holm
from subsecond.measure.pairs import Arm, Margin, Sample, Timed, compare, margin, noise_floor

TRIALS = 25
BASE_SECONDS = 0.4
SPIKES, SPIKE = 0.05, 3.0
"""Share of runs that met something else, and how many times as long they take at most."""
NOISES = {"cpu and waits, quiet": 0.03, "busy machine": 0.12}
"""Standard deviation of the logarithm of a run (reference: measuring, 3.0 and its head)."""
GAINS = (0.05, 0.10, 0.20, 0.50, 0.80)


def runner(gain: float, noise: float, source: random.Random) -> Callable[[Arm], Sample]:
    """Runs of a request whose fix saves the share `gain`."""

    def run(arm: Arm) -> Sample:
        seconds = BASE_SECONDS * (1 - gain if arm == "fix" else 1) * source.lognormvariate(0, noise)
        if source.random() < SPIKES:
            seconds *= source.uniform(1, SPIKE)
        return Sample(seconds, seconds)

    return run


def floor_of(run: Callable[[Arm], Sample]) -> Margin:
    """The margin, as a baseline finds it."""
    seen = [run("base") for _ in range(2 * pairs.FLOOR_PAIRS)]
    return margin(statistics.median(sample.clock for sample in seen), noise_floor(seen))


def trial(gain: float, noise: float, source: random.Random, least: Margin | None = None) -> Timed:
    """One trial by pairs."""
    run = runner(gain, noise, source)
    return compare(run, least or floor_of(run), trials=TRIALS, integers=False, source=source)


def audits(noise: float, number: int, source: random.Random) -> dict[str, float]:
    """Share of audits in which at least one of 25 trials of nothing is confirmed, and of such trials."""
    wrong, confirmed = 0, 0
    for _ in range(number):
        holds = holm([trial(0.0, noise, source).probability for _ in range(TRIALS)], ALPHA)
        wrong += any(holds)
        confirmed += sum(holds)
    return {"audits_with_a_false_confirmation": wrong / number, "false_confirmations": confirmed / (number * TRIALS)}


def power(noise: float, number: int, source: random.Random) -> dict[str, Any]:
    """Share of true gains that an audit of 25 trials confirms (the others are nothing), and of intervals that cover."""
    found: dict[str, Any] = {}
    for gain in GAINS:
        confirmed, covered, taken = 0, 0, []
        for _ in range(number):
            timed = trial(gain, noise, source)
            # the strictest step of Holm: as if no other trial of the audit held
            confirmed += timed.probability <= ALPHA / TRIALS
            saving = timed.gain()
            covered += saving.low <= gain * BASE_SECONDS <= saving.high
            taken.append(len(timed.pairs))
        found[f"{gain:.0%}"] = {
            "confirmed": confirmed / number, "interval_covers": covered / number, "pairs": statistics.median(taken)
        }  # fmt: skip
    return found


def designs(number: int, source: random.Random) -> dict[str, float]:
    """Standard errors in seconds for 20 fixes of a request of 6 s at 5 % noise: a design of 32 runs, one pair each."""
    rows = screening.design(20, 32)
    gains = [0.2 if fix % 4 == 0 else 0.0 for fix in range(20)]
    by_design, by_pairs, covered = [], [], 0
    for _ in range(number):
        seconds = [6 - sum(gain for gain, on in zip(gains, row, strict=True) if on) for row in rows]
        fitted = screening.fit(rows, [value * source.lognormvariate(0, 0.05) for value in seconds])
        for effect, gain in zip(fitted.effects, gains, strict=True):
            by_design.append(effect.seconds - gain)
            covered += effect.low <= gain <= effect.high
            base, fix = (source.lognormvariate(0, 0.05) * value for value in (6, 6 - gain))
            by_pairs.append(base - fix - gain)
    return {
        "standard_error_design": statistics.pstdev(by_design),
        "standard_error_one_pair_each": statistics.pstdev(by_pairs),
        "interval_covers": covered / (20 * number),
    }


def main() -> None:
    """Simulate, print, write."""
    options = _result.arguments(__doc__ or "")
    number = 20 if options.quick else 400
    source = random.Random(20240607)
    with _result.alone():
        load = os.getloadavg()[0]
        figures: dict[str, Any] = {"trials_an_audit": TRIALS, "audits": number}
        for name, noise in NOISES.items():
            figures[name] = {"nothing": audits(noise, number, source), "gains": power(noise, 5 * number, source)}
        figures["screening"] = designs(number, source)
        figures["budgets"] = {
            f"false confirmations, {name}": {
                "measured": figures[name]["nothing"]["audits_with_a_false_confirmation"], "at_most": ALPHA
            }
            for name in NOISES
        }  # fmt: skip
        show(figures)
        if not options.no_write:
            print(_result.write("statistics", load, figures, quick=options.quick))


def show(figures: dict[str, Any]) -> None:
    """The figures for a reader."""
    for name, noise in NOISES.items():
        wrong = figures[name]["nothing"]["audits_with_a_false_confirmation"]
        print(f"{name} (noise {noise:.0%}): {wrong:.1%} of audits of {TRIALS} trials confirm nothing real")
        for gain, seen in figures[name]["gains"].items():
            rest = f"interval covers {seen['interval_covers']:.0%}, {seen['pairs']:.0f} pairs"
            print(f"  a gain of {gain}: confirmed {seen['confirmed']:.0%}, {rest}")
    errors = figures["screening"]
    design, single = errors["standard_error_design"], errors["standard_error_one_pair_each"]
    print(
        f"20 fixes, request of 6 s: standard error {design:.2f} s by 32 runs, {single:.2f} s by a pair each (40 runs)"
    )


if __name__ == "__main__":
    main()
