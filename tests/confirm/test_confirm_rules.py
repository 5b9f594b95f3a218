"""The rules of the verdict, what is learnt, and how time is shared out; no app is started."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subsecond.confirm import learn
from subsecond.confirm.baseline import Baseline
from subsecond.confirm.budget import Budget, in_turn, parts
from subsecond.confirm.learn import CannotLearnError, Known
from subsecond.confirm.measured import Measured
from subsecond.confirm.records import records
from subsecond.confirm.runner import candidate
from subsecond.confirm.trying import change_values
from subsecond.contract.compare import Comparison, Difference, Noise, Reply
from subsecond.measure.pairs import Sample, Timed, margin
from subsecond.measure.screening import Effect
from subsecond.model.entity import Entity, EntityColumn
from subsecond.model.experiment import Experiment, Learn
from subsecond.model.finding import Finding, Trial
from subsecond.model.sent import Sent
from subsecond.model.target import RequestSpec

FINDING = Finding(
    id="F1",
    key="k",
    kind="lazy-load",
    phase=2,
    request="r",
    requests=("r",),
    title="",
    file="a.py",
    line=1,
    function="f",
)
CATEGORY = Entity(name="shop.models:Category", table="categories")
REPLY = Reply(status=200, headers=(), body=b"")


def measured(saved: int, factor: float | None, *, promised: int = 0, equal: bool = True, **more: Any) -> Measured:
    """A trial whose fix takes `factor` of the base's 100 ms (None: no clock was read)."""
    source = random.Random(1)
    base = Baseline(
        spec=RequestSpec(name="r", method="GET", url="/"), reply=REPLY, noise=Noise(), counts={"queries": 20},
        unsteady=frozenset(), seconds=0.1, margin=more.pop("margin", margin(0.1, 0.01)), by_wall=False, slow=False,
    )  # fmt: skip
    saves = {"r": {"queries": promised}} if promised else {}
    found = [] if equal else [Difference(path="$.a", what="value", base="1", candidate="2")]
    one = Measured(FINDING, Experiment(fix="eager-load", saves=saves, **more), "r", base=base, acted=1)
    one.saved, one.comparison = {"queries": saved}, Comparison(differences=tuple(found), leaves=1)
    if factor is not None:
        runs = [0.1 * source.lognormvariate(0, 0.01) for _ in range(24)]
        one.timed = Timed(
            [(Sample(run, run), Sample(run * factor * source.lognormvariate(0, 0.01), 1)) for run in runs]
        )
    return one


@pytest.mark.parametrize(
    ("trial", "holds", "verdict", "why"),
    [
        (measured(19, 0.5, promised=19), False, "confirmed", "19 statements fewer, same response"),
        (measured(19, None, promised=19), False, "confirmed", "its seconds were not measured"),
        (measured(19, 1.0, promised=19), False, "confirmed", "do not stand out from the noise"),
        (measured(19, 1.3, promised=19), False, "refuted", "but it takes"),
        (measured(9, 0.5, promised=19), True, "not applied", "it saved 9 of the 19 statements it was to save"),
        (measured(19, 0.5, promised=19, equal=False), True, "inconclusive", "another one with this fix: $.a"),
        (measured(0, 0.5), True, "confirmed", "the gain is beyond the margin"),
        (measured(0, 1.0), False, "refuted", "below the margin"),
        (measured(0, 1.0, fidelity="lower bound"), False, "inconclusive", "lower bound"),
        (measured(0, 0.95), False, "inconclusive", "too near to the margin"),
        (measured(0, 0.5, margin=margin(0.004, 0.0)), False, "inconclusive", "too short to measure"),
        (measured(0, 1.0, fidelity="estimate"), True, "confirmed", ""),
    ],
)  # fmt: skip
def test_the_verdict_goes_by_integers_first_then_by_the_clock(
    trial: Measured, holds: bool, verdict: str, why: str
) -> None:
    line = trial.trial(holds)
    assert (line.verdict, why in line.why) == (verdict, True), line
    if trial.equal is False or verdict == "not applied":
        assert (line.gain_seconds, line.low, line.high) == (None, None, None)


def test_a_design_of_many_fixes_resolves_no_less_than_the_margin() -> None:
    """Three statements of 0.2 ms were told to save 113 ms: a design's own error leaves out how its fixes interact."""
    base = measured(3, None).base
    assert base is not None
    least = base.least.seconds
    for factor, stands_out in ((0.9, False), (1.5, True)):
        trial = measured(3, None, promised=3)
        gain = least * factor
        trial.effect = Effect(seconds=gain, low=gain * 0.8, high=gain * 1.2, error=gain / 10, degrees=10)
        line = trial.trial(False)
        assert (line.verdict, line.stands_out, "do not stand out" in line.why) == (
            "confirmed",
            stands_out,
            not stands_out,
        )
        assert line.gain_seconds == gain


