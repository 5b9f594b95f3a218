"""The text of a pull request names what changed, why it may be trusted, and how to take it back."""

from __future__ import annotations

from subsecond.model.attempt import Attempt
from subsecond.model.finding import Finding
from subsecond.model.proof import GateVerdict
from subsecond.report.summary import summary

PATCH = """diff --git a/shop/views.py b/shop/views.py
--- a/shop/views.py
+++ b/shop/views.py
@@ -1,2 +1,3 @@
-rooms = all_rooms()
+rooms = (
+    all_rooms(load="photos"))
 return rooms
"""


def test_a_kept_attempt_as_a_pull_request() -> None:
    finding = Finding(
        id="F1", key="k", kind="lazy-load", phase=2, request="rooms", requests=("rooms", "room"),
        title="Room.photos loaded 8 times", file="shop/views.py", line=36, function="rooms", queries=8, seconds=0.0123,
    )  # fmt: skip
    gates = (GateVerdict(gate="contract", verdict="passed", why="40 answers | all equal"),)
    attempt = Attempt(
        number=4, step="S1", finding="F1", kind="lazy-load", proposer="fixer eager-load", base="a" * 40,
        commit="b" * 40, patch=PATCH, outcome="kept", gates=gates,
    )  # fmt: skip
    lines = summary(attempt, finding).splitlines()
    assert lines[0] == "# lazy-load: Room.photos loaded 8 times"
    assert "`shop/views.py:36` in `rooms`, seen in rooms, room." in lines
    assert "Recorded cost in one request: 8 statements, 12.3 ms of database time." in lines
    assert "| contract | passed | 40 answers \\| all equal |" in lines
    assert "- `shop/views.py`: +2 -1" in lines
    assert f"Proposed by fixer eager-load; attempt 4, commit `{'b' * 40}`." in lines
