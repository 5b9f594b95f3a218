"""The benchmarks start, keep out of each other's way, and their results have the agreed keys."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
QUICK = ROOT / "benchmarks" / "results" / "capture_overhead.quick.json"
REQUIRED = {"nothing_again", "ours", "ours_timed", "opentelemetry", "sentry", "sentry_call_sites"}
"""Variants whose packages the development environment has; other peers may be skipped, but must be counted then."""


def run(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """`python -m WORDS`, with the lock of the benchmarks in `folder`, so that a real run elsewhere is no matter."""
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def test_names_are_listed(tmp_path: Path) -> None:
    done = run("benchmarks", folder=tmp_path)
    assert done.returncode == 0
    assert "capture_overhead" in done.stdout.split()
    assert not [name for name in done.stdout.split() if name.startswith("_")]


def test_a_second_benchmark_ends_at_once(tmp_path: Path) -> None:
    lock = tmp_path / f"subsecond-benchmarks-{os.getuid()}.lock"
    with lock.open("w") as held:
        held.write("4711")
        held.flush()
        fcntl.flock(held, fcntl.LOCK_EX)
        done = run("benchmarks.capture_overhead", "--quick", folder=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "benchmark-running: another one runs (pid 4711); wait for it\n"
    assert done.stdout == ""


@pytest.mark.long
def test_quick_run_gives_the_agreed_keys(tmp_path: Path) -> None:
    QUICK.unlink(missing_ok=True)
    done = run("benchmarks.capture_overhead", "--quick", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    result = json.loads(QUICK.read_text())
    assert {"date", "machine", "load_average", "slowdown_500_queries", "share_difference_points"} <= result.keys()
    assert result["us_per_query"].keys() >= REQUIRED
    assert result["us_per_query"].keys() | result["skipped"].keys() >= REQUIRED | {"queryspy", "ddtrace"}
    assert 0.3 < result["slowdown_500_queries"] < 3
    assert 0 <= result["share_difference_points"] < 100
    seen = result["queries_seen_of_50"]
    assert min(seen[name] for name in REQUIRED & seen.keys() - {"nothing_again"}) >= 50  # or it would look cheap
    for where in result["shares"].values():
        assert all(80 < sum(parts.values()) < 120 for parts in where["percent"].values())  # medians, part by part
    assert len(result["budgets"]) == 5
    assert f"{len(result['skipped'])} observers skipped" in done.stdout
    assert not list(tmp_path.glob("subsecond-benchmark-*"))
