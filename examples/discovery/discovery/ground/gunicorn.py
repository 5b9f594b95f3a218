"""Commands of our web servers."""

from __future__ import annotations

import sys

from discovery.ground.ports import HOST

WORKERS = 2
WORKER_TIMEOUT = 120  # seconds; a request of the legacy version may compute longer than gunicorn's 30

# Systems outside the platform: target, kind of worker, further options. One process each: they remember things.
EXTERNAL: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "auth": ("discovery.external.auth.wsgi:app", "sync", ()),
    "cache": ("discovery.external.cache:app", "gthread", ("--threads", "8")),
    "crm": ("discovery.external.crm:app", "gthread", ("--threads", "8")),
    "otlp": ("discovery.external.otlp:app", "gthread", ("--threads", "4")),
}


def command(target: str, port: int, *, kind: str, workers: int, more: tuple[str, ...] = ()) -> list[str]:
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
    return command(f"discovery.{version}.wsgi:app", port, kind="gevent", workers=WORKERS, more=more)


def external(name: str, port: int) -> list[str]:
    """The command of one of the systems outside."""
    target, kind, more = EXTERNAL[name]
    return command(target, port, kind=kind, workers=1, more=more)
