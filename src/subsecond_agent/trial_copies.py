"""Which values may be given out again, as copies, and what a call's arguments are worth as a key."""

from __future__ import annotations

from .virtual_fix import RefusedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PLAIN = (type(None), bool, int, float, complex, str, bytes)
VALUE_MODULES = ("datetime", "decimal", "uuid", "fractions", "zoneinfo", "ipaddress", "pathlib")
STATE = "_sa_instance_state"
MAX_PARTS = 50_000
MAX_ATTRIBUTES = 20


def is_value(value: Any) -> bool:
    """One that nobody can change: it may be given out as it is."""
    kind = type(value)
    return isinstance(value, PLAIN) or kind.__module__ in VALUE_MODULES or hasattr(kind, "__members__")


class Copier:
    """Copies one result. `entities` are the ORM's objects in it: those are given out themselves."""

    def __init__(self) -> None:
        self.entities: list[Any] = []
        self.parts = 0

    def copy(self, value: Any) -> Any:
        """Raises RefusedError for what cannot be copied without knowing it."""
        self.parts += 1
        if self.parts > MAX_PARTS:
            raise RefusedError(f"it returns more than {MAX_PARTS} values")
        kind = type(value)
        if is_value(value):
            return value
        if hasattr(value, STATE):
            self.entities.append(value)
            return value
        if kind is list:
            return [self.copy(part) for part in value]
        if kind is dict:
            return {self.copy(key): self.copy(part) for key, part in value.items()}
        if kind in (set, frozenset):
            return kind([self.copy(part) for part in value])
        if isinstance(value, tuple):
            return tuple.__new__(kind, [self.copy(part) for part in value])
        if kind.__module__.startswith("sqlalchemy") and kind.__name__ in ("Row", "RowMapping"):
            for part in list(value if kind.__name__ == "Row" else value.values()):
                self.copy(part)
            return value
        if kind.__flags__ & 0x200 and hasattr(value, "__dict__") and not is_library(kind):  # a class written in Python
            made = object.__new__(kind)
            made.__dict__.update({name: self.copy(part) for name, part in vars(value).items()})
            return made
        raise RefusedError(f"it returns {kind.__module__}.{kind.__qualname__}, which cannot be copied safely")


def is_library(kind: type) -> bool:
    """Objects of these are more than their attributes: requests, sessions, responses, locks."""
    names = ("sqlalchemy", "flask", "werkzeug", "jinja2", "gevent", "threading", "logging", "io", "builtins")
    return any(base.__module__.partition(".")[0] in names for base in kind.__mro__ if base is not object)


class Keyer:
    """Makes a key of a call's arguments. `sessions` are the ORM sessions among them, `held` what is known by its id."""

    def __init__(self, across: bool) -> None:
        self.across = across
        self.sessions: list[Any] = []
        self.held: list[Any] = []

    def key(self, value: Any, depth: int = 0) -> Any:
        """Raises RefusedError for what has none. ChangedError: an object whose changes are not flushed."""
        kind = type(value)
        if is_value(value):
            return kind, value
        if kind in (list, tuple):
            return kind, tuple([self.key(part, depth + 1) for part in value])
        if kind is dict:
            return kind, tuple([(self.key(name, depth + 1), self.key(part, depth + 1)) for name, part in value.items()])
        if kind in (set, frozenset):
            return kind, frozenset([self.key(part, depth + 1) for part in value])
        state = getattr(value, STATE, None)
        if state is not None and not isinstance(value, type):
            return self.entity(value, state)
        if hasattr(value, "identity_map") or (hasattr(value, "registry") and hasattr(value, "session_factory")):
            self.sessions.append(value)
            return ("session",)
        if self.across and not callable(value):
            raise RefusedError(
                f"its argument of the class {kind.__qualname__} is another one in each request: no result fits"
            )
        self.held.append(value)
        return "object", id(value), self.attributes(value, depth)

    def entity(self, value: Any, state: Any) -> Any:
        if state.modified or (self.across and state.key is None):
            raise ChangedError
        if self.across:
            return "entity", state.key
        self.held.append(value)
        return "entity", id(value)

    def attributes(self, value: Any, depth: int) -> Any:
        """Plain attributes of an object: a method's answer may hang on them."""
        own = getattr(value, "__dict__", None)
        if depth > 2 or type(own) is not dict or len(own) > MAX_ATTRIBUTES:
            return None
        return tuple([(name, type(part), part) for name, part in own.items() if is_value(part)])


class ChangedError(Exception):
    """This call must be made."""
