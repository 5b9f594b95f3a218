import contextlib
import datetime as dt
import os
import random
from collections.abc import Iterator

from sqlalchemy import MetaData, Table, create_engine

from . import engines
from .tables import (
    Alarm,
    Driver,
    Grant,
    Service,
    Trip,
    Vehicle,
    depots,
    inspections,
    meta,
    old,
    positions,
    rates,
    tolls,
)

DAY = dt.date(2026, 1, 1)


def ensure() -> None:
    write(engines.ARCHIVE, old, past(random.Random(5)))
    write(engines.PATH, meta, present(random.Random(3)))


def write(path: str, metadata: MetaData, content: Iterator[tuple[Table, list[dict]]]) -> None:
    if os.path.exists(path):
        return
    partial = f"{path}.{os.getpid()}"
    engine = create_engine(f"sqlite:///{partial}")
    metadata.create_all(engine)
    with engine.begin() as connection:
        for table, rows in content:
            connection.execute(table.insert(), rows)
    engine.dispose()
    with contextlib.suppress(FileExistsError):  # another worker was quicker
        os.link(partial, path)
    os.unlink(partial)


def past(rng: random.Random):
    yield (
        inspections,
        [
            {"vehicle": i % 600 + 1, "day": DAY - dt.timedelta(days=i % 900), "result": rng.choice(("good", "bad"))}
            for i in range(6000)
        ],
    )


def present(rng: random.Random):
    yield depots, [{"name": f"Depot {i}", "place": f"Town {i * i}", "region": "NESW"[i % 4]} for i in range(1, 21)]
    yield rates, [{"code": f"R{i:02}", "cents_per_km": 60 + i * 3, "title": f"Rate {i}"} for i in range(60)]
    yield tolls, [{"road": f"A{i}", "cents": 100 + i} for i in range(1, 61)]
    yield (
        Vehicle.__table__,
        [
            {
                "label": f"V{i:04}",
                "kind": ("van", "lorry", "trailer")[i % 3],
                "depot_id": i % 20 + 1,
                "mileage": rng.randint(1000, 300000),
                "lat": 47 + rng.random() * 7,
                "lon": 6 + rng.random() * 9,
            }
            for i in range(600)
        ],
    )
    yield Driver.__table__, [{"name": f"Driver {i}", "licence": "BCDE"[i % 4]} for i in range(300)]
    yield (
        Service.__table__,
        [
            {"vehicle_id": i % 600 + 1, "day": DAY - dt.timedelta(days=i % 500), "cents": rng.randint(2000, 90000)}
            for i in range(4800)
        ],
    )
    yield (
        Trip.__table__,
        [
            {
                "vehicle_id": rng.randint(1, 100),
                "driver_id": rng.randint(1, 300),
                "day": DAY + dt.timedelta(days=i % 120),
                "hour": rng.randint(0, 23),
                "metres": rng.randint(900, 700000),
                "rate": f"R{i % 60:02}",
                "closed": False,
            }
            for i in range(18000)
        ],
    )
    yield (
        Alarm.__table__,
        [
            {
                "depot_id": rng.randint(1, 20),
                "vehicle_id": rng.randint(1, 600),
                "day": DAY + dt.timedelta(days=i % 30),
                "level": i % 5,
                "text": f"alarm {i}",
            }
            for i in range(9000)
        ],
    )
    yield Grant.__table__, [{"user": f"user{i}", "depot_id": (i + j) % 20 + 1} for i in range(40) for j in range(3)]
    yield positions, [{"vehicle": i % 600 + 1, "minute": i // 600, "speed": rng.randint(0, 120)} for i in range(48000)]
