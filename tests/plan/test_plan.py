"""The plan: order, what it promises, what it leaves out."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from subsecond import store
from subsecond.measure.processes import foreseen
from subsecond.model.audit import Audit, Interval, RequestResult
from subsecond.model.finding import Finding, Trial
from subsecond.model.plan import Plan
from subsecond.model.trial import MeasuredSet, Saving, Trials, WeighedIndex
from subsecond.plan.stage import plan


def finding(name: str, phase: int | None, *, seconds: float = 0.2, trials: tuple[Trial, ...] = ()) -> Finding:
    return Finding(
        id=name, key=name, kind="lazy-load", phase=phase, request="rooms", requests=("rooms",), title=f"title {name}",
        file="shop.py", line=3, function="rooms", seconds=seconds, trials=trials,
    )  # fmt: skip


def trial(verdict: str, gain: float | None = None, why: str = "") -> Trial:
    return Trial(
        request="rooms", virtual_fix="eager-load", verdict=verdict, fidelity="measured", gain_seconds=gain, why=why
    )


def audit(*findings: Finding) -> Audit:
    result = RequestResult(
        name="rooms", method="GET", url="/rooms", status=200, queries=50,
        seconds=Interval(median=2.0, low=1.9, high=2.1),
    )  # fmt: skip
    return Audit(requests=(result,), findings=findings)


def together(saved: float, shares: dict[str, float], *, base: float = 2.0, equal: bool = True) -> Trials:
    whole = MeasuredSet(
        request="rooms", findings=tuple(shares), base_seconds=base, queries_before=50, queries_after=3,
        saving=Saving(seconds=saved, low=saved - 0.1, high=saved + 0.1), response_equal=equal, shares=shares,
    )  # fmt: skip
    return Trials(sets=(whole,))


def test_steps_come_by_phase_what_is_proven_first_and_refuted_ones_are_left_out_with_the_reason() -> None:
    found = plan(
        audit(
            finding("F1", 5, trials=(trial("confirmed", 0.1),)),
            finding("F2", 2, trials=(trial("not testable"),), seconds=0.9),
            finding("F3", 2, trials=(trial("confirmed", 0.4),)),
            finding("F4", 1, trials=(trial("refuted", None, "no count fell"),)),
            finding("F5", None),
        ),
        together(0.5, {"F1": 0.1, "F3": 0.4}),
        1.0,
    )
    assert [(one.id, one.finding, one.proof) for one in found.steps] == [
        ("S1", "F3", "trial"), ("S2", "F2", "attempt"), ("S3", "F1", "trial"), ("S4", "F5", "attempt"),
    ]  # fmt: skip
    assert found.steps[1].gain_seconds == 0.9 and found.steps[1].fidelity == "upper bound"
    assert [(one.finding, one.why) for one in found.left_out] == [("F4", "refuted by eager-load: no count fell")]


def test_seconds_now_and_saved_are_of_the_same_runs_where_trials_added_a_round_trip() -> None:
    one = finding("F1", 2, trials=(trial("confirmed", 4.0),))
    far = replace(together(4.0, {"F1": 4.0}, base=6.0), rtt_seconds=0.002)
    found = plan(audit(one), far, 1.0)
    rooms = found.endpoints["rooms"]
    assert (rooms.now_seconds, rooms.predicted_seconds) == (6.0, 2.0)  # recorded without the round trip: 2 s
    assert any("2 ms added to each round trip" in note for note in found.notes)
    assert plan(audit(one), replace(far, rtt_seconds=None), 1.0).endpoints["rooms"].now_seconds == 2.0


def test_what_a_step_leaves_is_told_only_where_each_was_left_out_once() -> None:
    both = [finding(name, 2, trials=(trial("confirmed", 0.5),)) for name in ("F1", "F2")]
    trials = together(1.5, {"F1": 0.5, "F2": 1.0})
    assert [one.predicted for one in plan(audit(*both), trials, None).steps] == [{"rooms": 1.5}, {"rooms": 0.5}]
    [whole] = trials.sets
    partly = replace(trials, sets=(replace(whole, shares={"F1": 0.5}),))
    assert [one.predicted for one in plan(audit(*both), partly, None).steps] == [{}, {"rooms": 0.5}]


def test_an_index_tells_its_price_and_one_that_is_not_worth_it_is_left_out() -> None:
    index = replace(trial("confirmed", 0.4), virtual_fix="index")
    found = plan(
        audit(finding("F1", 1, trials=(index,)), finding("F2", 1, trials=(index,))),
        Trials(indexes=(weighed("F1", "loans (reader)"), weighed("F2", "loans (day)", "the others do its work"))),
        1.0,
    )
    assert [one.finding for one in found.steps] == ["F1"]
    assert found.steps[0].risk.endswith("(12 MB, 0.007 ms for each row written)")
    assert [(one.finding, one.why) for one in found.left_out] == [
        ("F2", "index loans (day) is not worth its price: the others do its work")
    ]


def weighed(name: str, text: str, why: str = "") -> WeighedIndex:
    return WeighedIndex(
        findings=(name,), index=text, seconds=0.4, bytes=12_000_000, write_seconds=7e-6, kept=not why, why=why
    )


def test_a_prediction_is_the_set_measured_at_once_not_the_sum_of_gains() -> None:
    confirmed = [finding(name, 2, trials=(trial("confirmed", 1.5),)) for name in ("F1", "F2")]
    found = plan(audit(*confirmed), together(1.6, {"F1": 0.9, "F2": 0.7}), 0.5)
    end = found.endpoints["rooms"]
    assert end.predicted_seconds is not None and abs(end.predicted_seconds - 0.4) < 1e-9
    assert end.meets_goal is True and end.queries_predicted == 3
    assert [one.predicted["rooms"] for one in found.steps] == sorted(
        (one.predicted["rooms"] for one in found.steps), reverse=True
    )
    assert abs(found.steps[-1].predicted["rooms"] - 0.4) < 1e-9


def test_the_trial_s_clock_counts_as_a_share_of_the_seconds_a_client_waits() -> None:
    found = plan(audit(finding("F1", 2, trials=(trial("confirmed", 0.5),))), together(0.5, {"F1": 0.5}, base=1.0), None)
    assert found.endpoints["rooms"].predicted_seconds == 1.0
    assert found.endpoints["rooms"].meets_goal is None


def test_confirmed_fixes_that_were_not_tried_at_once_promise_nothing() -> None:
    confirmed = [finding(name, 2, trials=(trial("confirmed", 0.5),)) for name in ("F1", "F2")]
    found = plan(audit(*confirmed), Trials(), 1.0)
    assert found.endpoints["rooms"].predicted_seconds is None
    assert found.endpoints["rooms"].meets_goal is None
    assert any("not tried all at once" in one for one in found.notes)


def test_a_set_that_changes_the_response_promises_nothing() -> None:
    confirmed = finding("F1", 2, trials=(trial("confirmed", 0.5),))
    found = plan(audit(confirmed), together(0.5, {"F1": 0.5}, equal=False), 1.0)
    assert found.endpoints["rooms"].predicted_seconds is None


def test_what_remains_of_an_endpoint_that_misses_the_goal_is_split_as_the_measured_set_was() -> None:
    confirmed = finding("F1", 2, trials=(trial("confirmed", 0.5),))
    [whole] = together(0.5, {"F1": 0.5}, base=1.0).sets
    trials = Trials(sets=(replace(whole, left={"database": 0.1, "python": 0.3, "waiting": 0.1}),))
    end = plan(audit(confirmed), trials, 0.8).endpoints["rooms"]
    assert end.predicted_seconds == 1.0 and end.meets_goal is False
    assert end.remains == {"database": 0.2, "python": 0.6, "waiting": 0.2}
    assert plan(audit(confirmed), trials, 1.2).endpoints["rooms"].remains == {}
    assert plan(audit(confirmed), together(0.5, {"F1": 0.5}), 0.8).endpoints["rooms"].remains == {}


def test_without_a_confirmed_fix_nothing_changes_and_the_goal_is_told_as_missed() -> None:
    found = plan(audit(finding("F1", 3)), Trials(), 1.0)
    assert found.endpoints["rooms"].predicted_seconds == 2.0
    assert found.endpoints["rooms"].meets_goal is False
    assert plan(audit(finding("F1", 3)), None, None).notes[0].startswith("no trial was run")


@given(
    st.lists(st.tuples(st.sampled_from([0, 1, 2, 3, 4, 5, None]), st.floats(0.01, 1.0)), min_size=1, max_size=8),
    st.floats(0.0, 1.9),
)
def test_predictions_never_rise_and_end_at_the_whole_set(parts: list[tuple[int | None, float]], saved: float) -> None:
    findings = [finding(f"F{n}", phase, trials=(trial("confirmed", gain),)) for n, (phase, gain) in enumerate(parts)]
    shares = {f"F{n}": gain for n, (_, gain) in enumerate(parts)}
    found = plan(audit(*findings), together(saved, shares), None)
    seconds = [one.predicted["rooms"] for one in found.steps]
    assert all(later <= earlier + 1e-9 for earlier, later in pairwise(seconds))
    assert abs(seconds[-1] - (2.0 - saved)) < 1e-9
    assert store.from_json(store.to_json(found), Plan, "plan") == found


def test_a_gain_is_foreseen_with_what_differs_between_processes() -> None:
    sure = replace(trial("confirmed", 0.4), low=0.39, high=0.41)
    noise = replace(trial("confirmed", 0.4), low=-0.1, high=0.9, queries_saved=3)
    first, second = plan(audit(finding("F1", 2, trials=(sure,)), finding("F2", 2, trials=(noise,))), None, None).steps
    assert (first.gain_seconds, second.gain_seconds, second.queries_saved) == (0.4, None, 3)
    assert first.gain_low is not None and first.gain_high is not None
    assert 0 < first.gain_low < 0.39 and 0.41 < first.gain_high < 0.8, "a request of 2 s differs by some percent"
    assert (second.gain_low, second.gain_high) == (None, None)


@given(st.floats(0.01, 100), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_what_is_foreseen_is_never_surer_than_the_trial(base: float, share: float, below: float, above: float) -> None:
    gain = base * share
    low, high = gain - below * base, gain + above * base
    found = foreseen(gain, low, high, base)
    assert found.low <= low and found.high >= high
    assert found.high - found.low < (high - low) + 2 * base, "but it says something still"
