"""The CRM hears of every booking and cancellation once, whatever is killed, slow or out of order."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from booking_ground import BookingGround, send
from contract_platform import ROOT, discovery, python

pytestmark = [pytest.mark.xdist_group("discovery-booking"), pytest.mark.long]

USER = 1
SOON = 45.0  # seconds; on an idle machine everything here takes less than 15
SERVER = """
from urllib.parse import urlsplit
from discovery import settings
from discovery.ground import platform, postgres, processes
run, var = platform.run_folder(), settings.var_folder()
port = urlsplit(settings.database_url("optimized")).port
"""
STOP = f"{SERVER}processes.stop(run, next(one for one in processes.read_all(run) if one.name == postgres.NAME))"
START = f"{SERVER}postgres.start(var, run, postgres.prepare(var), port)"


class Crm:
    """The CRM of the platform: what it knows, and how to disturb it."""

    def __init__(self, ground: BookingGround) -> None:
        self.ground = ground
        self.port = int(ground.state["crm_url"].rpartition(":")[2])

    def fault(self, **what: float) -> None:
        """Answers with a status, or after seconds, from now on; nothing ends it."""
        assert send(self.port, "POST", "/fault", what).status == 200

    def told(self, booking: int, version: str = "optimized") -> list[str]:
        """Kinds of the events about a booking, in the order in which they came."""
        file = self.ground.var / "crm" / "events.jsonl"
        events = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        ids = self.ground.on(version).sql(
            "SELECT args->'event'->>'id' FROM procrastinate.procrastinate_jobs"
            " WHERE (args->'event'->'booking'->>'id')::int = %s",
            booking,
        )
        return [event["kind"] for event in events if event["id"] in ids]

    def hears(self, booking: int, *kinds: str, version: str = "optimized") -> None:
        """Waits until it was told exactly that, and checks that it stays so."""
        until(lambda: len(self.told(booking, version)) >= len(kinds))
        until(lambda: {job[0] for job in jobs(self.ground.on(version), booking)} == {"succeeded"})
        assert self.told(booking, version) == list(kinds)


def until(condition: Callable[[], bool], seconds: float = SOON) -> None:
    """Waits for it."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s"
        time.sleep(0.1)


def jobs(ground: BookingGround, booking: int) -> list[tuple[str, int]]:
    """Status and number of tries of a booking's jobs."""
    return ground.sql(
        "SELECT status::text, attempts FROM procrastinate.procrastinate_jobs"
        " WHERE (args->'event'->'booking'->>'id')::int = %s ORDER BY id",
        booking,
    )


def pid(ground: BookingGround, name: str) -> int:
    """The process of a part."""
    return int(json.loads((ground.var / "run" / f"{name}.pid").read_text())["pid"])


def has_ended(process: int) -> bool:
    """Whether it is gone; one that nobody has collected yet has no command line any more."""
    try:
        return not Path(f"/proc/{process}/cmdline").read_bytes()
    except FileNotFoundError:
        return True


