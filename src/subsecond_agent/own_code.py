"""Whose code is a file? Decided once per file name; the walk of `callsite.py` only looks the answer up."""

from __future__ import annotations

import json
import os
import sys

from .protocol import ENV_CODE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

INFRASTRUCTURE = 0
"""Standard library, servers, frameworks, ORMs, drivers, serialisers, observers, the agent itself."""
OWN = 1
TEMPLATE = 2
"""Own, but no Python file: compiled from it, so its lines need a translation."""
OTHER = 3
"""Any other library: the call site of last resort, where an application is installed as a package."""
OTHER_TEMPLATE = 5
"""A template of such a library."""
ENTRY = 4
"""The agent's own frame around the request: what stands above it is the server."""

INFRASTRUCTURE_NAMES = frozenset(
    "gunicorn uvicorn hypercorn daphne waitress cheroot meinheld bjoern mod_wsgi uwsgi gevent greenlet eventlet uvloop "
    "zope flask quart werkzeug jinja2 markupsafe click itsdangerous blinker django rest_framework ninja starlette "
    "fastapi litestar sanic tornado aiohttp bottle falcon pyramid webob anyio asgiref a2wsgi sniffio connexion "
    "flask_restful flask_restx flask_smorest flask_openapi3 flask_login flask_caching flask_cors flask_admin "
    "sqlalchemy flask_sqlalchemy sqlmodel advanced_alchemy peewee pony tortoise mongoengine alembic flask_migrate "
    "psycopg psycopg_pool psycopg2 asyncpg pg8000 pymysql MySQLdb mysql aiomysql aiosqlite pymongo motor redis valkey "
    "oracledb cx_Oracle pyodbc pymssql elasticsearch marshmallow marshmallow_sqlalchemy flask_marshmallow pydantic "
    "pydantic_core msgspec orjson ujson simplejson attr attrs cattrs dataclasses_json requests urllib3 httpx httpcore "
    "celery kombu rq dramatiq wrapt decorator opentelemetry sentry_sdk ddtrace newrelic elasticapm scout_apm "
    "coverage _pytest pytest pluggy typing_extensions importlib_metadata packaging structlog loguru".split()
)

kinds: dict[str, int] = {}
"""`co_filename` -> one of the constants above. Keyed by text, whose hash is kept; a code object's is not."""
MAX_KINDS = 50_000  # code made by exec may have a new file name each time
STDLIB = tuple({os.path.dirname(os.__file__), os.path.dirname(os.path.realpath(os.__file__))})
AGENT = os.path.dirname(os.path.abspath(__file__))
ENTRIES = (os.path.join(AGENT, "wsgi.py"), os.path.join(AGENT, "jobs.py"))
PACKAGE_FOLDERS = ("/site-packages/", "/dist-packages/", "/node_modules/")


def read_settings(text: str | None) -> dict[str, Any]:
    """Value of ENV_CODE -> {"root", "code", "app"}; what is missing or malformed counts as not given."""
    try:
        given = json.loads(text or "{}")
    except ValueError:
        given = {}
    if not isinstance(given, dict):
        given = {}
    root = given.get("root")
    code = given.get("code")
    app = given.get("app")
    return {
        "root": os.path.abspath(root if isinstance(root, str) and root else os.getcwd()),
        "code": [entry for entry in code if isinstance(entry, str)] if isinstance(code, list) else [],
        "app": app.partition(":")[0].partition(".")[0] if isinstance(app, str) else "",
    }


settings = read_settings(os.environ.get(ENV_CODE))
local_packages: list[str] = []
web_apps: list[str] = []
"""Packages that the running web applications say they are in: the target may name a mere starting file of theirs."""


def learn(import_name: str) -> None:
    """A web application of this name answers requests: its package is own code."""
    name = import_name.partition(".")[0]
    if name not in web_apps and name not in INFRASTRUCTURE_NAMES:
        web_apps.append(name)
        kinds.clear()


def classify(file: str) -> int:
    """Kind of a `co_filename`, remembered in `kinds`."""
    if len(kinds) > MAX_KINDS:
        kinds.clear()
    kind = kinds[file] = decide(file)
    return kind


