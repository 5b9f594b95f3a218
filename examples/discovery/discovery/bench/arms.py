"""One arm: a version with a database copy, a delay proxy and web servers of its own."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from urllib.parse import urlsplit

import psycopg

from discovery.bench import machine
from discovery.ground import databases, gunicorn, ports, processes, services, valkey
from discovery.ground.failure import Failure
from discovery.keyvalue import responses
from discovery.settings import ROOT, var_folder

HARNESS = ROOT.parent.parent / "src" / "subsecond" / "harness"
BESIDE = "beside"  # the third arm of `bench --beside`
ORDER = 30  # stopped before everything else
FEW = ("--worker-connections", "4")  # fewer requests in a worker than its pool has connections


def harness_module(name: str) -> ModuleType:
    """A module of the delay proxy of the repository that this example lies in; Failure when it is not there."""
    file = HARNESS / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"discovery_{name}", file)
    if spec is None or spec.loader is None or not file.exists():
        raise Failure(f"the delay proxy (src/subsecond/harness/{name}.py) is missing; run bench in a whole checkout")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """What the measurements need to know of one version."""

    version: str
    server: databases.Server
    database: str
    proxied: str  # the database's URL through the proxy
    jwks: Path
    keyvalue: str  # URL of the key-value store
    package: str  # of the application, below `discovery`
    root: Path = ROOT  # the folder that holds `discovery`

    @property
    def direct(self) -> str:
        """The database's URL without the proxy."""
        return self.server.database(self.database)

    def variables(self, database: str, *, kept: bool = False) -> dict[str, str]:
        """What the application sees; `kept`: answers may come from the store, else each one is made."""
        return services.environment(var_folder()) | {
            "PYTHONPATH": str(self.root),
            "DISCOVERY_DATABASE_URL": database,
            "DISCOVERY_JWKS": str(self.jwks),
            valkey.VARIABLE: self.keyvalue,
            responses.SWITCH: "on" if kept else "off",
        }

    @contextmanager
    def serving(self, name: str, more: tuple[str, ...] = (), *, kept: bool = False) -> Iterator[Served]:
        """A web server of this version with two workers, for the time of the block."""
        run, port, title = var_folder() / "run", ports.unused(), f"bench-{self.version}-{name}"
        for left in processes.read_all(run):
            if left.name == title:  # of a bench that was killed
                processes.stop(run, left)
        log = var_folder() / "log" / f"{title}.log"
        log.unlink(missing_ok=True)
        record = processes.launch(
            run,
            name=title,
            order=ORDER,
            command=gunicorn.application(self.package, port, more),
            environment=self.variables(self.proxied, kept=kept),
            port=port,
            log=log,
            cwd=self.root,
            patience=8.0,
        )
        try:
            services.await_health(run, record, 60.0)
            yield Served(arm=self, port=port, pid=record.pid)
        finally:
            processes.stop(run, record)


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """An arm with its web server running."""

    arm: Arm
    port: int
    pid: int

    def app_cpu(self) -> float | None:
        """CPU seconds of the workers so far."""
        return machine.cpu_seconds(machine.children(self.pid))

    def database_cpu(self) -> float | None:
        """CPU seconds of the backends of this arm's database so far; None when the server is elsewhere."""
        if not self.arm.server.embedded:
            return None
        with psycopg.connect(self.arm.server.url) as connection:
            rows = connection.execute("SELECT pid FROM pg_stat_activity WHERE datname = %s", [self.arm.database])
            return machine.cpu_seconds([pid for (pid,) in rows])


def _scratch(server: databases.Server, name: str, scale: str, *, indexed: bool) -> None:
    """A fresh copy; one that an interrupted run left is replaced."""
    if databases.exists(server, name):
        databases.drop(server, name)
    databases.copy(server, name, scale, indexed=indexed)


def _migrate(server: databases.Server, name: str, root: Path) -> None:
    """Bring a copy to the state that the code below a folder wants, by its own migrations in a process of their own."""
    url = server.database(name).replace("postgresql://", "postgresql+psycopg://", 1)
    done = subprocess.run(
        [sys.executable, "-m", "alembic", "-x", f"url={url}", "upgrade", "head"],
        check=False,
        env=services.environment(var_folder()) | {"PYTHONPATH": str(root)},
        cwd=root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        raise Failure(f"the migrations below {root} failed", *done.stderr.splitlines()[-3:])
    with databases.connected(server.database(name)) as connection:
        connection.execute("VACUUM ANALYZE")  # as the optimized version's template was


@contextmanager
def opened(
    server: databases.Server, scale: str, delay: float, jwks: Path, keyvalue: str, *, beside: Path | None = None
) -> Iterator[dict[str, Arm]]:
    """The arms by name; databases and proxies go away at the end.

    beside: a folder with another state of the legacy version and its migrations, which makes a third arm.
    """
    wanted = [("legacy", "legacy", ROOT), ("optimized", "optimized", ROOT)]
    if beside is not None:
        wanted.append((BESIDE, "legacy", beside))
    target = urlsplit(server.url)
    module = harness_module("delay_proxy")
    with ExitStack() as stack:
        arms = {}
        for version, package, root in wanted:
            name = f"discovery_bench_{version}"
            _scratch(server, name, scale, indexed=version == "optimized")
            stack.callback(databases.drop, server, name)
            if root != ROOT:
                _migrate(server, name, root)
            proxy = stack.enter_context(module.DelayProxy((target.hostname or "127.0.0.1", target.port or 5432), delay))
            user = target.netloc.rpartition("@")[0]
            through = target._replace(netloc=f"{user}@{ports.HOST}:{proxy.port}", path=f"/{name}")
            arms[version] = Arm(
                version=version,
                server=server,
                database=name,
                proxied=through.geturl(),
                jwks=jwks,
                keyvalue=keyvalue,
                package=package,
                root=root,
            )
        yield arms
