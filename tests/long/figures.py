"""What the long runs did: scaled counts, figures of each run, their last results at full scale, committed."""

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
    """Put runs at full scale into results.json and RESULTS.md; the others keep their rows, each with its own date."""
    date = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d")
    load = [round(load_before, 2), round(os.getloadavg()[0], 2)]
    rows = {row["name"]: row for row in json.loads(RESULTS.read_text())["runs"]} if RESULTS.exists() else {}
    for run in runs:
        told = {
            "name": run.name,
            "did": run.did,
            "figures": run.figures,
            "outcome": run.outcome,
            "seconds": run.seconds,
        }
        rows[run.name] = {**told, "date": date, "load_average": load}
    result = {"machine": machine(), "runs": list(rows.values())}
    RESULTS.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    PAGE.write_text(page(result))


def page(result: dict[str, Any]) -> str:
    """The table of RESULTS.md."""
    where = result["machine"]
    lines = [
        "# Long runs",
        "",
        "Written by `make test-long`, which does all of it again; each row is its last run at full scale. *Load*: the",
        "machine's load average before and after all that ran with it.",
        "",
        f"{where['processor']}, {where['cores']} cores, {where['memory_gib']} GiB, {where['system']}, "
        f"Python {where['python']}.",
        "",
        "| run | what was done | figures | outcome | date | load |",
        "|---|---|---|---|---|---|",
    ]
    lines += [_row(run) for run in result["runs"]]
    return "\n".join(lines) + "\n"


def _row(run: dict[str, Any]) -> str:
    figures = "; ".join(f"{name} {_shown(value)}" for name, value in run["figures"].items())
    load = ", ".join(map(str, run["load_average"]))
    cells = (run["name"], run["did"], figures, f"{run['outcome']} ({run['seconds']:.0f} s)", run["date"], load)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _shown(value: Figure) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