def in_example(ground: BookingGround, code: str) -> None:
    """Runs code with the example's interpreter, which finds the platform."""
    done = subprocess.run(
        [python(), "-c", code], cwd=ROOT, env=ground.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


def up(ground: BookingGround) -> None:
    """Starts what does not run."""
    done = discovery(ground.environment, "up")
    assert done.returncode == 0, done.stderr


@pytest.fixture
def crm(bookings: BookingGround) -> Iterator[Crm]:
    """The CRM, in order again afterwards."""
    found = Crm(bookings)
    yield found
    up(bookings)
    found.fault()


def booked_quickly(ground: BookingGround) -> Any:
    """A booking; no part of a request waits for the CRM."""
    wish = ground.item().wish()
    ground.token(USER)
    began = time.monotonic()
    made = ground.booked(USER, wish)
    assert time.monotonic() - began < 4.0  # the CRM would keep us for 5 s or more
    return made["id"]


@pytest.mark.parametrize("version", ["legacy", "optimized"])
def test_it_hears_of_bookings_and_cancellations(bookings: BookingGround, crm: Crm, version: str) -> None:
    ground = bookings.on(version)
    booking = booked_quickly(ground)
    assert ground.ask("POST", f"/v1/bookings/{booking}/cancel", USER).status == 200
    crm.hears(booking, "booking.created", "booking.cancelled", version=version)


def test_a_failing_one_is_told_later_and_in_order(bookings: BookingGround, crm: Crm) -> None:
    crm.fault(status=503)
    booking = booked_quickly(bookings)
    assert bookings.ask("POST", f"/v1/bookings/{booking}/cancel", USER).status == 200
    until(lambda: jobs(bookings, booking)[0][1] >= 2)
    assert [status for status, _ in jobs(bookings, booking)][1] == "todo"  # waits for the first
    assert crm.told(booking) == []
    crm.fault()
    crm.hears(booking, "booking.created", "booking.cancelled")


def test_a_dead_one_is_told_when_it_is_back(bookings: BookingGround, crm: Crm) -> None:
    os.kill(pid(bookings, "crm"), signal.SIGKILL)
    booking = booked_quickly(bookings)
    until(lambda: jobs(bookings, booking)[0][1] >= 1)
    assert bookings.ask("GET", f"/v1/bookings/{booking}", USER).json["status"] == "confirmed"
    up(bookings)
    crm.hears(booking, "booking.created")


def test_a_slow_one_keeps_what_it_was_told_twice_once(bookings: BookingGround, crm: Crm) -> None:
    crm.fault(seconds=6)  # the worker waits 5
    booking = booked_quickly(bookings)
    until(lambda: jobs(bookings, booking)[0][1] >= 1)
    until(lambda: crm.told(booking) == ["booking.created"])  # although the worker gave that try up
    crm.fault()
    crm.hears(booking, "booking.created")
    assert jobs(bookings, booking)[0][1] >= 2


def test_a_worker_killed_in_mid_job(bookings: BookingGround, crm: Crm) -> None:
    crm.fault(seconds=3)
    booking = booked_quickly(bookings)
    until(lambda: jobs(bookings, booking)[0][0] == "doing")
    os.kill(pid(bookings, "worker"), signal.SIGKILL)
    crm.fault()
    up(bookings)
    crm.hears(booking, "booking.created")
    assert jobs(bookings, booking) == [("succeeded", 2)]


def test_a_worker_that_is_asked_to_end_finishes_its_job(bookings: BookingGround, crm: Crm) -> None:
    crm.fault(seconds=2)
    booking = booked_quickly(bookings)
    until(lambda: jobs(bookings, booking)[0][0] == "doing")
    worker = pid(bookings, "worker")
    os.kill(worker, signal.SIGTERM)
    until(lambda: has_ended(worker))
    assert jobs(bookings, booking) == [("succeeded", 1)]
    assert crm.told(booking) == ["booking.created"]


def test_a_booking_that_is_rolled_back_has_no_job(bookings: BookingGround) -> None:
    done = subprocess.run(
        [python(), str(ROOT / "tests" / "booking_probe.py")], input=json.dumps(bookings.item().wish()),
        capture_output=True, text=True, env=bookings.environment, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    rows = json.loads(done.stdout)
    assert rows["within"] == [count + 1 for count in rows["before"]]
    assert rows["before"] == rows["seen by others"] == rows["after"]


def test_after_a_restart_of_postgresql_everybody_goes_on(bookings: BookingGround, crm: Crm) -> None:
    items = bookings.items(12)
    first = bookings.booked(USER, items[0].wish())
    crm.hears(first["id"], "booking.created")
    for _ in range(8):  # so that both workers hold connections, which will be dead
        assert bookings.ask("GET", "/v1/bookings", USER).status == 200
    in_example(bookings, STOP)
    for refused in (bookings.book(USER, items[1].wish(), "lost"), bookings.ask("GET", "/v1/bookings", USER)):
        assert refused.error == (503, "unavailable", None)
    in_example(bookings, START)
    assert bookings.book(USER, items[1].wish(), "lost").status == 201
    made = [bookings.booked(USER, item.wish()) for item in items[2:]]
    for booking in (made[0], made[-1]):
        crm.hears(booking["id"], "booking.created")