def decide(file: str) -> int:
    if file.startswith("<") or not file:
        return INFRASTRUCTURE
    path = os.path.abspath(file)
    if path in ENTRIES:
        return ENTRY
    if below(path, AGENT) or in_stdlib(path):
        return INFRASTRUCTURE
    if is_own(path) or is_own(os.path.realpath(path)):
        return OWN if is_python(path) else TEMPLATE
    if is_infrastructure(path):
        return INFRASTRUCTURE
    return OTHER if is_python(path) else OTHER_TEMPLATE


def is_python(path: str) -> bool:
    return path.endswith((".py", ".pyc", ".pyw"))


def is_own(path: str) -> bool:
    """The rule: what the target names, else the app's package, the project's folder, packages from local folders."""
    if settings["code"]:
        return any(below(path, place) for entry in settings["code"] for place in places_of(entry))
    if any(below(path, place) for name in (settings["app"], *web_apps) for place in places_of_module(name)):
        return True
    if in_project(path, settings["root"]) or in_project(path, os.path.realpath(settings["root"])):
        return True
    return any(below(path, place) for place in packages_from_local_folders() if not installed_below(path, place))


def below(path: str, place: str) -> bool:
    return path == place or path.startswith(place.rstrip(os.sep) + os.sep)


def in_stdlib(path: str) -> bool:
    return any(below(path, place) for place in STDLIB) and not any(part in path for part in PACKAGE_FOLDERS)


def installed_below(path: str, place: str) -> bool:
    """Is `path` in an environment inside `place`, as the libraries of a project with its own `.venv` are?"""
    rest = path[len(place) :]
    if any(part in rest for part in PACKAGE_FOLDERS):
        return True
    folder = os.path.dirname(path)
    while below(folder, place) and folder != place:
        if os.path.exists(os.path.join(folder, "pyvenv.cfg")):
            return True
        folder = os.path.dirname(folder)
    return False


def in_project(path: str, root: str) -> bool:
    return below(path, root) and not installed_below(path, root)


def places_of(entry: str) -> list[str]:
    """Folders and files of one entry of `code`: a folder (absolute or below the root) or a package's name."""
    folder = os.path.join(settings["root"], entry)
    places = [os.path.abspath(folder), os.path.realpath(folder)] if os.path.exists(folder) else []
    return places + places_of_module(entry)


def places_of_module(name: str) -> list[str]:
    module = sys.modules.get(name) if name else None
    try:
        folders = list(getattr(module, "__path__", ()) or ())
        file = getattr(module, "__file__", None)
    except Exception:  # a module may be anything at all
        return []
    return [os.path.abspath(place) for place in folders or ([file] if file else [])]


def packages_from_local_folders() -> list[str]:
    """Where packages live that pip installed from a folder (`direct_url.json`), editable or not; looked up once."""
    if not local_packages:
        local_packages.append(AGENT)  # ours, which is decided before: it says that we have looked
        local_packages.extend(place for entry in sys.path for place in local_packages_in(entry))
    return local_packages


def local_packages_in(entry: str) -> list[str]:
    places: list[str] = []
    try:
        names = [name for name in os.listdir(entry) if name.endswith(".dist-info")]
    except OSError:
        return places
    for name in names:
        try:
            with open(os.path.join(entry, name, "direct_url.json"), encoding="utf-8") as file:
                origin = json.load(file)
            if "dir_info" not in origin or not origin["url"].startswith("file://"):
                continue
            if origin["dir_info"].get("editable"):
                places.append(os.path.realpath(origin["url"][len("file://") :]))
            else:
                places.extend(recorded(entry, name))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
    return places


def recorded(entry: str, name: str) -> list[str]:
    """Top folders and modules that a distribution's RECORD lists."""
    with open(os.path.join(entry, name, "RECORD"), encoding="utf-8") as file:
        tops = {line.partition(",")[0].partition("/")[0] for line in file if ".py," in line}
    return [os.path.join(entry, top) for top in sorted(tops) if top != ".."]


def is_infrastructure(path: str) -> bool:
    """Is the file a server's, framework's, ORM's, driver's ... or a script of an environment's `bin`?"""
    for part in PACKAGE_FOLDERS:
        if part in path:
            top = path.rpartition(part)[2].partition("/")[0]
            return top.partition(".")[0] in INFRASTRUCTURE_NAMES
    return os.path.exists(os.path.join(os.path.dirname(os.path.dirname(path)), "pyvenv.cfg"))
