"""Where the app's database connections go: told to the tool, and led to the arm's own database where it asks for that.

Facts and redirection both take a connection's arguments as SQLAlchemy's `do_connect` hands them over: positional ones
(`cargs`) and named ones (`cparams`), which may be changed in place.
"""

from __future__ import annotations

import json
import os

from . import spool
from .protocol import ENV_REDIRECT, VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PARTS = ("host", "port", "dbname", "user", "password")
NAMES = {"dbname": ("dbname", "database", "db"), "password": ("password", "passwd")}
"""What drivers call the parts."""
DEFAULTS = {"host": "PGHOST", "port": "PGPORT", "dbname": "PGDATABASE", "user": "PGUSER", "password": "PGPASSWORD"}
"""Where libpq looks for what it is not told."""
DEFAULT_PORTS = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306}
MAX_FILE = 1_000_000
MEMORY = (":memory:", "")

file = os.environ.get(ENV_REDIRECT, "")
told: dict[int, list[dict[str, Any]]] = {}
"""What a process, by its id, has told of its connections: a forked one begins anew."""


class RedirectError(Exception):
    """The connections of this arm have nowhere to go that is its own."""


class Entries:
    """The redirection's file, read once."""

    read: list[tuple[dict[str, Any], dict[str, Any]]] | None = None


def connecting(dialect: Any, entry: Any, cargs: list[Any], cparams: dict[str, Any]) -> None:
    """Event: a connection is about to be made. Its arguments are noted, and changed where an entry fits."""
    facts = facts_of(dialect, cargs, cparams)
    redirected = False
    if file:
        for wanted, instead in entries():
            if all(facts[name] == value for name, value in wanted.items()):
                lead(dialect, cargs, cparams, instead)
                redirected = True
                break
    tell({**facts, "redirected": redirected})


def facts_of(dialect: Any, cargs: list[Any], cparams: dict[str, Any]) -> dict[str, Any]:
    """What a connection's arguments say of where it goes; None for what the driver decides by itself."""
    facts: dict[str, Any] = {"system": dialect.name, "driver": dialect.driver, **dict.fromkeys(PARTS), "path": None}
    if dialect.name == "sqlite":
        facts["path"] = path_of(str(cparams.get("database", cargs[0] if cargs else ":memory:")))
        return facts
    for part in PARTS:
        value = next((cparams[name] for name in NAMES.get(part, (part,)) if cparams.get(name) is not None), None)
        if value is None and dialect.name == "postgresql":
            value = os.environ.get(DEFAULTS[part])
        facts[part] = value if value is None or isinstance(value, (str, int)) else str(value)
    if facts["port"] is None:
        facts["port"] = DEFAULT_PORTS.get(dialect.name)
    if isinstance(facts["port"], str) and facts["port"].isdigit():
        facts["port"] = int(facts["port"])
    return facts


def path_of(name: str) -> str:
    """Absolute path of an SQLite file, also of one given as `file:` address; `:memory:` for those without one."""
    if name.startswith("file:"):
        name, _, query = name[len("file:") :].partition("?")
        if "mode=memory" in query:
            return ":memory:"
        if name.startswith("//"):  # file://localhost/path
            name = "/" + name[2:].partition("/")[2]
    return ":memory:" if name in MEMORY else os.path.abspath(name)


def lead(dialect: Any, cargs: list[Any], cparams: dict[str, Any], instead: dict[str, Any]) -> None:
    """Change a connection's arguments to those of an entry's `to`."""
    if dialect.name == "sqlite":
        old = str(cparams.get("database", cargs[0] if cargs else ""))
        query = old.partition("?")[2] if old.startswith("file:") else ""
        new = f"file:{instead['path']}?{query}" if query else instead["path"]
        if "database" in cparams:
            cparams["database"] = new
        else:
            cargs[:1] = [new]
        return
    cparams.pop("hostaddr", None)  # libpq would go there whatever the host
    for part, value in instead.items():
        names = NAMES.get(part, (part,))
        cparams[next((name for name in names if name in cparams), names[0])] = value


def entries() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """[(from, to), ...] of the redirection's file. Raises RedirectError, ValueError, FileNotFoundError."""
    if Entries.read is None:
        Entries.read = checked(json.loads(spool.private_file(file, MAX_FILE, RedirectError)))
    return Entries.read


def checked(whole: Any) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    found = whole.get("database") if isinstance(whole, dict) else None
    if not isinstance(found, list) or whole.get("version") != 1:
        raise RedirectError('wants {"version": 1, "database": [...]}')
    pairs = []
    for entry in found:
        wanted, instead = (entry.get("from"), entry.get("to")) if isinstance(entry, dict) else (None, None)
        if not (isinstance(wanted, dict) and isinstance(instead, dict)):
            raise RedirectError("each entry wants from and to")
        if set(wanted) == {"path"}:
            right = set(instead) == {"path"} and isinstance(instead["path"], str)
        else:
            right = set(wanted) == {"host", "port", "dbname"} and set(instead) <= set(PARTS)
            right = right and {"host", "port", "dbname"} <= set(instead)
        if not right:
            raise RedirectError("from and to want host, port and dbname (to: user, password as well), or path")
        pairs.append((wanted, instead))
    return pairs


def tell(facts: dict[str, Any]) -> None:
    """Write what was seen, the first time it is seen in this process; the file is always whole."""
    pid = os.getpid()
    ours = told.setdefault(pid, [])
    if facts in ours or spool.unsafe(spool.folder):
        return
    ours.append(facts)
    path = os.path.join(spool.folder, f"connect-{pid}.json")
    part = f"{path}.{id(facts)}.part"  # threads connect at the same time, each with facts of its own
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    written = 0
    while written < len(ours):  # what another thread has added meanwhile its file may not have kept
        known = list(ours)
        whole = {"version": VERSION, "pid": pid, "connections": known}
        descriptor = os.open(part, flags, 0o600)
        try:
            os.write(descriptor, json.dumps(whole).encode("utf-8", "replace"))
        finally:
            os.close(descriptor)
        os.rename(part, path)
        written = len(known)
