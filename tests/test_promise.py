"""What a change for a finding has to show: counts where the recording or its writer promises them, else seconds."""

from __future__ import annotations

from dataclasses import replace

from subsecond.model.audit import Interval, RequestResult
from subsecond.model.experiment import Experiment
from subsecond.model.finding import Finding, Trial
from subsecond.model.promise import Promise
from subsecond.promise import promise, saves_counts, spent, too_little


def finding(*experiments: Experiment, trials: tuple[Trial, ...] = ()) -> Finding:
    return Finding(
        id="F1", key="k", kind="x", phase=2, request="a", requests=("a", "b"), title="t", file="f.py", line=1,
        function="f", experiments=experiments, trials=trials,
    )  # fmt: skip


def trial(request: str, verdict: str, low: float) -> Trial:
    return Trial(request=request, virtual_fix="index", verdict=verdict, low=low)  # type: ignore[arg-type]


def test_the_writers_own_promise_goes_before_the_recordings() -> None:
    seen = Experiment(fix="eager-load", saves={"a": {"queries": 9}})
    assert promise(finding(seen), {"a": {"queries": 3}}) == Promise(counts={"a": {"queries": 3}})
    assert promise(finding(seen), {"a": {"queries": 0}}) == Promise(counts={"a": {"queries": 9}})


def test_of_several_experiments_the_least_and_of_a_mere_bound_that_some_fall() -> None:
    many = Experiment(fix="eager-load", saves={"a": {"queries": 9}, "b": {"queries": 4}})
    fewer = Experiment(fix="batch", saves={"a": {"queries": 7}}, fidelity="lower bound")
    assert promise(finding(many, fewer)) == Promise(counts={"a": {"queries": 7}, "b": {"queries": 4}})
    assert promise(finding(fewer)).lines == ["a: at least 4 queries fewer"]
    guess = Experiment(fix="memoise", saves={"a": {"queries": 8}}, fidelity="estimate")
    assert promise(finding(many, guess)) == promise(finding(many))
    bound = Experiment(fix="paginate", saves={"a": {"rows": 900}}, fidelity="upper bound")
    assert promise(finding(bound)) == Promise(counts={"a": {"rows": 1}})


def test_what_saves_no_count_becomes_faster_where_a_trial_saw_it() -> None:
    index = Experiment(fix="index")
    assert promise(finding(index)) == Promise(faster=("a",))
    assert promise(finding(index)).lines == ["a: faster beyond the noise, with parameters never asked before"]
    trials = (trial("a", "refuted", 0.0), trial("b", "confirmed", 0.01))
    assert promise(finding(index, trials=trials)) == Promise(faster=("b",))
    counted_only = (trial("b", "confirmed", -0.01),)
    assert promise(finding(index, trials=counted_only)) == Promise(faster=("a",))


def test_a_count_that_falls_without_an_experiment_is_promised_too() -> None:
    again = replace(finding(), seconds=0.001, saves={"a": {"queries": 1}}, untestable="it has to be sorted")
    assert promise(again) == Promise(counts={"a": {"queries": 1}})
    assert saves_counts(again) and not spent(again)
    assert too_little(again, [result("a", 0.46)]) == ""


def result(name: str, seconds: float) -> RequestResult:
    interval = Interval(median=seconds, low=seconds, high=seconds)
    return RequestResult(name=name, method="GET", url="/a", status=200, seconds=interval)


def test_what_costs_less_than_a_gain_must_exceed_is_too_little() -> None:
    """Above 167 ms a gain must exceed 3 %, below it 5 ms."""
    index, now = replace(finding(Experiment(fix="index")), seconds=0.008), [result("b", 0.01), result("a", 0.46)]
    why = "it saves at most 8 ms of 460 ms of a, and a gain must exceed 13.8 ms; audit on more data"
    assert too_little(index, now) == why
    assert too_little(index, [result("a", 0.1)]) == ""
    assert too_little(replace(index, seconds=0.004), [result("a", 0.1)]) != ""
    assert too_little(replace(index, seconds=None), now) == too_little(index, []) == ""
    counted = replace(index, experiments=(Experiment(fix="batch", saves={"a": {"queries": 1}}),))
    assert too_little(counted, now) == ""
    assert too_little(replace(index, trials=(trial("a", "confirmed", 0.1),)), now) == ""
