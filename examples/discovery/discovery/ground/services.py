"""The processes of the platform besides PostgreSQL, as data: a new one is one more line in SERVICES."""

from __future__ import annotations

import http.client
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path

from discovery.ground import gunicorn, processes, valkey, worker
from discovery.ground.failure import Failure
from discovery.ground.ports import HOST
from discovery.settings import ROOT

LARGEST_LOG = 20_000_000  # bytes
# What would lead our processes elsewhere. Telemetry is switched on for the parts that have some.
OURS = ("DISCOVERY_DATABASE_URL", "DISCOVERY_JWKS", "GUNICORN_CMD_ARGS", "PYTHONHOME")
TELEMETRY = "OTEL_EXPORTER_OTLP_ENDPOINT"


def environment(var: Path) -> dict[str, str]:
    """What our processes see: the package on the path, the folder, and nothing that would lead them elsewhere."""
    clean = {key: value for key, value in os.environ.items() if key not in OURS and not key.startswith("OTEL_")}
    return clean | {"PYTHONPATH": str(ROOT), "DISCOVERY_VAR": str(var)}


def telemetry(endpoint: str) -> dict[str, str]:
    """What lets a part send traces, metrics and logs; the user's own OTEL_ variables count before ours."""
    ours = {
        TELEMETRY: endpoint,
        "OTEL_EXPORTER_OTLP_TIMEOUT": "2",
        "OTEL_METRIC_EXPORT_INTERVAL": "10000",
        "OTEL_BSP_SCHEDULE_DELAY": "2000",
        "OTEL_BLRP_SCHEDULE_DELAY": "2000",
    }
    return ours | {key: value for key, value in os.environ.items() if key.startswith("OTEL_")}


@dataclass(frozen=True, slots=True)
class Service:
    """One process: its name is also the name of its port."""

    name: str
    order: int  # started in this order, those of one number side by side; stopped in the other
    command: Callable[[Path, int], list[str]]  # of the platform's folder and the port
    limit: float = 60.0  # seconds until it must be healthy
    database: bool = False  # holds connections, which are dead when the server is started anew
    answers: Callable[[Path, processes.Record], bool] = lambda var, record: healthy(record.port)
    port: bool = True
    telemetry: bool = False
    instead: str | None = None  # the variable that names a server to use instead

    @property
    def wanted(self) -> bool:
        """Whether we start it: not when the user has one of their own."""
        return not (self.instead and os.environ.get(self.instead))


def _external(name: str, instead: str | None = None) -> Service:
    return Service(name, 10, lambda var, port: gunicorn.external(name, port), instead=instead)


def _application(version: str) -> Service:
    return Service(version, 20, lambda var, port: gunicorn.application(version, port), database=True, telemetry=True)


SERVICES = (
    Service(
        valkey.NAME,
        5,
        valkey.command,
        answers=lambda var, record: valkey.answers(valkey.url(var, record.port)),
        instead=valkey.VARIABLE,
    ),
    _external("auth"),
    _external("cache"),
    _external("crm"),
    _external("otlp", instead=TELEMETRY),
    Service(
        "worker",
        15,
        lambda var, port: [sys.executable, "-m", "discovery.crm_sync"],
        database=True,
        answers=lambda var, record: worker.beats(),
        port=False,
    ),
    _application("legacy"),
    _application("optimized"),
)


def healthy(port: int) -> bool:
    """Whether /healthz answers 200 within two seconds."""
    connection = http.client.HTTPConnection(HOST, port, timeout=2.0)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _size(log: Path) -> int:
    """Bytes in a log; one that has grown too large is begun anew (the legacy version writes a megabyte a request)."""
    if log.is_file() and log.stat().st_size > LARGEST_LOG:
        log.unlink()
    return log.stat().st_size if log.exists() else 0


def start(wanted: list[tuple[Service, int]], var: Path, run: Path, endpoint: str) -> None:
    """Start services in their order, each when those before it are healthy; raises Failure for the first that is not.

    endpoint: where telemetry goes.
    """
    for _, group in groupby(sorted(wanted, key=lambda one: one[0].order), key=lambda one: one[0].order):
        begun = [(service, *_launch(service, port, var, run, endpoint)) for service, port in group]
        for service, record, written in begun:
            await_health(run, record, service.limit, written, partial(service.answers, var, record))


def _launch(service: Service, port: int, var: Path, run: Path, endpoint: str) -> tuple[processes.Record, int]:
    """Start one; returns its record and how much its log held before."""
    log = var / "log" / f"{service.name}.log"
    written = _size(log)
    record = processes.launch(
        run,
        name=service.name,
        order=service.order,
        command=service.command(var, port),
        environment=environment(var) | (telemetry(endpoint) if service.telemetry else {}),
        port=port,
        log=log,
        cwd=ROOT,
        signals=(signal.SIGTERM, signal.SIGKILL),
        patience=10.0,
    )
    return record, written


def await_health(
    run: Path,
    record: processes.Record,
    limit: float,
    log_from: int = 0,
    answers: Callable[[], bool] | None = None,
) -> None:
    """Wait until the process answers; stops it and raises Failure when it ends before or takes longer than limit."""
    asked = answers or (lambda: healthy(record.port))
    processes.wait_until(lambda: asked() or processes.has_ended(record), limit)
    if processes.is_alive(record) and asked():
        return
    ended = processes.has_ended(record)
    processes.stop(run, record)
    with open(record.log, "rb") as handle:
        handle.seek(log_from)
        tail = [line for line in handle.read(1_000_000).decode(errors="replace").splitlines() if line.strip()][-6:]
    what = "ended before it was ready" if ended else f"did not answer within {limit:.0f} s"
    where = f"{record.name} on port {record.port}" if record.port else record.name
    raise Failure(f"{where} {what}", *tail, f"log: {record.log}")
