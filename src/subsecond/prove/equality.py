"""One request asked of both sides and compared field by field, cold and warm, in both orders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from subsecond.contract.bodies import read
from subsecond.contract.compare import Comparison, Difference, Noise, Reply, compare
from subsecond.harness.send import RequestFailed
from subsecond.model.target import RequestSpec
from subsecond.prove.sides import READS, SIDES, Asked, Side, Sides

NO_ANSWER = "the candidate gave no whole answer"


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
        _learn_of_write(sides, spec, noise, couples)
    return couples


def _learn_of_write(sides: Sides, spec: RequestSpec, noise: Noise, couples: Sequence[tuple[Asked, Asked]]) -> None:
    """A write's second answer may differ from its first: noise is what differs between the sides both times as well,
    and between two bases that are asked for the first time.

    Where one of the couples agrees, or two such bases do (a new key, put otherwise), it is the state that tells the
    base's two answers apart, not chance.
    """
    (first, _), (second, _) = couples
    by_itself = compare(first.reply, second.reply)
    patterns = {one.pattern for one in by_itself.differences}
    for base, candidate in couples:
        patterns &= {one.pattern for one in compare(base.reply, candidate.reply).differences}
    if patterns and (anew := sides.twice_anew(spec)) and anew[0].status == first.reply.status:
        patterns &= {one.pattern for one in compare(*anew).differences}
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
    if orders and (shaken := sides.shaken("base", spec)) is not None:
        unordered |= {one.pattern for one in compare(base.reply, shaken.reply).differences if one.what == "order"}
    return tuple(one for one in found.differences if one.what != "order" or one.pattern not in unordered)


def reordered(
    sides: Sides, spec: RequestSpec, couple: tuple[Asked, Asked], noise: Noise, unordered: set[str]
) -> tuple[Difference, ...]:
    """What the candidate answers otherwise where its database hands out rows otherwise, though the base does not.

    The two are equal as the rows lie today; the base's statements say in which order, the candidate's no longer do. A
    number with a fraction may differ: its sum depends on the order. What the base itself reorders is in `unordered`.
    """
    if spec.method not in READS or not _has_list(couple[0].reply):
        return ()
    base, candidate = (sides.shaken(side, spec) for side in SIDES)
    if base is None or candidate is None or base.reply.status != couple[0].reply.status:
        return ()
    own = {one.pattern for one in compare(couple[0].reply, base.reply).differences} | unordered
    found = noise.rest(compare(couple[1].reply, candidate.reply)).differences
    return tuple(
        one
        for one in found
        if not any(f"{one.pattern}.".startswith((f"{known}.", f"{known}[")) for known in own)
        and not one.base.startswith("number")
    )


def _has_list(reply: Reply) -> bool:
    """Whether an answer holds a list of two that could change places; of what is no JSON that is not known."""
    body = read({name.lower(): value for name, value in reply.headers}.get("content-type"), reply.body)
    return body.form != "json" or any(len(one) > 1 for one in _lists(body.tree))


def _lists(node: object) -> Iterator[list[object]]:
    if isinstance(node, list):
        yield node
    for one in node if isinstance(node, list) else node.values() if isinstance(node, dict) else ():
        yield from _lists(one)
