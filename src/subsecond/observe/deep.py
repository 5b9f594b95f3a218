"""The deep and profiling parts of a spool line -> the model. Values leave as keyed hashes only."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from subsecond.model.deep import (
    Arguments,
    Asked,
    Cluster,
    ColumnValues,
    Deep,
    FunctionCalls,
    Lines,
    Profile,
    ProfileStack,
    Reads,
)
from subsecond.model.frame import Frame

Stacks = Sequence[tuple[Frame, ...]]
Hash = Callable[[str], str]


def deep_of(line: Mapping[str, Any], stacks: Stacks, shown: Callable[[str], str], hashed: Hash) -> Deep | None:
    """`deep` of a line, None where it has none. shown: an absolute file for a reader; hashed: a value's text."""
    told = line.get("deep")
    if told is None:
        return None
    return Deep(
        reads=tuple(_reads(one, stacks, hashed) for one in told.get("reads", ())),
        untracked=told.get("untracked", 0),
        asked=tuple(
            Asked(
                source=one["in"], name=one["name"], present=one["present"], times=one["times"],
                stack=_stack(stacks, one["stack"]),
            )
            for one in told.get("parameters", ())
        ),
        functions=tuple(_function(one, stacks, shown, hashed) for one in told.get("functions", ())),
        why=told.get("why"),
    )  # fmt: skip


def profile_of(line: Mapping[str, Any], stacks: Stacks) -> Profile | None:
    """`profile` of a line, None where it has none."""
    told = line.get("profile")
    if told is None:
        return None
    return Profile(
        how=told["how"],
        period=told["period"],
        seconds=told["seconds"],
        stacks=tuple(
            ProfileStack(stack=_stack(stacks, stack), library=library, seconds=seconds)
            for stack, library, seconds in told["stacks"]
        ),
    )


def _stack(stacks: Stacks, number: int) -> tuple[Frame, ...]:
    return stacks[number] if number >= 0 else ()


def _reads(told: Mapping[str, Any], stacks: Stacks, hashed: Hash) -> Reads:
    clusters = told["clusters"]
    return Reads(
        span=told["span"] if told["span"] >= 0 else None,
        entity=told["entity"],
        relation=told["relation"],
        statements=told["statements"],
        rows=told["rows"],
        objects=told["objects"],
        again=told["again"],
        columns=dict(told["columns"]),
        long=dict(told["long"]),
        relations=dict(told["relations"]),
        read_at={name: _stack(stacks, number) for name, number in told["read_at"].items()},
        clusters=tuple(_cluster(one, [other for other in clusters if other is not one], hashed) for one in clusters),
        others=told["others"],
    )


def _cluster(told: Mapping[str, Any], others: Sequence[Mapping[str, Any]], hashed: Hash) -> Cluster:
    values = {
        name: _values(one, [other["values"][name] for other in others if name in other["values"]], hashed)
        for name, one in told["values"].items()
    }
    return Cluster(
        columns=tuple(told["columns"]), objects=told["objects"], values=values, keyed=told.get("keys") is not None
    )


def _values(told: Mapping[str, Any], others: Sequence[Mapping[str, Any]], hashed: Hash) -> ColumnValues:
    return ColumnValues(
        distinct=told["distinct"],
        type=told["type"],
        alone=told["alone"],
        at_least=bool(others) and all(_below(other.get("high"), told.get("low")) for other in others),
        at_most=bool(others) and all(_below(told.get("high"), other.get("low")) for other in others),
        missing=told.get("missing", False),
        some=tuple(hashed(json.dumps(value)) for value in told["some"]),
    )


def _below(one: Any, other: Any) -> bool:
    """Is `one` less than `other`? Dates are text in the order of time; a Decimal's text has no order."""
    numbers = isinstance(one, (int, float)) and isinstance(other, (int, float))
    dates = isinstance(one, str) and isinstance(other, str) and one[:4].isdigit() and other[:4].isdigit()
    return bool((numbers or (dates and "-" in one and "-" in other)) and one < other)


def _function(told: Mapping[str, Any], stacks: Stacks, shown: Callable[[str], str], hashed: Hash) -> FunctionCalls:
    return FunctionCalls(
        file=shown(told["file"]),
        line=told["line"],
        function=told["function"],
        module=told["module"],
        stack=_stack(stacks, told["stack"]),
        calls=told["calls"],
        places=told["places"],
        generator=told["generator"],
        distinct=told["distinct"],
        unlike=told["unlike"],
        arguments=tuple(
            Arguments(
                hash=_again(one["hash"], hashed), calls=one["calls"], queries=one["queries"], http=one["http"],
                logs=one["logs"], result=None if one["result"] is None else _again(one["result"], hashed),
            )
            for one in told["arguments"]
        ),
        entity_bound=told["entity_bound"],
        ran=_lines(told["ran"]),
        missed=None if told["missed"] is None else _lines(told["missed"]),
    )  # fmt: skip


def _again(text: str, hashed: Hash) -> str:
    """A hash of the agent's, keyed once more; the mark of an object's identity stays in front."""
    return ("~" if text.startswith("~") else "") + hashed(text)


def _lines(told: Sequence[Sequence[int]]) -> Lines:
    return tuple((first, last) for first, last in told)
