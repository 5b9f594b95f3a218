"""Query parameters: what counts as given, what is refused, and which parameter is blamed."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import pytest
from werkzeug.datastructures import MultiDict

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from discovery.errors import InvalidParameter  # noqa: E402  (the package is not installed)
from discovery.params import DiscoveryParams, detail_params, discovery_params, row_id  # noqa: E402

NAMES = (
    "city",
    "date",
    "start_time",
    "end_time",
    "capacity_min",
    "capacity_max",
    "category",
    "add_ons",
    "lat",
    "lng",
    "page",
    "page_size",
    "cache",
)


def given(**values: str) -> DiscoveryParams:
    return discovery_params(values)


def test_thirteen_parameters() -> None:
    assert len(NAMES) == len(DiscoveryParams.__dataclass_fields__) == 13


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", ["", " ", "0", "00", "0.0", " 0.00 ", "-0", "+0", "0.", ".0", "0e7", "0E-3", "\t0\n"])
def test_empty_and_zero_are_not_given(name: str, value: str) -> None:
    assert given(**{name: value}) == given()


def test_not_given() -> None:
    params = given()
    assert (params.page, params.page_size, params.add_ons, params.window, params.point) == (1, None, (), None, None)
    assert abs(params.day - dt.datetime.now(dt.UTC).date()) <= dt.timedelta(days=1)


def test_values_lose_their_blanks() -> None:
    params = given(
        city=" lisbon ", date=" 2026-10-14", start_time="09:30 ", end_time="17:05", capacity_min=" 007",
        add_ons=" a, b ,,a,c", lat="-8.5", lng=" 1e1 ", page="+2", cache=" yes ",
    )  # fmt: skip
    assert params.city == "lisbon"
    assert params.day == dt.date(2026, 10, 14)
    assert params.window == (dt.time(9, 30), dt.time(17, 5))
    assert params.capacity_min == 7
    assert params.add_ons == ("a", "b", "c")
    assert params.point == (-8.5, 10.0)
    assert (params.page, params.cache) == (2, "yes")


def test_midnight_is_a_time() -> None:
    assert given(start_time="00:00", end_time="00:30").window == (dt.time(0), dt.time(0, 30))


def test_half_a_window_or_a_point_is_none() -> None:
    assert given(start_time="10:00").window is None
    assert given(end_time="10:00", start_time="0").window is None
    assert given(lat="10", lng="0").point is None


def test_the_first_of_repeated_parameters_counts() -> None:
    assert discovery_params(MultiDict([("page", "3"), ("page", "x")])).page == 3
    assert discovery_params(MultiDict([("page", ""), ("page", "5")])).page == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("page", "-1"),
        ("page", "1.5"),
        ("page", "1000001"),
        ("page", "1_000"),
        ("page", "٣"),
        ("page", "9" * 5000),
        ("page_size", "x"),
        ("capacity_min", "-0.5"),
        ("capacity_max", "1e3"),
        ("capacity_max", "0x10"),
        ("lat", "90.001"),
        ("lat", "-91"),
        ("lat", "nan"),
        ("lat", "inf"),
        ("lng", "180.5"),
        ("lng", "1e999"),
        ("lng", "1,5"),
        ("date", "2026-2-3"),
        ("date", "2026-02-30"),
        ("date", "1999-12-31"),
        ("date", "2101-01-01"),
        ("date", "20260203"),
        ("date", "2026-02-03T00:00"),
        ("start_time", "24:00"),
        ("start_time", "9:00"),
        ("end_time", "09:60"),
        ("end_time", "09:00:00"),
        ("city", "a\0b"),
        ("category", "\0"),
        ("add_ons", "a,\0"),
    ],
)
def test_wrong_values_are_refused(name: str, value: str) -> None:
    with pytest.raises(InvalidParameter) as caught:
        given(**{name: value})
    assert caught.value.parameter == name
    assert caught.value.status == 400
    assert name in caught.value.message


@pytest.mark.parametrize("end", ["10:00", "09:59", "00:00"])
def test_end_must_follow_start(end: str) -> None:
    with pytest.raises(InvalidParameter) as caught:
        given(start_time="10:00", end_time=end)
    assert caught.value.parameter == "end_time"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("page", "1000000"),
        ("lat", "90"),
        ("lat", "-90.0"),
        ("lng", "-180"),
        ("date", "2000-01-01"),
        ("date", "2100-12-31"),
    ],
)
def test_limits_are_allowed(name: str, value: str) -> None:
    assert given(**{name: value}) is not None


def test_the_first_wrong_parameter_of_the_contract_is_named() -> None:
    with pytest.raises(InvalidParameter) as caught:
        given(page="x", date="x", lat="x")
    assert caught.value.parameter == "date"


def test_detail_reads_the_date_only() -> None:
    assert detail_params({"date": "2026-10-14", "page": "x"}).day == dt.date(2026, 10, 14)


def test_ids_that_no_row_can_have() -> None:
    assert (row_id(7), row_id(2**31 - 1), row_id(2**31), row_id(10**30)) == (7, 2**31 - 1, 0, 0)
