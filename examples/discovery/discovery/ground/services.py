"""The processes of the platform besides PostgreSQL, as data: a new one is one more line in SERVICES."""

from __future__ import annotations

import http.client
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from discovery.ground import processes
from discovery.ground.failure import Failure
from discovery.ground.ports import HOST
from discovery.settings import ROOT

WORKERS = 2
LARGEST_LOG = 20_000_000  # bytes
WORKER_TIMEOUT = 120  # seconds; a request of the legacy version may compute longer than gunicorn's 30


def gunicorn(
    target: str, port: int, *, kind: str = "gevent", workers: int = WORKERS, more: tuple[str, ...] = ()
) -> list[str]:
    """The command of a WSGI server for `module:app` on a port."""
    # The control socket would lie in the user's home folder, one for all servers.
    return [
        sys.executable,
        "-m",
        "gunicorn",
        "--worker-class",
        kind,
        "--workers",
        str(workers),
        "--bind",
        f"{HOST}:{port}",
        "--timeout",
        str(WORKER_TIMEOUT),
        "--graceful-timeout",
        "5",
        "--no-control-socket",
        *more,
        target,
    ]


def application(version: str, port: int, more: tuple[str, ...] = ()) -> list[str]:
    """The command of one version of the platform."""
    return gunicorn(f"discovery.{version}.wsgi:app", port, more=more)


def environment(var: Path) -> dict[str, str]:
    """What our processes see: the package on the path, the folder, and nothing that would lead them elsewhere."""
    clean = {
        key: value
        for key, value in os.environ.items()
        if key not in ("DISCOVERY_DATABASE_URL", "DISCOVERY_JWKS", "GUNICORN_CMD_ARGS", "PYTHONHOME")
    }
    return clean | {"PYTHONPATH": str(ROOT), "DISCOVERY_VAR": str(var)}


@dataclass(frozen=True, slots=True)
class Service:
    """One process: its name is also the name of its port."""

    name: str
    order: int  # started in this order, stopped in the other
    command: Callable[[int], list[str]]
    limit: float = 60.0  # seconds until /healthz must answer
    database: bool = True  # holds connections, which are dead when the server is started anew


SERVICES = (
    Service("auth", 10, lambda port: gunicorn("discovery.auth.wsgi:app", port, kind="sync", workers=1), database=False),
    Service("legacy", 20, lambda port: application("legacy", port)),
    Service("optimized", 21, lambda port: application("optimized", port)),
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


def start(wanted: list[tuple[Service, int]], var: Path, run: Path) -> None:
    """Start services side by side and wait until all are healthy; raises Failure for the first that is not."""
    begun = []
    for service, port in wanted:
        log = var / "log" / f"{service.name}.log"
        written = _size(log)
        record = processes.launch(
            run,
            name=service.name,
            order=service.order,
            command=service.command(port),
            environment=environment(var),
            port=port,
            log=log,
            cwd=ROOT,
            signals=(signal.SIGTERM, signal.SIGKILL),
            patience=10.0,
        )
        begun.append((service, record, written))
    for service, record, written in begun:
        await_health(run, record, service.limit, written)


def await_health(run: Path, record: processes.Record, limit: float, log_from: int = 0) -> None:
    """Wait until the process answers; stops it and raises Failure when it ends before or takes longer than limit."""
    processes.wait_until(lambda: healthy(record.port) or processes.has_ended(record), limit)
    if processes.is_alive(record) and healthy(record.port):
        return
    ended = processes.has_ended(record)
    processes.stop(run, record)
    with open(record.log, "rb") as handle:
        handle.seek(log_from)
        tail = [line for line in handle.read().decode(errors="replace").splitlines() if line.strip()][-6:]
    what = "ended before it was ready" if ended else f"did not answer within {limit:.0f} s"
    raise Failure(f"{record.name} on port {record.port} {what}", *tail, f"log: {record.log}")
