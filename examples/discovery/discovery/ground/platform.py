"""`up`, `down` and `status`: the whole platform as one thing."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

from discovery.external.auth import keys
from discovery.ground import databases, ports, postgres, processes, services, valkey
from discovery.ground.failure import Failure
from discovery.settings import DEFAULT_PORTS, DEFAULT_SCALE, DEFAULT_SEED, state_file, var_folder

NEEDED_BYTES = {"small": 200_000_000, "medium": 600_000_000, "full": 3_500_000_000}  # templates, copies and log
LOCK = ".lock"  # also the mark of a folder of ours
WORKING = {"legacy": ("discovery", False), "optimized": ("discovery_indexed", True)}


def say(line: str) -> None:
    """Progress, on standard error."""
    print(f"discovery: {line}", file=sys.stderr, flush=True)


def run_folder() -> Path:
    """Where pid files and the state are."""
    return var_folder() / "run"


def _claim(var: Path) -> None:
    """Make the folder ours; Failure when it holds something else: `up` and `down --purge` remove things in it."""
    var.mkdir(parents=True, exist_ok=True)
    if not (var / LOCK).exists() and any(var.iterdir()):
        raise Failure(
            f"{var} is not empty and was not made by this program", "mend: DISCOVERY_VAR must name a new folder"
        )
    (var / LOCK).touch()
    for name in ("run", "log"):
        (var / name).mkdir(exist_ok=True)


def _remove(var: Path) -> None:
    """Remove what we put into the folder, and the folder if nothing else is in it."""
    postgres.purge(var)
    for name in ("run", "log", "keys", valkey.NAME, "otlp", "crm"):
        shutil.rmtree(var / name, ignore_errors=True)
    (var / LOCK).unlink(missing_ok=True)
    if not any(var.iterdir()):
        var.rmdir()


@contextmanager
def ending_tidily() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the block like an exception, so that what it began is taken back."""

    def end(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def exclusive() -> Iterator[None]:
    """One command at a time for a folder; a second one says so instead of waiting."""
    _claim(var_folder())
    with open(var_folder() / LOCK, "w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Failure("another discovery command is at work on the same folder; wait for it to end") from None
        with ending_tidily():
            yield


def alive_records() -> dict[str, processes.Record]:
    """The running processes by name; pid files of dead ones are removed, with a line, and what they left is ended."""
    alive = {}
    for record in processes.read_all(run_folder()):
        if processes.is_alive(record):
            alive[record.name] = record
            continue
        say(f"removed the stale pid file of {record.name} (pid {record.pid} is not ours any more)")
        processes.stop(run_folder(), record)
        # gunicorn's workers and PostgreSQL's children notice the loss by themselves, but not at once.
        processes.wait_until(lambda port=record.port: ports.is_free(port), 5.0)  # type: ignore[misc]
    return alive


def read_state() -> dict[str, Any] | None:
    """The state of the last `up`, None when there is none or it cannot be read."""
    try:
        content = json.loads(state_file().read_text())
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def running_server(alive: dict[str, processes.Record] | None = None) -> databases.Server | None:
    """The server that the platform uses now: DATABASE_URL, or our own if it runs."""
    if alive is None:
        alive = {record.name: record for record in processes.read_all(run_folder()) if processes.is_alive(record)}
    record = alive.get(postgres.NAME)
    if record is not None:
        home = postgres.Home(**json.loads((var_folder() / postgres.NAME / "home.json").read_text()))
        return databases.Server(url=postgres.url(home, record.port), embedded=True)
    given = os.environ.get("DATABASE_URL")
    return databases.Server.foreign(given) if given else None


class Start:
    """What one call starts, by name: a failure stops exactly that."""

    def __init__(self, begun: frozenset[str]) -> None:
        self.begun = begun

    def __enter__(self) -> Start:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            return
        for record in reversed(processes.read_all(run_folder())):
            if record.name in self.begun:
                processes.stop(run_folder(), record)
        if not processes.read_all(run_folder()):
            state_file().unlink(missing_ok=True)


def _check_space(scale: str) -> None:
    """Raise Failure unless the disk has room for the data, its templates and copies."""
    free = shutil.disk_usage(var_folder()).free
    if free < NEEDED_BYTES[scale]:
        raise Failure(
            f"the {scale} data needs {NEEDED_BYTES[scale] / 1e9:.1f} GB, the disk has {free / 1e9:.1f} GB free",
            "mend: free some space, set DISCOVERY_VAR to a folder elsewhere, or take a smaller --scale",
        )


def start_postgres(port: int, alive: dict[str, processes.Record]) -> databases.Server:
    """The running server, the one of DATABASE_URL, or our own, started now."""
    server = running_server(alive)
    if server is None:
        home = postgres.prepare(var_folder())
        record = postgres.start(var_folder(), run_folder(), home, port)
        say(f"PostgreSQL {home.package} on port {record.port}")
        return databases.Server(url=postgres.url(home, record.port), embedded=True)
    if not server.embedded:
        databases.check_foreign(server)
    return server


def ensure_data(server: databases.Server, scale: str, seed: int) -> None:
    """Make the data of a scale unless the server has it."""
    if server.embedded and databases.missing_templates(server, scale, seed):
        _check_space(scale)
    databases.ensure_templates(server, scale, seed)


def _state(server: databases.Server, scale: str, seed: int, used: dict[str, int], keyvalue: str) -> dict[str, Any]:
    """What applications and tools need to know; secrets too, which is why only the owner may read the file."""
    with databases.connected(server.url) as connection:
        version = connection.info.parameter_status("server_version")
    at = {name: f"http://{ports.HOST}:{port}" for name, port in used.items()}
    jwks = keys.ensure(var_folder() / "keys")
    return {
        "scale": scale,
        "seed": seed,
        "postgres": {"embedded": server.embedded, "version": version, "url": server.url},
        "databases": {version: server.database(name) for version, (name, _) in WORKING.items()},
        "keyvalue_url": keyvalue,
        "auth_url": at["auth"],
        "cache_url": at["cache"],
        "crm_url": at["crm"],
        "otlp_url": os.environ.get(services.TELEMETRY) or at["otlp"],
        "jwks": str(jwks),
        # Parts that are the user's own, which `status` then does not expect.
        "foreign": [service.name for service in services.SERVICES if not service.wanted],
        "session_secret": keys.session_secret(jwks.parent),
        "apps": {version: at[version] for version in WORKING},
    }


def _wanted_ports(chosen: dict[str, int], alive: dict[str, processes.Record], own_server: bool) -> dict[str, int]:
    """The port of each part: running parts keep theirs, the others' must be free."""
    ours = {service.name for service in services.SERVICES if service.wanted and service.port}
    wanted = {name: port for name, port in chosen.items() if name in ours or (name == postgres.NAME and own_server)}
    ports.require({name: port for name, port in wanted.items() if name not in alive})
    return wanted | {name: record.port for name, record in alive.items()}


def _data(alive: bool, state: dict[str, Any] | None, scale: str | None, seed: int | None) -> tuple[str, int]:
    """Scale and seed to use: what was asked for must be what runs, if anything runs."""
    if not (alive and state):
        return scale or DEFAULT_SCALE, DEFAULT_SEED if seed is None else seed
    if scale not in (None, state["scale"]) or seed not in (None, state["seed"]):
        raise Failure(
            f"it runs with the {state['scale']} data (seed {state['seed']})",
            "mend: python -m discovery down, then up again",
        )
    return str(state["scale"]), int(state["seed"])


def _stop_widows(alive: dict[str, processes.Record], why: str) -> None:
    """Stop services that hold what is no longer true; they are started anew."""
    for service in services.SERVICES:
        if service.database and service.name in alive:
            say(f"{service.name} {why} and is started anew")
            processes.stop(run_folder(), alive.pop(service.name))


def up(scale: str | None, seed: int | None, chosen: dict[str, int]) -> dict[str, Any]:
    """Start everything that does not run yet and return the state.

    scale, seed: None means what runs, else the default. chosen: a port for every name of DEFAULT_PORTS.
    """
    with exclusive():
        alive, state = alive_records(), read_state()
        scale, seed = _data(bool(alive), state, scale, seed)
        own_server = postgres.NAME in alive or not os.environ.get("DATABASE_URL")
        if state is None or (own_server and postgres.NAME not in alive):
            _stop_widows(alive, "lost its database")
        used = _wanted_ports(chosen, alive, own_server)
        wanted = [service for service in services.SERVICES if service.wanted]
        if state and all(service.name in alive for service in wanted) and (postgres.NAME in alive or not own_server):
            say("already running")
            return state
        keyvalue = _keyvalue(used)
        with Start(frozenset({postgres.NAME, *(service.name for service in wanted)} - alive.keys())):
            server = start_postgres(used.get(postgres.NAME, 0), alive)
            ensure_data(server, scale, seed)
            for name, indexed in WORKING.values():
                databases.ensure_working(server, name, scale, seed, indexed=indexed)
            new = _state(server, scale, seed, used, keyvalue)
            if state is not None and new != state:
                _stop_widows(alive, "knows its neighbours by other addresses")
            processes.write_private(state_file(), json.dumps(new, indent=1) + "\n")
            missing = [(service, used.get(service.name, 0)) for service in wanted if service.name not in alive]
            services.start(missing, var_folder(), run_folder(), new["otlp_url"])
        return new


def _keyvalue(used: dict[str, int]) -> str:
    """The URL of the key-value store, the user's or ours."""
    given = os.environ.get(valkey.VARIABLE)
    return valkey.check_foreign(given) if given else valkey.url(var_folder(), used[valkey.NAME])


def rotate_keys() -> str:
    """Give the auth service a new key pair and return the key's id; applications notice by themselves."""
    folder = var_folder() / "keys"
    if not (folder / keys.PRIVATE).exists():
        raise Failure("there are no keys yet; run: python -m discovery up")
    return keys.rotate(folder)


def down(*, purge: bool = False) -> bool:
    """Stop everything the pid files name, web servers first, PostgreSQL last. Returns whether anything ran."""
    if not var_folder().exists():
        return False
    with exclusive():
        stopped = False
        records = processes.read_all(run_folder())
        for _, group in groupby(reversed(records), key=lambda record: record.order):
            side_by_side = list(group)
            asked = processes.ask_to_end(side_by_side)
            for record in side_by_side:
                if processes.stop(run_folder(), record) or record.name in asked:
                    stopped = True
                    say(f"stopped {record.name} (pid {record.pid})")
                else:
                    say(f"removed the stale pid file of {record.name}")
        state_file().unlink(missing_ok=True)
        if purge and os.environ.get("DATABASE_URL"):
            databases.drop_all(databases.Server.foreign(os.environ["DATABASE_URL"]))
        if purge:
            _remove(var_folder())
    return stopped


def status() -> dict[str, Any]:
    """What runs: per part its state (`running`, `silent`, `stale`, `stopped`), pid and port; and the data."""
    records = {record.name: record for record in processes.read_all(run_folder())}
    state = read_state()
    foreign = state.get("foreign", []) if state else []
    expected = [service.name for service in services.SERVICES if service.name not in foreign]
    if not (state and not state["postgres"]["embedded"]):
        expected.insert(0, postgres.NAME)
    parts = {name: _part(name, records.get(name)) for name in dict.fromkeys([*expected, *records])}
    return {
        "running": all(part["state"] == "running" for part in parts.values()),
        "scale": state["scale"] if state else None,
        "seed": state["seed"] if state else None,
        "postgres_version": state["postgres"]["version"] if state else None,
        "apps": state["apps"] if state else {},
        "auth_url": state["auth_url"] if state else None,
        "parts": parts,
    }


def _part(name: str, record: processes.Record | None) -> dict[str, Any]:
    if record is None:
        return {"state": "stopped", "pid": None, "port": None}
    if not processes.is_alive(record):
        state = "stale"
    else:
        state = "running" if _answers(name, record) else "silent"
    return {"state": state, "pid": record.pid, "port": record.port or None}


def _answers(name: str, record: processes.Record) -> bool:
    for service in services.SERVICES:
        if service.name == name:
            return service.answers(var_folder(), record)
    return ports.answers(record.port) if name == postgres.NAME else services.healthy(record.port)


def default_ports() -> dict[str, int]:
    """Ports from DISCOVERY_<NAME>_PORT, else the defaults."""
    found = {}
    for name, port in DEFAULT_PORTS.items():
        text = os.environ.get(f"DISCOVERY_{name.upper()}_PORT", "").strip() or str(port)
        if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
            raise Failure(f"DISCOVERY_{name.upper()}_PORT={text}: not a port (1 to 65535)")
        found[name] = int(text)
    return found
