"""`python -m discovery` as a user meets it: started, looked at, damaged, stopped; in a folder of its own."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

ROOT = Path(__file__).resolve().parent.parent
PORTS = ("legacy", "optimized", "auth", "postgres", "valkey", "cache", "crm", "otlp")
WITH_PAGES = ("legacy", "optimized", "auth", "cache", "crm", "otlp")

pytestmark = pytest.mark.xdist_group("ground")


def free_ports(count: int) -> list[int]:
    """Ports that are free now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@dataclass
class Ground:
    """One platform with a folder and ports of its own."""

    var: Path
    ports: dict[str, int]
    database_url: str | None = None
    redis_url: str | None = None

    def environment(self) -> dict[str, str]:
        """Nothing of the tester's own platform."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("DISCOVERY_", "OTEL_"))}
        for foreign in ("DATABASE_URL", "REDIS_URL"):
            clean.pop(foreign, None)
        if "DISCOVERY_VENV" in os.environ:
            clean["DISCOVERY_VENV"] = os.environ["DISCOVERY_VENV"]
        clean |= {f"DISCOVERY_{name.upper()}_PORT": str(port) for name, port in self.ports.items()}
        clean["DISCOVERY_VAR"] = str(self.var)
        given = {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}
        return clean | {name: url for name, url in given.items() if url}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the platform."""
        return subprocess.run(
            [sys.executable, "-m", "discovery", *arguments],
            check=False, cwd=ROOT, env=self.environment(), capture_output=True, text=True, timeout=300,
        )  # fmt: skip

    def good(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The same, and it must succeed."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return done

    def python(self, code: str) -> str:
        """Run code in the example's environment."""
        python = Path(os.environ.get("DISCOVERY_VENV") or ROOT / ".venv") / "bin" / "python"
        done = subprocess.run([python, "-c", code], check=False, cwd=ROOT, env=self.environment(), capture_output=True,
                              text=True, timeout=120)  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def record(self, name: str) -> dict[str, Any]:
        """What a pid file holds."""
        return dict(json.loads((self.var / "run" / f"{name}.pid").read_text()))

    def state(self) -> dict[str, Any]:
        """What `up` tells applications."""
        return dict(json.loads((self.var / "run" / "state.json").read_text()))

    def get(self, part: str, path: str) -> int:
        """Status of a GET request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[part], timeout=30)
        connection.request("GET", path)
        status = connection.getresponse().status
        connection.close()
        return status

    def header(self, part: str, path: str, name: str) -> str:
        """A header of the answer to a GET request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[part], timeout=30)
        connection.request("GET", path)
        found = connection.getresponse().headers[name]
        connection.close()
        return found

    def members(self) -> list[int]:
        """Every process whose environment names this platform's folder."""
        mark = f"DISCOVERY_VAR={self.var}".encode()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (folder / "environ").read_bytes().split(b"\0") and int(folder.name) != os.getpid():
                    found.append(int(folder.name))
            except OSError:
                continue
        return found


