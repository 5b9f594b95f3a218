"""Runs the cases of tokens with the example's own interpreter, because PyJWT is nowhere else."""

from __future__ import annotations

import subprocess

import pytest
from contract_platform import ROOT, Platform, python

pytestmark = pytest.mark.xdist_group("discovery-contract")


def test_tokens(platform: Platform) -> None:
    done = subprocess.run(
        [python(), "-m", "pytest", "-q", "-o", "addopts=", "-p", "no:cacheprovider", "tests/token_cases.py"],
        cwd=ROOT, env=platform.environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout
