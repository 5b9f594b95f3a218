"""What the long runs did: scaled counts, figures of each run, one committed result of a whole run at full scale."""

from __future__ import annotations

import datetime
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks._result import machine

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
PAGE = HERE / "RESULTS.md"
SCALE = float(os.environ.get("LONG_SCALE") or 1)
Figure = int | float | str


def scaled(full: int, least: int = 1) -> int:
    """A count of a run: `full`, times LONG_SCALE where that is set, at least `least`."""
    return max(least, round(full * SCALE))


@dataclass
class Run:
    """One run: its name, what was done in a sentence, its figures, and how it ended."""

    name: str
    did: str
    figures: dict[str, Figure] = field(default_factory=dict)
    outcome: str = "not finished"
    seconds: float = 0.0


def write(runs: list[Run], load_before: float) -> None:
    """Write results.json and RESULTS.md; called only after all runs were done at full scale."""
    result = {
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"),
        "machine": machine(),
        "load_average": [round(load_before, 2), round(os.getloadavg()[0], 2)],
        "seconds": round(sum(run.seconds for run in runs)),
        "runs": [
            {"name": run.name, "did": run.did, "figures": run.figures, "outcome": run.outcome, "seconds": run.seconds}
            for run in runs
        ],
    }
    RESULTS.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    PAGE.write_text(page(result))


def page(result: dict[str, Any]) -> str:
    """The table of RESULTS.md."""
    where = result["machine"]
    lines = [
        "# Long runs",
        "",
        "Written by `make test-long`, which does all of it again.",
        "",
        f"{result['date']}, {where['processor']}, {where['cores']} cores, {where['memory_gib']} GiB, "
        f"{where['system']}, Python {where['python']}; load average {result['load_average'][0]} before and "
        f"{result['load_average'][1]} after; {result['seconds'] / 60:.0f} minutes.",
        "",
        "| run | what was done | figures | outcome |",
        "|---|---|---|---|",
    ]
    lines += [_row(run) for run in result["runs"]]
    return "\n".join(lines) + "\n"


def _row(run: dict[str, Any]) -> str:
    figures = "; ".join(f"{name} {_shown(value)}" for name, value in run["figures"].items())
    cells = (run["name"], run["did"], figures, f"{run['outcome']} ({run['seconds']:.0f} s)")
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _shown(value: Figure) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
