"""Databases on a server: sealed templates with the data, and copies of them.

Every database of ours carries a comment in JSON that says what it is; one without it is never touched.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from discovery.ground.data import tables
from discovery.ground.data.loading import load
from discovery.ground.data.scales import SCALES
from discovery.ground.failure import Failure
from discovery.settings import ROOT

MARK = "discovery-platform"
TEMPLATE, WORKING, COPY = "template", "working", "copy"
# `subsecond_` because the tool that measures this platform names its scratch databases so.
COPY_NAME = re.compile(r"(discovery|subsecond)_[a-z0-9_]{1,50}")
UNINDEXED = "0002"
VERSIONS = ROOT / "migrations" / "versions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A PostgreSQL server; url leads to a database that is not ours and always there."""

    url: str
    embedded: bool

    @classmethod
    def foreign(cls, given: str) -> Server:
        """The server behind a DATABASE_URL in SQLAlchemy's or libpq's spelling."""
        parts = urlsplit(given.strip())
        if parts.scheme.partition("+")[0] not in ("postgresql", "postgres"):
            raise Failure(
                "DATABASE_URL is not a PostgreSQL URL", "write it as postgresql://user:password@host:port/postgres"
            )
        parts = parts._replace(scheme="postgresql", path=parts.path if parts.path.strip("/") else "/postgres")
        return cls(url=parts.geturl(), embedded=False)

    def database(self, name: str) -> str:
        """The URL of one of its databases."""
        return urlsplit(self.url)._replace(path=f"/{name}").geturl()


@contextmanager
def connected(url: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """An autocommit connection; what PostgreSQL says becomes a Failure of one line."""
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=10) as connection:
            yield connection
    except psycopg.Error as error:
        parts = urlsplit(url)
        where = f"{parts.hostname or 'local'}:{parts.port or 5432}{parts.path}"
        raise Failure(f"PostgreSQL at {where}: {str(error).strip().splitlines()[0]}") from error


def check_foreign(server: Server) -> None:
    """Raise Failure unless the server answers and its role may create databases."""
    with connected(server.url) as connection:
        row = connection.execute(
            "SELECT rolname, rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        if row is None or not row[1]:
            raise Failure(
                f"DATABASE_URL: role {row[0] if row else '?'} may not create databases",
                "mend: ALTER ROLE ... CREATEDB, or unset DATABASE_URL to use the embedded server",
            )


def names(indexed: bool, scale: str) -> str:
    """The template of a scale."""
    return f"discovery_template_{scale}{'_indexed' if indexed else ''}"


def _comment(connection: psycopg.Connection[Any], name: str) -> dict[str, Any] | None:
    """What our comment says, {} for a database that is not ours, None when there is no such database."""
    row = connection.execute(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
    ).fetchone()
    if row is None:
        return None
    try:
        content = json.loads(row[0] or "")
    except ValueError:
        return {}
    return content if isinstance(content, dict) and content.get("tool") == MARK else {}


def _describe(connection: psycopg.Connection[Any], name: str, role: str, source: dict[str, str]) -> None:
    text = json.dumps({"tool": MARK, "role": role, "source": source}, sort_keys=True)
    connection.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(text)))


def _create(connection: psycopg.Connection[Any], name: str, template: str) -> None:
    # FILE_COPY copies whole files instead of writing each page to the log.
    connection.execute(
        sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
            sql.Identifier(name), sql.Identifier(template)
        )
    )


