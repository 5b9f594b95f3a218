"""Student's t against its table."""

from __future__ import annotations

import pytest

from subsecond.measure import student


@pytest.mark.parametrize(
    ("degrees", "tail", "t"),
    [(1, 0.025, 12.7062), (3, 0.025, 3.18245), (10, 0.05, 1.81246), (19, 0.025, 2.09302), (30, 0.005, 2.74999)],
)
def test_quantiles_are_those_of_the_table(degrees: int, tail: float, t: float) -> None:
    assert student.quantile(tail, degrees) == pytest.approx(t, rel=1e-5)
    assert student.above(t, degrees) == pytest.approx(tail, rel=1e-4)
    assert student.above(-t, degrees) == pytest.approx(1 - tail, rel=1e-4)
