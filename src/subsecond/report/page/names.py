"""What things are called in the diagrams: as they were observed, unless the configuration says it better."""

from __future__ import annotations

from pathlib import Path

from subsecond.model.report_common import Side
from subsecond.model.surroundings import Surroundings
from subsecond.model.target import Naming, Person
from subsecond.model.trace import Span
from subsecond.report.page.draft import DraftBox
from subsecond.report.page.marks import called
from subsecond_agent import protocol

_SYSTEMS = {"postgresql": "PostgreSQL", "sqlite": "SQLite", "mysql": "MySQL", "valkey": "Valkey", "redis": "Redis"}
_FRAMEWORKS = ("flask", "django", "fastapi", "starlette", "quart")
_PROPER = {"flask": "Flask", "django": "Django", "fastapi": "FastAPI", "sqlalchemy": "SQLAlchemy"}
ANYBODY = Person(name="Client", description="Whoever sends the requests")


class Names:
    """Of one report. `around` and `root` by side."""

    def __init__(
        self, naming: Naming, around: dict[Side, Surroundings | None], root: dict[Side, Path], names: dict[Side, str]
    ) -> None:
        self._naming = naming
        self._names = dict(naming.names)
        self._descriptions = dict(naming.descriptions)
        self.around = around
        self.root = root
        self._apps = names

    def app(self, side: Side) -> tuple[str, str]:
        """Name and technology of the application."""
        around = self.around[side]
        return self._apps[side], technology(around) if around else ""

    def people(self) -> tuple[Person, ...]:
        """Those of the configuration, else whoever sends the requests."""
        return self._naming.people or (ANYBODY,)

    def person_of(self, request: str) -> Person:
        """The first person whose request it is."""
        return next((one for one in self.people() if not one.requests or request in one.requests), ANYBODY)

    def client(self, request: str, *, job: bool) -> DraftBox:
        """Who or what begins a run."""
        if job:
            return DraftBox(
                id="client", kind="container", title="Job queue", word="Container", lane="start",
                description="Hands the job to the worker",
            )  # fmt: skip
        person = self.person_of(request)
        return DraftBox(
            id="client", kind="person", title=person.name, word="Person", description=person.description, lane="start"
        )

    def database(self, side: Side) -> tuple[str, str]:
        """Name and technology of the main database."""
        around = self.around[side]
        if not around or not around.databases:
            return "Database", ""
        first = around.databases[0]
        return self._names.get(first.name, first.name), system(first.system)

    def outside(self, span: Span) -> DraftBox:
        """Another service or a key-value store, as a call found it."""
        key = called(span)
        if span.name == protocol.SPAN_KEY_VALUE:
            return DraftBox(
                id=f"k-{key}", kind="cache", title=self._names.get(key, system(key)), word="Container",
                detail="key-value store", description=self._descriptions.get(key, ""), lane="end",
            )  # fmt: skip
        return DraftBox(
            id=f"x-{key}", kind="external", title=self._names.get(key, key), word="External System",
            detail=key if key in self._names else "HTTP", description=self._descriptions.get(key, ""), lane="end",
        )  # fmt: skip

    def named(self, key: str, otherwise: str) -> tuple[str, str]:
        """Name and description of what was observed as `key`."""
        return self._names.get(key, otherwise), self._descriptions.get(key, "")


def technology(around: Surroundings) -> str:
    """`gunicorn, Flask 3.1, Python 3.12`."""
    parts = [around.server] if around.server else []
    for name, version in around.libraries.items():
        if name.lower() in _FRAMEWORKS:
            parts.append(f"{_PROPER.get(name.lower(), name)} {'.'.join(version.split('.')[:2])}")
    parts.append(f"Python {'.'.join(around.python.split('.')[:2])}")
    return ", ".join(parts)


def system(name: str) -> str:
    """A database's system as it is written."""
    return _SYSTEMS.get(name, name)
