"""`results/optimize.json`: what each run reached; a new one takes the place of the last of its kind."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import _result
from subsecond.model.attempt import Attempt

FULL = "full"


def run_figures(
    attempts: Sequence[Attempt], endpoints: dict[str, Any], minutes: float, conditions: dict[str, Any]
) -> dict[str, Any]:
    """One run in the file's form. `refused`: where the proposer itself, or a constraint, said no."""
    count = {outcome: sum(one.outcome == outcome for one in attempts) for outcome in ("kept", "reverted")}
    refused = [{"kind": one.kind, "why": one.why} for one in attempts if one.outcome == "refused"]
    return {"endpoints": endpoints, **count, "minutes": round(minutes, 1), "refused": refused, "conditions": conditions}


def write(name: str, figures: dict[str, Any], load_before: float, *, full: bool) -> Path:
    """Put the run `name` beside the others of the same file (`optimize.quick.json` unless on the full data)."""
    path = _result.RESULTS / ("optimize.json" if full else "optimize.quick.json")
    runs = json.loads(path.read_text())["runs"] if path.exists() else {}
    return _result.write("optimize", load_before, {"runs": {**runs, name: figures}}, quick=not full)
