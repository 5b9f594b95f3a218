"""Runs the cases of sessions with the example's own interpreter, because Flask and Valkey are nowhere else."""

from __future__ import annotations

import subprocess

import pytest
from contract_platform import ROOT, python
from parts_ground import PartsGround

pytestmark = pytest.mark.xdist_group("discovery-parts")


def test_sessions(parts: PartsGround) -> None:
    done = subprocess.run(
        [python(), "-m", "pytest", "-q", "-o", "addopts=", "-p", "no:cacheprovider", "tests/session_cases.py"],
        cwd=ROOT, env=parts.environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout
