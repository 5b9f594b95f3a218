"""The example's OpenAPI document, tried with thousands of generated requests."""

from __future__ import annotations

from pathlib import Path

import openapi_cases
import pytest
from booking_ground import BookingGround
from contract_platform import started

from tests.long.figures import SCALE, Run, scaled

pytestmark = pytest.mark.long
CASES = 2000
EACH = 75
"""Generated requests for an operation; of the 20 operations some have hardly any inputs."""


@pytest.mark.parametrize("version", ["optimized", "legacy"])
def test_schemathesis(run: Run, tmp_path: Path, version: str) -> None:
    """schemathesis sends 2,000 generated requests to a version of the example: no 500, no undocumented answer."""
    with started(tmp_path / "platform") as (state, environment):
        ground = BookingGround(state, environment, version)
        found = openapi_cases.run(ground, tmp_path, each=scaled(EACH), phases="examples,coverage,fuzzing",
                                  seed=20260101, limit=850)  # fmt: skip
        log = (ground.var / "log" / f"{version}.log").read_text(errors="replace")
    run.figures["requests"] = found.cases
    assert found.good, found.printed[-6000:]
    assert found.cases >= CASES * SCALE
    assert "Traceback" not in log
