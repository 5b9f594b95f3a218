"""From indexes for single statements to one set for all of them: one that serves several instead of several alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from subsecond.model.index import IndexKey, IndexSpec
from subsecond.sql.advice import Proposal


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An index and the statements it would serve."""

    spec: IndexSpec
    proposals: tuple[Proposal, ...]
    alternatives: tuple[IndexSpec, ...] = ()
    """The same as partial or covering index, where it serves one statement only."""


def wanted(proposals: Sequence[Proposal]) -> list[Wanted]:
    """One index for all statements whose keys are the beginning of its keys, or can be made so.

    Keys compared with `=` have no order among themselves: `(status, item_id)` gives way to `(item_id, status)` where
    another statement asks for `item_id` alone. In order of first appearance.
    """
    plain = [one for one in proposals if one.specs]
    chosen: dict[IndexSpec, list[Proposal]] = {}
    for one in sorted(plain, key=lambda proposal: -len(_main(proposal).keys)):
        spec, leading = _main(one), one.leading
        home = next((other for other in chosen if _begins(other, spec, leading)), None)
        if home is None:
            home = _turned(chosen, one)
        chosen.setdefault(home or spec, []).append(one)
    order = {id(one): number for number, one in enumerate(plain)}
    found = [
        Wanted(
            spec=group[0].specs[0] if len(group) == 1 else spec,
            proposals=tuple(sorted(group, key=lambda one: order[id(one)])),
            alternatives=group[0].specs[1:] if len(group) == 1 else (),
        )
        for spec, group in chosen.items()
    ]
    return sorted(found, key=lambda one: order[id(one.proposals[0])])


def _main(proposal: Proposal) -> IndexSpec:
    """The index without what makes it fit one statement only."""
    plain = [spec for spec in proposal.specs if spec.where is None and not spec.include]
    return plain[0] if plain else proposal.specs[0]


def _begins(whole: IndexSpec, part: IndexSpec, leading: int) -> bool:
    """Whether `whole` serves what `part` does: the same leading keys in any order, then the same keys."""
    if whole.table != part.table or whole.where != part.where or len(part.keys) > len(whole.keys):
        return False
    first = set(whole.keys[:leading]) == set(part.keys[:leading])
    return first and whole.keys[leading : len(part.keys)] == part.keys[leading:]


def _turned(chosen: dict[IndexSpec, list[Proposal]], one: Proposal) -> IndexSpec | None:
    """A chosen index whose leading keys can be put in another order, so that it begins with this one's; it is turned.

    Only where this one's keys are all compared with `=`, and those of the others it serves too.
    """
    spec = _main(one)
    if one.leading != len(spec.keys):
        return None
    for other, served in list(chosen.items()):
        free = min(proposal.leading for proposal in served)
        if other.table != spec.table or other.where or not set(spec.keys) <= set(other.keys[:free]):
            continue
        rest: list[IndexKey] = [key for key in other.keys[:free] if key not in spec.keys]
        turned = replace(other, keys=(*spec.keys, *rest, *other.keys[free:]))
        chosen[turned] = chosen.pop(other)
        return turned
    return None
