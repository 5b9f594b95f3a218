"""The rule by which the detection benchmark scores: what is found, missed, a false alarm, unlabelled, refuted."""

from __future__ import annotations

from typing import Any

from benchmarks.detection import judge, peers

PLANTED = {"request": "list", "kind": "lazy-load", "planted": True, "file": "shop/models.py", "function": "Order.total"}
NEAR = {"request": "card", "near": "lazy-load", "why": "one row"}


def said(kind: str, request: str, function: str = "Order.total", **more: Any) -> dict[str, Any]:
    """A finding as `audit --json` gives it."""
    where = {"file": "shop/models.py", "line": 7, "function": function, "cause": None}
    return {"kind": kind, "requests": [request], **where, "trials": [], **more}


def score(*findings: dict[str, Any], labels: tuple[dict[str, Any], ...] = (PLANTED, NEAR)) -> tuple[int, int, int]:
    """(found, false alarms, unlabelled)"""
    told = judge.judge(labels, findings)
    return told["found"], told["false_alarms"], told["unlabelled_findings"]


def test_found_is_kind_file_and_last_part_of_the_function_on_that_request() -> None:
    assert score(said("lazy-load", "list", "total")) == (1, 0, 0)
    assert score(said("lazy-load", "card", "total")) == (0, 1, 0)
    assert score(said("lazy-load", "list", "Order.lines")) == (0, 0, 0)
    assert score(said("lazy-load", "list", file="shop/views.py")) == (0, 0, 0)
    assert score(said("n-plus-one-query", "list")) == (0, 0, 1)


def test_a_miss_tells_where_the_kind_was_said_instead() -> None:
    [miss] = judge.judge([PLANTED], [said("lazy-load", "list", "Order.lines")])["missed"]
    assert miss["said_at"] == ["shop/models.py:7 Order.lines"] and miss["wanted"] == "shop/models.py Order.total"


def test_places_and_kinds_that_are_as_good() -> None:
    label = {**PLANTED, "accept": ["n-plus-one-query"], "also_at": [{"file": "shop/views.py", "function": "index"}]}
    assert score(said("n-plus-one-query", "list", "index", file="shop/views.py"), labels=(label,)) == (1, 0, 0)


def test_what_is_true_beside_a_planted_defect_counts_for_nothing() -> None:
    other = {"request": "list", "kind": "several-sessions", "planted": False, "file": "a.py", "function": "f"}
    assert score(said("several-sessions", "list"), labels=(PLANTED, other)) == (0, 0, 0)


def test_a_near_miss_is_one_alarm_at_most_and_none_where_the_finding_is_true() -> None:
    assert score(said("lazy-load", "card", "a"), said("lazy-load", "card", "b")) == (0, 1, 0)
    assert score(said("lazy-load", "card"), labels=({**PLANTED, "request": "card"}, NEAR)) == (1, 0, 0)
    assert score(said("over-fetched-columns", "card")) == (0, 0, 1)


def test_recall_and_precision_over_applications() -> None:
    right, wrong = judge.judge([PLANTED], [said("lazy-load", "list")]), judge.judge([NEAR], [said("lazy-load", "card")])
    whole = judge.together([right, wrong, judge.judge([PLANTED], [])])
    assert (whole["recall"], whole["precision"]) == (0.5, 0.5)
    assert whole["by_kind"] == {"lazy-load": {"planted": 2, "found": 1, "false_alarms": 1}}
    assert judge.judge([], [])["precision"] is None


def test_a_refuted_finding_is_gone_for_that_request_alone() -> None:
    trials = [{"request": "list", "verdict": "refuted"}, {"request": "card", "verdict": "inconclusive"}]
    [left] = judge.standing([said("lazy-load", "list", requests=["list", "card"], trials=trials)])
    assert left["requests"] == ["card"]
    confirmed = [*trials, {"request": "list", "verdict": "confirmed"}]
    assert judge.standing([said("lazy-load", "list", trials=confirmed)])
    assert judge.standing([said("lazy-load", "list", trials=trials)]) == []
    assert judge.proven([said("lazy-load", "list", trials=trials)]) == []
    assert judge.proven([said("lazy-load", "list", trials=confirmed)])


def test_causes_and_lines_are_counted_apart() -> None:
    label = {**PLANTED, "lines": [6, 8], "cause": {"file": "shop/models.py", "function": "Order.lines"}}
    told = judge.judge([label], [said("lazy-load", "list", cause={"file": "shop/models.py", "function": "lines"})])
    assert (told["causes_right"], told["causes_given"], told["lines_right"]) == (1, 1, 1)
    assert judge.judge([label], [said("lazy-load", "list", line=9)])["lines_right"] == 0


def test_the_plain_rule_wants_the_same_text_from_the_same_stack() -> None:
    frame, other = ({"file": "shop/models.py", "line": line, "function": "total"} for line in (7, 8))
    spans = [{"stack": [place], "attributes": {"db.query.text": "SELECT 1"}} for place in (frame, frame, other)]
    [claim] = peers.plain_rule({"traces": [{"request": "list", "mode": "recording", "spans": spans}]})
    assert claim["requests"] == ["list"] and (claim["line"], claim["title"]) == (7, "SELECT 1 x2")
    assert peers.plain_rule({"traces": [{"request": "list", "mode": "timed", "spans": spans}]}) == []


def test_a_claim_without_a_place_fits_the_labels_that_peers_are_judged_by() -> None:
    claim = {"kind": peers.REPEATED, "requests": ["list"], "file": None, "line": None, "function": None}
    labels = peers.claimed([PLANTED, NEAR, {"request": "all", "kind": "missing-index", "planted": True}])
    assert score(claim, labels=tuple(labels)) == (1, 0, 0)
    assert judge.judge(labels, [])["planted"] == 1
