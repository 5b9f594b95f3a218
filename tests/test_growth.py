"""Growth is fitted on counts over a factor of 8, or it is not known."""

from __future__ import annotations

import pytest

from subsecond.diagnose.growth import growth_of
from subsecond.model.finding import Finding
from subsecond.model.growth import Grown
from subsecond.model.trace import Span, Trace

FINDING = Finding(
    id="F1", key="", kind="n-plus-one-query", phase=2, request="list", requests=("list",), title="", file="shop.py",
    line=1, function="rooms", fingerprint="select name from owners where id = ?",
)  # fmt: skip


def run(size: int, mine: int, others: int = 1, parameter: str = "size") -> Grown:
    """One recording with `mine` statements of the finding and others."""
    texts = [*["SELECT name FROM owners WHERE id = ?"] * mine, *["SELECT 1 FROM rooms"] * others]
    spans = tuple(
        Span(name="query", parent=None, start=0.0, seconds=0.0, attributes={"db.query.text": text}) for text in texts
    )
    trace = Trace(
        request="list", mode="recording", id="", pid=1, start=0, seconds=0.1, cpu_seconds=0.1, gc_seconds=0.0,
        method="GET", path="/", query="", counts={"queries": len(spans), "rows": 0}, spans=spans,
    )  # fmt: skip
    return Grown(request="list", parameter=parameter, size=size, trace=trace)


@pytest.mark.parametrize(
    ("counts", "exponent"),
    [((5, 10, 20, 40), 1.0), ((1, 4, 16, 64), 2.0), ((6, 11, 21, 41), 0.93), ((1, 1, 1, 1), None)],
)
def test_counts_give_the_exponent(counts: tuple[int, ...], exponent: float | None) -> None:
    runs = [run(size, mine) for size, mine in zip((5, 10, 20, 40), counts, strict=True)]
    assert growth_of(FINDING, runs) == exponent


def test_what_stays_while_the_request_grows_does_not_grow() -> None:
    assert growth_of(FINDING, [run(size, 3, others=size) for size in (5, 10, 20, 40)]) == 0.0


def test_otherwise_it_is_not_known() -> None:
    assert growth_of(FINDING, []) is None
    assert growth_of(FINDING, [run(size, size) for size in (5, 10, 20)]) is None  # three sizes
    assert growth_of(FINDING, [run(size, size) for size in (5, 6, 7, 8)]) is None  # too near
    assert growth_of(FINDING, [run(size, min(size, 12)) for size in (5, 10, 20, 40)]) is None  # a limit of the app's
    assert growth_of(FINDING, [run(size, 10) for size in (1, 2, 4, 8)]) is None  # a page's number, not its size
