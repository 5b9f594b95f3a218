"""The generated data: always the same, and with everything in it that the contract speaks of."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from discovery.ground.data.scales import SCALES, shares  # noqa: E402
from discovery.ground.data.tables import TABLES, digest, lines  # noqa: E402
from discovery.ground.data.world import World  # noqa: E402
from discovery.settings import BENCH_DATE, DEFAULT_SEED, DEMO_LOCATION_ID, DEMO_USER_ID  # noqa: E402

Rows = dict[str, list[dict[str, str]]]


@pytest.fixture(scope="module")
def small() -> Rows:
    """All rows of the small data, by table."""
    world = World.build(DEFAULT_SEED, SCALES["small"])
    return {
        table.name: [
            dict(zip(table.columns.split(), line.rstrip("\n").split("\t"), strict=True)) for line in lines(table, world)
        ]
        for table in TABLES
    }


def _digest_elsewhere(hash_seed: str) -> str:
    code = (
        "from discovery.ground.data.tables import digest; from discovery.ground.data.scales import SCALES;"
        f"print(digest({DEFAULT_SEED}, SCALES['small']))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, capture_output=True, text=True,
                          env={"PYTHONHASHSEED": hash_seed})  # fmt: skip
    return done.stdout.strip()


def test_the_same_seed_gives_the_same_bytes() -> None:
    assert len({digest(DEFAULT_SEED, SCALES["small"]), _digest_elsewhere("1"), _digest_elsewhere("2")}) == 1


def test_another_seed_gives_other_data() -> None:
    assert digest(1, SCALES["small"]) != digest(2, SCALES["small"])


@pytest.mark.parametrize("name", SCALES)
def test_the_numbers_of_rows(name: str) -> None:
    scale = SCALES[name]
    divisor = {"small": 100, "medium": 10, "full": 1}[name]
    assert scale.bookings == 2_000_000 // divisor
    assert scale.item_add_ons == 600_000 // divisor


def test_ids_are_unique_and_counts_exact(small: Rows) -> None:
    for name, rows in small.items():
        assert len({row["id"] for row in rows}) == len(rows), name
    scale = SCALES["small"]
    counts = {name: len(rows) for name, rows in small.items()}
    for name, wanted in (("items", scale.items), ("bookings", scale.bookings), ("item_add_ons", scale.item_add_ons),
                         ("reviews", scale.reviews), ("users", scale.users), ("config", 400), ("statuses", 8),
                         ("categories", 12), ("add_ons", 40), ("cities", 40)):  # fmt: skip
        assert counts[name] == wanted


def _at_most_once(rows: list[dict[str, str]], *columns: str) -> bool:
    return max(Counter(tuple(row[column] for column in columns) for row in rows).values()) == 1


def test_what_the_contract_promises(small: Rows) -> None:
    assert _at_most_once(small["item_add_ons"], "item_id", "add_on_id")
    assert _at_most_once(small["location_hours"], "location_id", "weekday")
    assert not _at_most_once(small["price_rules"], "item_id", "weekday")
    assert all(row["starts_at"] < row["ends_at"] for row in small["bookings"] + small["item_blocks"])
    assert all(row["opens"] < row["closes"] for row in small["location_hours"])
    keys = {row["key"]: row["value"] for row in small["config"] if row["kind"] != "group"}
    used = ("max_candidates", "page_size", "max_items", "currency")
    assert [keys[key] for key in used] == ["500", "20", "10", "EUR"]


def test_gaps_and_edges_are_there(small: Rows) -> None:
    places = {row["id"] for row in small["locations"]}
    lisbon = {row["id"] for row in small["locations"] if row["city_id"] == "1"}
    for table in ("reviews", "location_photos"):
        without = places - {row["location_id"] for row in small[table]}
        assert without & lisbon, table
    weekday = str(BENCH_DATE.weekday())
    closed = lisbon - {row["location_id"] for row in small["location_hours"] if row["weekday"] == weekday}
    assert closed
    assert str(DEMO_LOCATION_ID) not in closed
    assert {row["status"] for row in small["locations"]} > {"1"}
    assert "17" not in {row["id"] for row in small["users"]}
    assert "17" in {row["user_id"] for row in small["permissions"]}
    assert any(row["starts_at"][:10] != row["ends_at"][:10] for row in small["bookings"])
    assert any(row["starts_at"][11:16] < "07:00" for row in small["bookings"])
    assert sum(row["starts_at"].startswith(str(BENCH_DATE)) for row in small["bookings"]) > 200
    prices = Counter(row["hourly_price"] for row in small["items"])
    assert max(prices.values()) > 5


def test_no_holiday_on_the_bench_date(small: Rows) -> None:
    assert str(BENCH_DATE) not in {row["day"] for row in small["holidays"]}
    assert BENCH_DATE.weekday() < 5


def test_the_demo_user_may_read_everything(small: Rows) -> None:
    rights = {(row["scope"], row["location_id"]) for row in small["permissions"] if row["user_id"] == str(DEMO_USER_ID)}
    assert ("location:read", "\\N") in rights


def _weights() -> Iterator[list[float]]:
    yield [1.0]
    yield [1 / rank for rank in range(1, 41)]
    yield [0.1, 0.2, 5.0, 0.0]


@pytest.mark.parametrize("weights", list(_weights()))
def test_shares_add_up(weights: list[float]) -> None:
    for total in (0, 1, 7, 2000):
        found = shares(total, weights)
        assert sum(found) == total
        assert min(found) >= 0
