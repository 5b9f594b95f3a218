"""The smallest set of indexes that is worth its price, by what was measured with each of them built.

AutoAdmin's greedy choice (reference: index advice): a statement is served by the best index that is there, an index is
taken for what it still gains over those taken before, weighed against its size, its cost on writes taken off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from subsecond.model.index import IndexSpec

SIZE_BYTES = 40e6
"""An index of this size must gain twice what a tiny one does."""
LEAST_GAIN = 0.01
"""Of the workload's seconds; below it the next index is not taken."""
LEAST_LOSS = 0.02
"""An index whose leaving-out makes the workload slower by less is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredIndex:
    """What was measured with one index built.

    `seconds` of each statement it changed, over the whole workload; `write_seconds` it adds to the workload's writes.
    """

    spec: IndexSpec
    seconds: Mapping[str, float]
    bytes: int
    write_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The set, with the seconds that the workload takes with it, and why each of the others is not in it."""

    kept: tuple[MeasuredIndex, ...]
    seconds: float
    rejected: tuple[tuple[MeasuredIndex, str], ...] = field(default=())


def choose(base: Mapping[str, float], measured: Sequence[MeasuredIndex]) -> Choice:
    """Choose from measured indexes; `base` holds each statement's seconds without any of them."""
    kept: list[MeasuredIndex] = []
    whys: dict[int, str] = {}
    total = sum(base.values())
    rest = list(range(len(measured)))
    while rest:
        now = _seconds(base, kept)
        gains = {number: now - _seconds(base, [*kept, measured[number]]) for number in rest}
        best = max(rest, key=lambda number: gains[number] / (1 + measured[number].bytes / SIZE_BYTES))
        if gains[best] < LEAST_GAIN * total:
            for number in rest:
                whys[number] = _too_little(measured[number], gains[number], kept, base)
            break
        kept.append(measured[best])
        rest.remove(best)
    for one in sorted(kept, key=lambda one: -one.bytes):
        without = [other for other in kept if other is not one]
        loss = _seconds(base, without) - _seconds(base, kept)
        if len(kept) > 1 and loss < LEAST_LOSS * _seconds(base, kept):
            kept = without
            number = next(number for number, other in enumerate(measured) if other is one)
            whys[number] = f"the others do its work: without it the statements take {loss:.3g} s more only"
    return Choice(
        kept=tuple(kept),
        seconds=_seconds(base, kept),
        rejected=tuple((measured[number], why) for number, why in sorted(whys.items())),
    )


def _seconds(base: Mapping[str, float], indexes: Sequence[MeasuredIndex]) -> float:
    """The workload with these indexes: each statement by the best of them, the writes by all."""
    reads = sum(min([alone, *(one.seconds.get(name, alone) for one in indexes)]) for name, alone in base.items())
    return reads + sum(one.write_seconds for one in indexes)


def _too_little(one: MeasuredIndex, gain: float, kept: Sequence[MeasuredIndex], base: Mapping[str, float]) -> str:
    alone = sum(base.values()) - _seconds(base, [one])
    if kept and alone >= LEAST_GAIN * sum(base.values()):
        return f"gains {alone:.3g} s alone, but {max(gain, 0):.3g} s beside {kept[0].spec.text}"
    if one.write_seconds and alone + one.write_seconds >= LEAST_GAIN * sum(base.values()):
        return f"what it gains ({alone + one.write_seconds:.3g} s) its writes cost again ({one.write_seconds:.3g} s)"
    return f"gains {max(gain, 0):.3g} s of {sum(base.values()):.3g} s"