def assert_one_line(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """A failure is a line for people, never a traceback."""
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("discovery: ")
    for word in words:
        assert word in done.stderr


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A folder that nobody else may enter, as pytest makes it: as root this needs the way around."""
    made = Ground(tmp_path_factory.mktemp("ground") / "var", dict(zip(PORTS, free_ports(len(PORTS)), strict=True)))
    yield made
    made.run("down", "--purge")


@pytest.fixture
def up(ground: Ground) -> Ground:
    """The platform, running."""
    ground.good("up", "--scale", "small")
    return ground


def test_everything_comes_up_is_seen_and_goes_away(ground: Ground) -> None:
    assert ground.run("status").returncode == 1
    ground.good("up", "--scale", "small")
    seen = json.loads(ground.good("status", "--json").stdout)
    assert seen["running"]
    assert {part["state"] for part in seen["parts"].values()} == {"running"}
    assert (seen["scale"], seen["parts"]["legacy"]["port"]) == ("small", ground.ports["legacy"])
    assert set(seen["parts"]) == {*PORTS, "worker"}
    assert [ground.get(part, "/healthz") for part in WITH_PAGES] == [200] * len(WITH_PAGES)
    for file in ("run/state.json", "keys/private.pem", "keys/session.secret", "valkey/password", "valkey/valkey.conf"):
        assert (ground.var / file).stat().st_mode & 0o077 == 0, file
    home = json.loads((ground.var / "postgres" / "home.json").read_text())
    ground.good("down")
    assert ground.members() == []
    assert not list((ground.var / "run").iterdir())
    for port in ground.ports.values():
        socket.create_server(("127.0.0.1", port)).close()
    assert Path(home["data"]).is_dir(), "the data stays"
    again = ground.good("down")
    assert "nothing was running" in again.stderr


def test_a_second_up_changes_nothing_and_another_scale_is_refused(up: Ground) -> None:
    before = {name: up.record(name)["pid"] for name in (*PORTS, "worker")}
    assert "already running" in up.good("up").stderr
    assert before == {name: up.record(name)["pid"] for name in before}
    assert_one_line(up.run("up", "--scale", "medium"), "small", "python -m discovery down")


def test_tokens_are_given_for_the_password_only(up: Ground) -> None:
    def ask(body: object) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", up.ports["auth"], timeout=10)
        connection.request("POST", "/token", json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        content = json.loads(answer.read())
        connection.close()
        return answer.status, content

    status, content = ask({"email": "user7@example.com", "password": "discover-me"})
    assert (status, content["token_type"]) == (200, "Bearer")
    assert content["expires_in"] > 0
    assert content["token"].count(".") == 2
    assert ask({"email": "user7@example.com", "password": "wrong"})[0] == 401
    assert ask({"email": "root@example.com", "password": "discover-me"})[1]["error"]["code"] == "unauthorized"
    assert [ask(bad)[0] for bad in (["email"], "x", {"email": "user7@example.com"})] == [400, 400, 400]


def test_copies_are_made_while_the_applications_hold_connections(up: Ground) -> None:
    assert up.get("legacy", "/v1/discovery?city=lisbon&date=2026-10-14") == 200
    assert up.get("optimized", "/v1/discovery?city=lisbon&date=2026-10-14") == 200
    counts = []
    for name, more in (("discovery_try", ()), ("subsecond_arm_try", ("--indexed",))):
        url = up.good("copy-database", name, *more).stdout.strip()
        with psycopg.connect(url) as connection:
            rows = connection.execute("SELECT count(*) FROM bookings").fetchone()
            indexes = connection.execute(
                "SELECT count(*) FROM pg_indexes WHERE tablename = 'bookings' AND indexname NOT LIKE '%pkey'"
            ).fetchone()
            assert rows is not None
            assert indexes is not None
            counts.append((rows[0], indexes[0] > 0))
    assert counts == [(20_000, False), (20_000, True)]
    assert_one_line(up.run("copy-database", "discovery_try"), "already exists")
    up.good("drop-database", "discovery_try")
    up.good("drop-database", "subsecond_arm_try")
    assert_one_line(up.run("drop-database", "discovery_try"), "no database")
    assert_one_line(up.run("drop-database", "discovery_indexed"), "left alone")
    assert_one_line(up.run("drop-database", "postgres"), "not a name")


def test_killed_processes_are_replaced(up: Ground) -> None:
    killed = ("postgres", "legacy", "valkey", "worker", "crm")
    for name in killed:
        os.kill(up.record(name)["pid"], signal.SIGKILL)
    seen = json.loads(up.run("status", "--json").stdout)
    assert {seen["parts"][name]["state"] for name in killed} == {"stale"}
    auth = up.record("auth")["pid"]
    done = up.good("up")
    assert "stale pid file of legacy" in done.stderr
    assert up.record("auth")["pid"] == auth, "what lives is left alone"
    assert up.get("legacy", "/v1/discovery?city=lisbon&date=2026-10-14") == 200
    assert up.get("optimized", "/v1/discovery?city=lisbon&date=2026-10-14") == 200
    os.kill(up.record("optimized")["pid"], signal.SIGKILL)
    up.good("down")
    assert up.members() == []


@pytest.mark.parametrize("begun", ["postgres", "valkey", "worker"])
def test_down_works_from_the_pid_files_after_up_was_killed(ground: Ground, begun: str) -> None:
    ground.good("down")
    with subprocess.Popen(
        [sys.executable, "-m", "discovery", "up", "--scale", "small"], cwd=ROOT, env=ground.environment(),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as killed:  # fmt: skip
        deadline = time.monotonic() + 120
        while not (ground.var / "run" / f"{begun}.pid").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        killed.kill()
    assert ground.members() != []
    assert f"stopped {begun}" in ground.good("down").stderr
    assert ground.members() == []
    assert "nothing was running" in ground.good("down").stderr


def test_a_pid_that_is_somebody_elses_by_now_is_not_killed(up: Ground) -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        record = up.record("auth")
        (up.var / "run" / "other.pid").write_text(json.dumps(record | {"name": "other", "pid": other.pid}))
        (up.var / "run" / "torn.pid").write_text('{"name": "to')
        up.good("down")
        assert other.poll() is None, "not ours"
        other.kill()
    assert not list((up.var / "run").iterdir())


def test_a_taken_port_is_named_before_anything_starts(ground: Ground) -> None:
    ground.good("down")
    with socket.create_server(("127.0.0.1", ground.ports["optimized"])):
        done = ground.run("up", "--scale", "small")
    assert_one_line(done, str(ground.ports["optimized"]), "--optimized-port", "DISCOVERY_OPTIMIZED_PORT")
    assert ground.members() == []
    assert not list((ground.var / "run").glob("*.pid"))
    same = ground.run("up", "--legacy-port", "8150", "--auth-port", "8150")
    assert_one_line(same, "8150", "both")
    assert ground.run("up", "--auth-port", "99999").returncode == 2


def test_a_failure_half_way_stops_what_was_started(ground: Ground) -> None:
    ground.good("down")
    log = ground.var / "log" / "optimized.log"
    log.unlink(missing_ok=True)
    log.mkdir()  # so that this service cannot start
    try:
        assert_one_line(ground.run("up", "--scale", "small"), "optimized.log")
    finally:
        log.rmdir()
    assert ground.members() == []
    assert not list((ground.var / "run").iterdir())


@pytest.mark.long
def test_a_foreign_server_serves_as_well(tmp_path: Path) -> None:
    """An embedded server plays the foreign one."""
    port, *others = free_ports(2 + len(PORTS))
    host = Ground(tmp_path / "host" / "var", {})
    valkey_port = others.pop()
    code = (
        "from discovery.ground import platform\n"
        f"with platform.exclusive(): print(platform.start_postgres({port}, {{}}).url)"
    )
    server = host.python(code).strip()
    store = json.loads(
        host.python(
            "import json; from discovery.ground import valkey; from discovery.settings import var_folder\n"
            f"print(json.dumps([valkey.command(var_folder(), {valkey_port}), valkey.url(var_folder(), {valkey_port})]))"
        )
    )
    guest = Ground(tmp_path / "guest" / "var", dict(zip(PORTS, others, strict=True)), server, store[1])
    valkey: subprocess.Popen[bytes] | None = None
    try:
        assert_one_line(guest.run("up", "--scale", "small"), "REDIS_URL", f"127.0.0.1:{valkey_port}")
        assert guest.members() == []
        valkey = subprocess.Popen(store[0], stdout=subprocess.DEVNULL)
        guest.good("up", "--scale", "small")
        assert guest.get("legacy", "/v1/discovery?city=lisbon&date=2026-10-14") == 200
        assert guest.get("optimized", "/v1/discovery?city=lisbon&date=2026-10-14") == 200
        guest.redis_url = None
        seen = json.loads(guest.good("status", "--json").stdout)
        guest.redis_url = store[1]
        assert not {"postgres", "valkey"} & seen["parts"].keys()
        for expected in ("miss", "hit"):
            assert expected in guest.header("optimized", "/v1/discovery?city=porto&date=2026-10-14", "Cache-Status")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("CREATE ROLE weak LOGIN PASSWORD 'weak'")
            connection.execute("CREATE DATABASE discovery_theirs")
        assert_one_line(guest.run("drop-database", "discovery_theirs"), "left alone")
        guest.good("down", "--purge")
        with psycopg.connect(server) as connection:
            left = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'discovery%'").fetchall()
        assert left == [("discovery_theirs",)]
        assert not guest.var.exists()
        guest.database_url = server.replace(server.split("//")[1].split("@")[0], "weak:weak")
        assert_one_line(guest.run("up", "--scale", "small"), "may not create databases")
        guest.database_url = "mysql://localhost/x"
        assert_one_line(guest.run("up"), "not a PostgreSQL URL")
        guest.database_url, guest.redis_url = None, "http://localhost"
        assert_one_line(guest.run("up"), "REDIS_URL", "redis://")
    finally:
        guest.run("down")
        host.run("down", "--purge")
        if valkey is not None:
            valkey.kill()
            valkey.wait()


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "precious").touch()
    theirs = Ground(tmp_path, dict(zip(PORTS, free_ports(len(PORTS)), strict=True)))
    for arguments in (("up", "--scale", "small"), ("down", "--purge")):
        assert_one_line(theirs.run(*arguments), "not empty")
    assert [path.name for path in tmp_path.rglob("*")] == ["postgres", "precious"]


def test_only_one_command_at_a_time(ground: Ground) -> None:
    ground.good("down")
    with subprocess.Popen(
        [sys.executable, "-m", "discovery", "up", "--scale", "small"], cwd=ROOT, env=ground.environment(),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as first:  # fmt: skip
        deadline = time.monotonic() + 30
        while not (ground.var / "run" / "postgres.pid").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert_one_line(ground.run("down"), "at work")
        first.send_signal(signal.SIGTERM)
        assert first.wait(60) != 0
    assert ground.members() == [], "a broken off start takes back what it started"
