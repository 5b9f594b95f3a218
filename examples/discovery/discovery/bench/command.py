"""`python -m discovery bench`."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from discovery.bench import arms, machine, measure, render
from discovery.bench.client import Request
from discovery.external.auth import keys
from discovery.ground import databases, platform, ports, postgres, processes, services, valkey
from discovery.ground.data.calendar import HOLIDAYS
from discovery.ground.failure import Failure
from discovery.settings import BENCH_DATE, DEMO_CITY, DEMO_LOCATION_ID, DEMO_USER_ID, ROOT, var_folder

CALM = 1.0  # load average above which wall times are not to be trusted


def requests(token: str) -> list[Request]:
    """The two requests that are measured."""
    if any((month, day) == (BENCH_DATE.month, BENCH_DATE.day) for _, month, day, _ in HOLIDAYS):
        raise Failure(f"{BENCH_DATE} is a holiday: the short answer would be measured; choose another BENCH_DATE")
    return [
        Request("discovery", f"/v1/discovery?city={DEMO_CITY}&date={BENCH_DATE}"),
        Request("detail", f"/v1/locations/{DEMO_LOCATION_ID}/detail?date={BENCH_DATE}", token),
    ]


@contextmanager
def database_server(scale: str, seed: int) -> Iterator[databases.Server]:
    """A server with the data: the platform's if it runs, else one for the time of the block."""
    with platform.exclusive():
        alive = platform.alive_records()
        started = not (postgres.NAME in alive or os.environ.get("DATABASE_URL"))
        names = frozenset({postgres.NAME}) if started else frozenset()
        with platform.Start(names):
            server = platform.start_postgres(ports.unused() if started else 0, alive)
            platform.ensure_data(server, scale, seed)
    try:
        yield server
    finally:
        if started:
            for record in processes.read_all(platform.run_folder()):
                if record.name == postgres.NAME:
                    processes.stop(platform.run_folder(), record)


@contextmanager
def keyvalue_server() -> Iterator[str]:
    """The URL of a key-value store: the user's, the platform's if it runs, else one for the time of the block."""
    given, run, var = os.environ.get(valkey.VARIABLE), platform.run_folder(), var_folder()
    running = [one for one in processes.read_all(run) if one.name == valkey.NAME and processes.is_alive(one)]
    if given or running:
        yield valkey.check_foreign(given) if given else valkey.url(var, running[0].port)
        return
    port = ports.unused()
    service = next(one for one in services.SERVICES if one.name == valkey.NAME)
    services.start([(service, port)], var, run, "")
    try:
        yield valkey.url(var, port)
    finally:
        for record in processes.read_all(run):
            if record.name == valkey.NAME:
                processes.stop(run, record)


def _load() -> float:
    """The load average; a busy machine is worth a warning."""
    value = machine.load()
    if value > CALM:
        measure.say(f"warning: load average {value}: something else is running, seconds are too long")
    return value


def collect(scale: str, seed: int, delay: float, *, quick: bool, beside: Path | None = None) -> dict[str, Any]:
    """Measure everything; returns what the JSON file holds. delay in seconds; beside: see `arms.opened`."""
    before = _load()
    loop = machine.loop_seconds()
    with database_server(scale, seed) as server, keyvalue_server() as keyvalue:
        jwks = keys.ensure(var_folder() / "keys")
        token = keys.sign(keys.load(jwks.parent), DEMO_USER_ID, lifetime=86_400)
        with databases.connected(server.url) as connection:
            version = str(connection.info.parameter_status("server_version"))
        with arms.opened(server, scale, delay, jwks, keyvalue, beside=beside) as opened:
            effort = measure.QUICK if quick else measure.THOROUGH
            asked = requests(token)
            endpoints = {request.name: measure.endpoint(opened, request, effort) for request in asked}
            cached = response_cache(opened["optimized"], asked[0])
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": machine.describe(version),
        "scale": scale,
        "rtt_ms": round(delay * 1000, 3),
        "load_average": before,
        "endpoints": endpoints,
        "response_cache": cached,
        "load_average_after": machine.load(),
        "loop_seconds": [loop, machine.loop_seconds()],
        "quick": quick,
        "seed": seed,
        "bench_date": str(BENCH_DATE),
    }


def response_cache(arm: arms.Arm, request: Request) -> dict[str, Any]:
    """The figures of answers from the key-value store, with what they were taken under."""
    before = machine.load()
    figures = measure.response_cache(arm, request)
    return {"date": datetime.now(UTC).strftime("%Y-%m-%d"), "load_average": before, **figures}


def run(given: argparse.Namespace) -> int:
    """Run the verb; returns the exit code."""
    try:
        delay = arms.harness_module("proxy").parse_delay(given.rtt)
    except ValueError as error:
        raise Failure(f"--rtt: {error}") from None
    beside = _beside(given)
    with platform.ending_tidily():
        result = collect(given.scale, given.seed, delay, quick=given.quick, beside=beside)
    _warn_about_counts(result)
    print(json.dumps(result, indent=1) if given.json else render.terminal(result))
    if given.write_results:
        folder = ROOT / "results"
        folder.mkdir(exist_ok=True)
        (folder / f"{given.scale}.json").write_text(json.dumps(result, indent=1) + "\n")
        file = ROOT / "RESULTS.md"
        file.write_text(render.markdown(result, render.kept(file.read_text() if file.exists() else "")))
        measure.say(f"wrote RESULTS.md and results/{given.scale}.json")
    return 0


def _beside(given: argparse.Namespace) -> Path | None:
    """The folder of the third arm. Raises Failure where it holds no such application."""
    if given.beside is None:
        return None
    if given.write_results:
        raise Failure("--beside and --write-results: RESULTS.md is about the two versions alone; give one of them")
    folder = Path(given.beside).absolute()
    if not (folder / "discovery" / "legacy" / "wsgi.py").is_file() or not (folder / "alembic.ini").is_file():
        raise Failure(f"--beside {given.beside}: there is no discovery/legacy with its alembic.ini")
    return folder


def _warn_about_counts(result: dict[str, Any]) -> None:
    for name, versions in result["endpoints"].items():
        for version, figures in versions.items():
            if figures["queries"] != figures["queries_client"]:
                measure.say(
                    f"warning: {name} of {version}: the server counted {figures['queries']} statements, "
                    f"the application {figures['queries_client']}"
                )