def _remove(connection: psycopg.Connection[Any], name: str) -> None:
    """Drop a database of ours, whoever is connected; Failure when it is not ours."""
    content = _comment(connection, name)
    if content is None:
        return
    if not content:
        raise Failure(f"database {name} exists but was not made by this program; rename or drop it yourself")
    if content["role"] == TEMPLATE:
        connection.execute(sql.SQL("ALTER DATABASE {} WITH IS_TEMPLATE false").format(sql.Identifier(name)))
    connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def migrate(url: str, revision: str) -> None:
    """Bring a database to a revision (`0002`, `head`)."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations").replace("%", "%%"))
    config.attributes["url"] = url
    command.upgrade(config, revision)


def source(scale: str, seed: int, indexed: bool) -> dict[str, str]:
    """What a template was made from; another answer means that it must be made again."""
    whole = hashlib.sha256()
    for file in sorted(VERSIONS.glob("*.py")):
        if indexed or file.name[: len(UNINDEXED)] <= UNINDEXED:
            whole.update(file.name.encode() + file.read_bytes())
    return {
        "scale": scale,
        "seed": str(seed),
        "generator": tables.generator_version(),
        "migrations": whole.hexdigest()[:16],
    }


def _statistics_extension(url: str) -> None:
    """Add pg_stat_statements; a server without it serves the platform just as well."""
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
            connection.execute("SELECT count(*) FROM pg_stat_statements")
    except psycopg.Error as error:
        print(
            f"discovery: no pg_stat_statements on this server ({str(error).splitlines()[0]}); going on without",
            file=sys.stderr,
        )


def _seal(connection: psycopg.Connection[Any], name: str, origin: dict[str, str]) -> None:
    """Keep everybody out, so that copies can be made at any time; the comment comes last."""
    connection.execute(
        sql.SQL("ALTER DATABASE {} WITH IS_TEMPLATE true ALLOW_CONNECTIONS false").format(sql.Identifier(name))
    )
    _describe(connection, name, TEMPLATE, origin)


def _unfinished(connection: psycopg.Connection[Any], name: str) -> None:
    _describe(connection, name, WORKING, {})


def _make_template(server: Server, scale: str, seed: int) -> None:
    name = names(False, scale)
    with connected(server.url) as connection:
        _remove(connection, name)
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        _unfinished(connection, name)
        url = server.database(name)
        migrate(url, UNINDEXED)
        _statistics_extension(url)
        load(url, seed, SCALES[scale])
        with connected(url) as inside:
            inside.execute("VACUUM ANALYZE")
        _seal(connection, name, source(scale, seed, indexed=False))


def _make_indexed(server: Server, scale: str, seed: int) -> None:
    name = names(True, scale)
    started = time.monotonic()
    with connected(server.url) as connection:
        _remove(connection, name)
        _create(connection, name, names(False, scale))
        _unfinished(connection, name)
        url = server.database(name)
        migrate(url, "head")
        with connected(url) as inside:
            # Also sets the visibility map of this copy, which index-only scans need.
            inside.execute("VACUUM ANALYZE")
        _seal(connection, name, source(scale, seed, indexed=True))
    print(f"discovery: indexes in {time.monotonic() - started:.1f} s", file=sys.stderr)


def missing_templates(server: Server, scale: str, seed: int) -> list[bool]:
    """Which templates (False: without indexes, True: with) are not there or were made from other things."""
    with connected(server.url) as connection:
        found = {indexed: _comment(connection, names(indexed, scale)) or {} for indexed in (False, True)}
    return [
        indexed
        for indexed, content in found.items()
        if content.get("role") != TEMPLATE or content.get("source") != source(scale, seed, indexed)
    ]


def ensure_templates(server: Server, scale: str, seed: int) -> None:
    """Make the two templates of a scale unless they are there and were made from the same things."""
    missing = missing_templates(server, scale, seed)
    if False in missing:
        print(f"discovery: making the {scale} data (seed {seed}) ...", file=sys.stderr)
        _make_template(server, scale, seed)
    if missing:
        _make_indexed(server, scale, seed)


def ensure_working(server: Server, name: str, scale: str, seed: int, *, indexed: bool) -> None:
    """A database for an application: kept as it is when it was made from the same template, else made again."""
    wanted = source(scale, seed, indexed)
    with connected(server.url) as connection:
        content = _comment(connection, name)
        if content and content["role"] == WORKING and content["source"] == wanted:
            return
        _remove(connection, name)
        _create(connection, name, names(indexed, scale))
        _describe(connection, name, WORKING, wanted)


def exists(server: Server, name: str) -> bool:
    """Whether the server has a database of that name."""
    with connected(server.url) as connection:
        return _comment(connection, name) is not None


def copy(server: Server, name: str, scale: str, *, indexed: bool) -> str:
    """Make another copy of a scale's data and return its URL. The name must be new."""
    _check_name(name)
    with connected(server.url) as connection:
        if _comment(connection, name) is not None:
            raise Failure(f"database {name} already exists; python -m discovery drop-database {name}")
        template = names(indexed, scale)
        origin = _comment(connection, template)
        if not origin or origin["role"] != TEMPLATE:
            raise Failure(f"no {scale} data on this server; run: python -m discovery up --scale {scale}")
        _create(connection, name, template)
        _describe(connection, name, COPY, origin["source"])
    return server.database(name)


def drop(server: Server, name: str) -> None:
    """Drop a copy that `copy` made, whoever is connected to it."""
    _check_name(name)
    with connected(server.url) as connection:
        content = _comment(connection, name)
        if content is None:
            raise Failure(f"there is no database {name}")
        if content.get("role") != COPY:
            raise Failure(f"database {name} was not made by copy-database; it is left alone")
        _remove(connection, name)


def drop_all(server: Server) -> None:
    """Drop every database that carries our comment."""
    with connected(server.url) as connection:
        for (name,) in connection.execute("SELECT datname FROM pg_database ORDER BY 1").fetchall():
            if _comment(connection, name):
                _remove(connection, name)


def _check_name(name: str) -> None:
    if not COPY_NAME.fullmatch(name):
        raise Failure(f"{name!r} is not a name for a copy; use discovery_… or subsecond_… with a-z, 0-9 and _")