def test_the_trial_that_tells_is_no_noise_of_another_request() -> None:
    noise = Trial(request="other", virtual_fix="x", verdict="confirmed", gain_seconds=0.075, low=-0.1, high=0.2)
    own = replace(noise, request="r", gain_seconds=0.002, queries_saved=4)
    small = replace(noise, gain_seconds=0.003, low=0.001, high=0.004)
    assert replace(FINDING, trials=(noise, own)).telling == own
    assert replace(FINDING, trials=(noise, own, small)).telling == small
    assert replace(FINDING, trials=(replace(own, verdict="refuted"), noise)).telling == noise
    assert FINDING.telling is None


def test_a_fix_that_changes_values_asks_whether_the_response_depends_on_it() -> None:
    for equal, verdict in ((True, "confirmed"), (False, "refuted")):
        trial = measured(0, None, equal=equal)
        trial.experiment = Experiment(fix="perturb")
        assert trial.trial(False).verdict == verdict
    trial.comparison = Comparison(differences=(Difference(path="status", what="status", base="200", candidate="500"),))
    assert trial.trial(False).verdict == "inconclusive"


def test_where_the_number_of_rows_is_needed_their_values_are_tried_too() -> None:
    experiments = (Experiment(fix="empty"), Experiment(fix="perturb"))
    task = SimpleNamespace(finding=FINDING, name="r", asked=SimpleNamespace(spec=None), experiments=experiments)
    for verdicts, wanted in (
        (["refuted", "confirmed"], ["empty", "perturb"]),
        (["inconclusive", "refuted"], ["empty", "perturb"]),
        (["confirmed"], ["empty"]),
    ):
        tried, said = list[str](), iter(verdicts)
        course: Any = SimpleNamespace(
            budget=Budget(60), runner=SimpleNamespace(restart=lambda: None), progress=lambda *_: None,
            base_of=lambda _: None, note=lambda _: None, told=lambda _, said=said: next(said), not_tried=lambda _: None,
            started=lambda _, one, tried=tried: (tried.append(one.fix), None),
        )  # fmt: skip
        change_values(course, [task])  # type: ignore[list-item]
        assert tried == wanted


def test_what_is_kept_back_is_there_at_the_end() -> None:
    now = [0.0]
    budget = Budget(100, clock=lambda: now[0], held=10)
    goes_on = budget.until(1000)
    now[0] = 89
    assert goes_on() and budget.left == 1
    now[0] = 91
    assert not goes_on() and budget.left == 0
    budget.held = 0.0
    assert budget.left == 9 and budget.until(5)()


@given(st.lists(st.floats(0, 100), min_size=1, max_size=30), st.floats(1, 1000))
def test_everyone_gets_a_turn_and_the_large_ones_more(costs: list[float], seconds: float) -> None:
    shared = parts(costs, seconds)
    assert all(part > 0 for part in shared)
    assert [shared[number] for number in sorted(range(len(costs)), key=costs.__getitem__)] == sorted(shared)


def test_a_run_takes_of_the_budget_what_the_wall_says() -> None:
    base = measured(1, None).base
    assert base is not None
    assert base.takes == base.seconds
    assert replace(base, wall=0.7).takes == 0.7


@pytest.mark.parametrize(("least", "parts_taken"), [(0, [50, 5, 5]), (15, [30, 15, 15]), (99, [20, 20, 20])])
def test_the_dearest_leaves_the_others_their_turn(least: float, parts_taken: list[float]) -> None:
    now = [5.0]
    budget = Budget(1000, clock=lambda: now[0])
    now[0] += 3
    taken = []
    for part in in_turn(budget, [90, 5, 5], 60, least):
        taken.append(part)
        now[0] += part  # each takes all that it may
    assert taken == parts_taken


def test_the_budget_ends_what_goes_on() -> None:
    now = [0.0]
    budget = Budget(10, clock=lambda: now[0])
    goes_on = budget.until(60)
    assert goes_on() and budget.left == 10
    now[0] = 10.5
    assert not goes_on() and budget.left == 0


SOURCE = """\
from flask import Flask


class Category:
    __tablename__ = "categories"


class Basket:
    @property
    def total(self):
        return sum(price_of(line) for line in self.lines)


def price_of(line):
    return lookup(line)


def lookup(line):
    return query(line)


def names(rows):
    for row in rows:
        query(row)


def lines():
    yield query(1)
"""


def chain(*lines: int) -> tuple[tuple[str, int], ...]:
    return tuple(("shop/basket.py", line) for line in lines)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "basket.py").write_text(SOURCE)
    return tmp_path


def test_the_function_is_the_one_that_a_loop_calls(project: Path) -> None:
    assert learn.function_of(chain(19, 15, 11), project) == "shop.basket:price_of"
    assert learn.function_of(chain(19), project) == "shop.basket:lookup"
    assert learn.function_of((*chain(19), ("shop/page.html", 3)), project) == "shop.basket:lookup"
    for lines, why in (((24,), "the loop sends the statement itself"), ((28,), "generator"), ((), "no function")):
        with pytest.raises(CannotLearnError, match=why):
            learn.function_of(chain(*lines), project)


