"""What is held back from whoever writes a patch: a fixed fifth, asked like the rest, told by its kind alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from subsecond.assistant.playbook import Known, prompt
from subsecond.ledger.learn import lesson
from subsecond.model.attempt import Attempt
from subsecond.model.audit import Audit
from subsecond.model.constraint import Change
from subsecond.model.target import RequestSpec
from subsecond.prove.held_back import ONE_IN, is_held_back, open_first
from subsecond.prove.variations import edges
from tests.prove.conftest import BASE, Prove, git

READS = BASE.replace("import Flask", "import Flask, request").replace(
    '    time.sleep(0.05)\n    return {"rooms": [1, 2]}',
    '    seats = request.args.get("seats")\n    return {"rooms": [seats]}',
)


def all_edges() -> list[tuple[str, bool]]:
    spec = RequestSpec(name="GET /rooms?seats=3", method="GET", url="/rooms?seats=3")
    tried = [one for one in open_first(edges(spec, ["seats"])) if one.changes[0][0] == "seats"]
    return [(str(one.changes[0][1]), is_held_back(one)) for one in tried]


def test_a_fifth_is_held_back_always_the_same_and_asked_last() -> None:
    split = all_edges()
    held = [value for value, secret in split if secret]
    assert 0.5 / ONE_IN < len(held) / len(split) < 2 / ONE_IN
    assert split == all_edges()
    assert [secret for _, secret in split] == sorted(secret for _, secret in split)


def test_a_patch_that_fits_all_but_what_is_held_back_fails_without_being_told_the_input(
    repository: Path, prove: Prove
) -> None:
    (repository / "shop.py").write_text(READS)
    git(repository, "commit", "-q", "-am", "reads")
    value = next(one for one, secret in all_edges() if secret and one.isascii() and one.isalnum())
    overfit = READS.replace(
        "    return {", f'    if seats == "{value}":\n        return {{"rooms": []}}\n    return {{'
    )
    (repository / "shop.py").write_text(overfit)

    [gate] = prove("edge", get=["/rooms?seats=3"]).gates
    assert gate.verdict == "failed", gate
    assert gate.why == "a request near GET /rooms?seats=3 that is held back: $.rooms: length"
    assert f"seats={value}" not in " ".join(gate.evidence)

    failed = Attempt(
        number=1, step="S1", finding="F1", kind="x", proposer="person", base="b", outcome="reverted", gates=(gate,),
        why=f"edge: failed: {gate.why}",
    )  # fmt: skip
    assert lesson(failed, Change(files={})) is None  # a constraint would tell the value
    with pytest.raises(Exception, match="about one step"):
        prompt("failing-input", Known(audit=Audit(requests=(), findings=()), attempts=(failed,)))
    for name in ("one-at-a-time", "cross-check"):
        assert value not in prompt(name, Known(audit=Audit(requests=(), findings=()), attempts=(failed,)))

    [shown] = prove("edge", get=["/rooms?seats=3"], reveal=True).gates
    assert f"seats={value}" in shown.why
