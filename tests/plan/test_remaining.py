"""What is left of a plan on changed code: matched by key, then by sight; what one look can miss stays."""

from __future__ import annotations

from dataclasses import replace

from subsecond.model.experiment import Experiment
from subsecond.model.finding import Finding, Place
from subsecond.model.plan import Step
from subsecond.plan.remaining import remaining


def finding(name: str, **fields: object) -> Finding:
    given: dict[str, object] = {
        "id": name, "key": f"key of {name}", "kind": "lazy-load", "phase": 2, "request": "rooms",
        "requests": ("rooms",), "title": name, "file": "shop.py", "line": 3, "function": "rooms", "queries": 9,
        "fingerprint": f"Room.{name}", **fields,
    }  # fmt: skip
    return Finding(**given)  # type: ignore[arg-type]


def step(one: Finding) -> tuple[Step, Finding]:
    return Step(
        id=one.id.replace("F", "S"), phase=2, finding=one.id, kind=one.kind, title=one.title, file=one.file,
        line=one.line, requests=one.requests, gain_seconds=None, fidelity=None, proof="attempt", risk="", measure="",
        revert="",
    ), one  # fmt: skip


def test_a_step_with_one_statement_left_of_many_is_gone() -> None:
    known = finding("F1", experiments=(Experiment(fix="eager-load", saves={"rooms": {"queries": 8}}),))
    left = replace(known, queries=1, experiments=(Experiment(fix="eager-load", saves={"rooms": {"queries": 0}}),))
    index = finding("F2", experiments=(Experiment(fix="index"),))
    rest = remaining([step(known), step(index)], [known, index], [left, index], unseen=(), looked={"rooms"})
    assert [one.finding for one in rest.gone] == ["F1"]
    assert [finding.id for _, finding in rest.steps] == ["F2"]


def test_a_step_about_check_outs_is_gone_with_its_finding_and_one_by_the_clock_is_not() -> None:
    counted = finding(
        "F1", queries=0, experiments=(Experiment(fix="one-connection", saves={"rooms": {"checkouts": 7}}),)
    )
    timed = finding("F2", queries=0)
    rest = remaining([step(counted), step(timed)], [counted, timed], [], unseen=(), looked={"rooms"})
    assert [one.finding for one in rest.gone] == ["F1"]


def test_steps_follow_their_findings() -> None:
    same, moved, gone = finding("F1"), finding("F2"), finding("F3")
    timed, unseen, job = (
        finding("F4", queries=0),
        finding("F5", kind="missing-index"),
        finding("F6", request="job send"),
    )
    known = [same, moved, gone, timed, unseen, job]
    now = [
        replace(same, id="F1", line=8, cause=Place(file="models.py", line=5, function="")),
        replace(moved, id="F2", key="another", function="listed", file="lists.py", line=4),
        finding("F3", key="fresh", fingerprint="Room.owner"),
    ]
    found = remaining([step(one) for one in known], known, now, unseen=("missing-index",), looked={"rooms"})
    assert [one.finding for one, _ in found.steps] == ["F1", "F2", "F4", "F5", "F6"]
    assert [(one.file, one.line) for one, _ in found.steps][:2] == [("models.py", 5), ("lists.py", 4)]
    assert [one.id for _, one in found.steps] == ["F1", "F2", "F4", "F5", "F6"]
    assert [one.finding for one in found.gone] == ["F3"]
    assert [(one.id, one.key) for one in found.new] == [("F7", "fresh")]


def test_nothing_is_gone_where_nothing_has_changed() -> None:
    known = [finding(f"F{number}") for number in (1, 2, 3)]
    found = remaining([step(one) for one in known[1:]], known, known[::-1], unseen=(), looked={"rooms"})
    assert [one for _, one in found.steps] == known[1:] and found.gone == () and found.new == ()


def test_a_statement_that_was_joined_to_more_is_still_the_same_finding() -> None:
    rooms = "select rooms.id from rooms where rooms.size > ?"
    joined = "select rooms.id, owners_1.id from rooms left outer join owners as owners_1 on ? where rooms.size > ?"
    known = finding("F1", kind="paginate-in-app", fingerprint=rooms)
    again = replace(known, id="F1", key="another", fingerprint=joined)
    rest = remaining([step(known)], [known], [again], unseen=(), looked={"rooms"})
    assert [(one.id, one.key) for _, one in rest.steps] == [("F1", "another")] and rest.gone == () and rest.new == ()
    two = [again, replace(again, key="a third", fingerprint=f"{joined} limit ?")]
    rest = remaining([step(known)], [known], two, unseen=(), looked={"rooms"})
    assert [one.finding for one in rest.gone] == ["F1"] and len(rest.new) == 2
