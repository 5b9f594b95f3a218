"""Words of the command line -> the experiments that a person wants to have tried."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from subsecond.errors import SubsecondError, did_you_mean
from subsecond.model.experiment import Experiment
from subsecond.model.index import IndexSpec
from subsecond.store import from_json
from subsecond_agent import protocol

INDEX = "index"
_NOT_A_HYPOTHESIS = ("collect-garbage",)


def fixes() -> list[str]:
    """Names of all virtual fixes, and `index`: told from the agent's files, which the tool does not import."""
    folder = Path(protocol.__file__).parent / "virtual_fixes"
    names = [path.stem.replace("_", "-") for path in folder.glob("[a-z]*.py")]
    return sorted({INDEX, *names} - set(_NOT_A_HYPOTHESIS))


def experiments(hypothesis: str, pairs: Sequence[tuple[str, str]]) -> list[Experiment]:
    """The experiment of a named virtual fix; none for a kind, whose findings bring their own.

    Raises SubsecondError for a name that is neither, and for parameters where a kind takes none.
    """
    from subsecond.diagnose.stage import kinds

    known = fixes()
    if hypothesis in known:
        parameters = {key: _value(value) for key, value in pairs}
        if hypothesis == INDEX:
            _check_index(parameters)
        return [Experiment(fix=hypothesis, parameters=parameters)]
    names = list(kinds())
    if hypothesis not in names:
        near = did_you_mean(hypothesis, [*known, *names]) or ";"
        raise SubsecondError(
            "unknown-hypothesis",
            f'"{hypothesis}" is no virtual fix and no kind{near} fixes: {", ".join(known)}; kinds: {", ".join(names)}',
        )
    if pairs:
        raise SubsecondError(
            "bad-option",
            f"{pairs[0][0]}=… : {hypothesis} is a kind, its parameters are learnt; give a fix to choose them",
        )
    return []


def _value(text: str) -> Any:
    try:
        return from_json(text, object, "value")
    except SubsecondError:
        return text


def _check_index(parameters: dict[str, Any]) -> None:
    try:
        IndexSpec.of(parameters)
    except ValueError as problem:
        raise SubsecondError("bad-option", f"{problem}: subsecond try index table=bookings columns=item_id") from None
