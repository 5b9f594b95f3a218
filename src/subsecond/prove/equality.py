"""One request asked of both sides and compared field by field, cold and warm, in both orders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from subsecond.contract.compare import Comparison, Difference, Noise, compare
from subsecond.harness.send import RequestFailed
from subsecond.model.target import RequestSpec
from subsecond.prove.sides import Asked, Side, Sides

READS = ("GET", "HEAD")


def both(sides: Sides, spec: RequestSpec, noise: Noise) -> list[tuple[Asked, Asked]] | str:
    """(base, candidate) cold, then the other way round and warm; or why there is nothing to compare."""
    answers: list[Asked] = []
    order: tuple[Side, ...] = ("base", "candidate", "candidate", "base")
    for side in order:
        answer = sides.ask(side, spec)
        if isinstance(answer, RequestFailed):
            return f"the {side} gave no whole answer to {spec.name}: {answer.why}"
        answers.append(answer)
    if answers[0].reply.status >= 400:
        return f"the base answers {spec.name} with {answers[0].reply.status}: identical errors compare nothing"
    couples = [(answers[0], answers[1]), (answers[3], answers[2])]
    if spec.method in READS:
        noise.learn(answers[0].reply, answers[3].reply)
    else:
        _learn_of_write(noise, couples)
    return couples


def _learn_of_write(noise: Noise, couples: Sequence[tuple[Asked, Asked]]) -> None:
    """A write's second answer may differ from its first: noise is what differs between the sides both times as well.

    Where one of the couples agrees, it is the state that tells its two answers apart, not chance.
    """
    (first, _), (second, _) = couples
    by_itself = compare(first.reply, second.reply)
    patterns = {one.pattern for one in by_itself.differences}
    for base, candidate in couples:
        patterns &= {one.pattern for one in compare(base.reply, candidate.reply).differences}
    noise.patterns.update(patterns)
    noise.masked += sum(one.pattern in patterns for one in by_itself.differences)
    noise.leaves += by_itself.leaves


def differences(
    sides: Sides, spec: RequestSpec, couples: Iterable[tuple[Asked, Asked]], noise: Noise, unordered: set[str]
) -> tuple[Difference, ...]:
    """What differs in the first couple that does, noise and orders that were never promised left out.

    `unordered` grows by the lists that the base itself reorders under other plans.
    """
    for base, candidate in couples:
        found = noise.rest(compare(base.reply, candidate.reply))
        if left := _ordered(sides, spec, base, found, unordered):
            return left
    return ()


def _ordered(
    sides: Sides, spec: RequestSpec, base: Asked, found: Comparison, unordered: set[str]
) -> tuple[Difference, ...]:
    """The differences without those of order in lists that the base itself reorders under other plans."""
    orders = {one.pattern for one in found.differences if one.what == "order"} - unordered
    if orders and (shaken := sides.shaken(spec)) is not None:
        unordered |= {one.pattern for one in compare(base.reply, shaken.reply).differences if one.what == "order"}
    return tuple(one for one in found.differences if one.what != "order" or one.pattern not in unordered)
