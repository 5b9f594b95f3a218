"""The slow application, the outcome of a run and the version written by hand, measured side by side.

By the example's own bench: a copy of the database and two gunicorn workers each, one delay for all, in turns.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.optimize.export import unpack
from benchmarks.optimize.platform import EXAMPLE, Platform, stop

NAMES = {"before": "legacy", "after": "beside", "hand_optimized": "optimized"}
SECONDS = 7200.0


def measured(project: Path, commit: str, platform: Platform, scale: str, rtt: str, *, quick: bool) -> dict[str, Any]:
    """The bench's whole outcome, `commit` of the exported project as its third arm.

    `scale` may be another one than the platform runs with: the bench makes that data beside it on the same server.
    """
    with tempfile.TemporaryDirectory(prefix="subsecond-benchmark-") as folder:
        unpack(project, commit, Path(folder))
        command = [
            sys.executable, "-m", "discovery", "bench", "--scale", scale, "--rtt", rtt, "--json", "--beside", folder,
            *(["--quick"] if quick else []),
        ]  # fmt: skip
        done = subprocess.run(
            command, cwd=EXAMPLE, env=platform.environment, stdout=subprocess.PIPE, check=False, timeout=SECONDS
        )
    if done.returncode:
        raise stop("the example's bench failed; its own lines above say why")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def endpoints(found: dict[str, Any]) -> dict[str, dict[str, dict[str, Any]]]:
    """The bench's outcome in the form of `optimize.json`: endpoint -> before, after, hand_optimized -> figures."""
    return {
        name: {ours: _figures(versions[theirs]) for ours, theirs in NAMES.items()}
        for name, versions in found["endpoints"].items()
    }


def _figures(one: dict[str, Any]) -> dict[str, Any]:
    names = ("queries", "session_sites", "sessions", "rows", "errors_20_clients", "requests_20_clients")
    return {"seconds": one["seconds_median"], **{name: one[name] for name in names}}


def table(found: dict[str, dict[str, dict[str, Any]]]) -> str:
    """The same for a reader."""
    heads = ("before", "after", "hand_optimized")
    lines = []
    for name, sides in found.items():
        lines.append(f"{name:24}" + "".join(f"{head:>18}" for head in heads))
        for figure in sides["before"]:
            values = (sides[head][figure] for head in heads)
            lines.append(f"  {figure:22}" + "".join(f"{'-' if value is None else value:>18}" for value in values))
    return "\n".join(lines)
