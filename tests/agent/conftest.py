"""Real servers with the agent in them, each started once for all tests that ask it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.agent.served import AGENT, APPS, PYTHON, Served, agent_environment, free_port, gunicorn, start
from tests.postgres import USER, postgres

Serve = Callable[..., Served]


@pytest.fixture(scope="session")
def shop_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A filled SQLite file, to be copied."""
    file = tmp_path_factory.mktemp("shop") / "shop.db"
    environment = {"SHOP_DB": f"sqlite:///{file}", "PATH": "/usr/bin:/bin"}
    subprocess.run([PYTHON, "shop.py"], cwd=APPS, env=environment, check=True, timeout=60)
    return file


class Starter:
    """Starts servers in folders of their own, and stops them all."""

    def __init__(self, database: Path, folders: pytest.TempPathFactory) -> None:
        self.database = database
        self.folders = folders
        self.running: list[Served] = []

    def __call__(
        self,
        server: str = "sync",
        app: str = "shop:app",
        *,
        cwd: Path = APPS,
        agent: Path = AGENT,
        launcher: tuple[str, ...] = (),
        without_agent: bool = False,
        **more: str,
    ) -> Served:
        folder = self.folders.mktemp(server)
        spool = folder / "spool"
        spool.mkdir(mode=0o700)
        shutil.copy(self.database, folder / "shop.db")
        more.setdefault("SHOP_DB", f"sqlite:///{folder / 'shop.db'}")
        environment = agent_environment(spool, cwd, agent, **more)
        if without_agent:
            environment = {k: v for k, v in environment.items() if not k.startswith("SUBSECOND") and k != "PYTHONPATH"}
        port = free_port()
        served = start(gunicorn(server, app, port, launcher), port, cwd, environment, folder / "log")
        self.running.append(served)
        return served

    def stop(self) -> None:
        for served in self.running:
            served.stop()


@pytest.fixture(scope="module")
def serve(shop_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """Start a server: serve(kind, app, ...) -> Served. Stopped after the module's tests."""
    starter = Starter(shop_database, tmp_path_factory)
    yield starter
    starter.stop()


@pytest.fixture(scope="module")
def shop(serve: Serve) -> Served:
    """The shop under gunicorn's sync worker."""
    return serve("sync")


@pytest.fixture(scope="session")
def archive_on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> str:
    """URL of a filled SQLite file of the archive."""
    url = f"sqlite:///{tmp_path_factory.mktemp('library') / 'archive.db'}"
    subprocess.run([PYTHON, "archive.py"], cwd=APPS, env={**os.environ, "ARCHIVE_DB": url}, check=True, timeout=60)
    return url


@pytest.fixture(scope="session")
def archive_on_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of the archive in a PostgreSQL of the tests' own."""
    ask = "import sqlalchemy; print('psycopg2' if sqlalchemy.__version__.startswith('1.') else 'psycopg')"
    driver = subprocess.run([PYTHON, "-c", ask], capture_output=True, text=True, check=True).stdout.strip()
    with postgres(tmp_path_factory.mktemp("library"), "agent-archive") as port:
        url = f"postgresql+{driver}://{USER}@127.0.0.1:{port}/postgres"
        subprocess.run([PYTHON, "archive.py"], cwd=APPS, env={**os.environ, "ARCHIVE_DB": url}, check=True, timeout=60)
        yield url


@pytest.fixture(scope="module", params=[pytest.param("sqlite", marks=pytest.mark.long), "postgres"])
def archive(request: pytest.FixtureRequest, serve: Serve) -> Served:
    """The archive under gunicorn's sync worker, on each database in turn."""
    served = serve("sync", "archive:app", ARCHIVE_DB=request.getfixturevalue(f"archive_on_{request.param}"))
    served.get("/where")  # a first connection asks the server what it is
    return served