def test_keys_statements_and_the_model_come_from_what_was_sent(project: Path) -> None:
    text = "SELECT categories.name FROM categories WHERE categories.id = %(pk_1)s"
    sent = [Sent(fingerprint="f", text=text, values=(value,)) for value in ("3", "'a'", "3")]
    experiment = Experiment(
        fix="batch", parameters={"x": 1},
        learn={
            "model": Learn(what="model", fingerprint="f", chain=chain(19)), "keys": Learn(what="keys", fingerprint="f"),
            "statements": Learn(what="statements", fingerprint="f"),
        },
    )  # fmt: skip
    found = learn.parameters(experiment, sent, Known(project, (CATEGORY,)))
    assert found == {"x": 1, "model": "Category", "keys": [3, "a"], "statements": [sent[0].hash]}
    assert learn.shown(experiment)["keys"] == "learnt: keys"  # the user's data stays out of what is written
    assert learn.keys_of([Sent(fingerprint="f", text=text, values=("1", "2"))]) == [[1, 2]]
    for values, why in ((("UUID('1')",), "no plain numbers or texts"), ((), "carries no values")):
        with pytest.raises(CannotLearnError, match=why):
            learn.keys_of([Sent(fingerprint="f", text=text, values=values)])
    with pytest.raises(CannotLearnError, match="was not sent in this request"):
        learn.parameters(experiment, [], Known(project))


def test_a_model_is_the_one_that_the_mapper_has_for_the_table() -> None:
    sent = Sent(fingerprint="f", text="SELECT * FROM app.user_group WHERE id = ?", values=("1",))
    group = Entity(name="shop.models.users:Group", table="user_group")
    admins = Entity(name="shop.models.users:Admins", table="user_group", parent=group.name)  # in the same table
    other = Entity(name="shop.models.users:User", table="users")
    assert learn.model_of(sent, (other, group, admins)) == "Group"
    for entities, why in (
        ((other,), "no class of"),
        ((group, replace(group, name="x:Team")), "several classes (Group, Team)"),
    ):
        with pytest.raises(CannotLearnError, match=re.escape(why)):
            learn.model_of(sent, entities)
    by_two = replace(sent, values=("1", "2"))
    column = EntityColumn(
        key="id",
        name="id",
        table="user_group",
        type="INTEGER",
        nullable=False,
        unique=True,
        primary_key=True,
        indexed=True,
    )
    assert learn.model_of(sent, (replace(group, columns=(column,)),)) == "Group"
    with pytest.raises(CannotLearnError, match="does not look up Group by its primary key"):
        learn.model_of(by_two, (replace(group, columns=(column,)),))


def test_an_equality_is_batched_by_the_one_value_that_changes(project: Path) -> None:
    experiment = Experiment(fix="batch-equality", learn={"keys": Learn(what="keys", fingerprint="f")})
    text = "SELECT 1 WHERE a = ? AND b = ?"
    dated = [Sent(fingerprint="f", text=text, values=(value, "datetime.date(2026, 1, 1)")) for value in "121"]
    assert learn.parameters(experiment, dated, Known(project)) == {"keys": [1, 2]}
    both = [Sent(fingerprint="f", text=text, values=(value, value)) for value in "12"]
    with pytest.raises(CannotLearnError, match="2 of its values change"):
        learn.parameters(experiment, both, Known(project))
    with pytest.raises(CannotLearnError, match="none of its values change"):
        learn.parameters(experiment, both[:1] * 2, Known(project))
    with pytest.raises(CannotLearnError, match="no plain numbers"):
        learn.parameters(replace(experiment, fix="batch"), dated, Known(project))
    sent = [Sent(fingerprint="f", text=text, values=(value, "'x'")) for value in "12"]
    assert learn.parameters(replace(experiment, fix="batch"), sent, Known(project)) == {"keys": [[1, "x"], [2, "x"]]}


def test_the_same_fix_of_two_findings_is_switched_on_once() -> None:
    one, other = candidate("one-connection", {}), candidate("eager-load", {"relation": "A.b"})
    index = candidate("index", {"table": "t", "columns": ["a"]})
    joined = one.joined(other, one, index, index)
    assert [fix["fix"] for fix in joined.fixes] == ["one-connection", "eager-load"]
    assert len(joined.indexes) == 1
    with pytest.raises(ValueError, match="an index needs `table`"):
        candidate("index", {"columns": ["a"]})


def test_a_gain_is_a_part_of_the_base_that_was_run_beside_it() -> None:
    one = measured(19, 0.2)
    assert one.timed is not None
    # The machine has become half as quick since the baseline was taken.
    one.timed = Timed([(Sample(2 * a.clock, 2 * a.wall), Sample(2 * b.clock, 2 * b.wall)) for a, b in one.timed.pairs])
    [record] = records([one])
    assert record.trial.gain_seconds is not None
    assert record.base_seconds == pytest.approx(0.2, rel=0.05)
    assert record.trial.gain_seconds / record.base_seconds == pytest.approx(0.8, abs=0.02)
