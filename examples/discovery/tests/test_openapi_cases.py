"""A sample of generated requests against the document; `make test-long` sends more than 2,000 to each version."""

from __future__ import annotations

from pathlib import Path

import openapi_cases
import pytest
from booking_ground import BookingGround
from site_ground import GROUP

pytestmark = pytest.mark.xdist_group(GROUP)


@pytest.mark.parametrize("ground", ["optimized", pytest.param("legacy", marks=pytest.mark.long)], indirect=True)
def test_no_500_and_no_undocumented_answer(ground: BookingGround, tmp_path: Path) -> None:
    found = openapi_cases.run(ground, tmp_path, each=6, phases="examples,fuzzing", seed=20260101, limit=180)
    assert found.good, found.printed[-6000:]
    assert found.cases >= 100
    assert "Traceback" not in (ground.var / "log" / f"{ground.version}.log").read_text(errors="replace")
