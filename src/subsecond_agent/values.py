"""Are two values equal? Told by a keyed hash, without running any code of the app's: no `__eq__`, no `__repr__`."""

from __future__ import annotations

import weakref

from . import steering

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

PLAIN = (int, float, str, bytes, bool, type(None), complex)
BY_TEXT = frozenset({"date", "datetime", "time", "timedelta", "Decimal", "UUID"})
TEXT_MODULES = frozenset({"datetime", "decimal", "_decimal", "_pydecimal", "uuid", "_pydatetime"})
ALIKE = frozenset({"Session", "scoped_session", "AsyncSession", "Connection", "Engine", "AsyncEngine", "sessionmaker"})
"""Of SQLAlchemy: through which session a function reads is no part of what it is asked."""
MAX_PARTS = 300
"""Parts of the arguments of one call that are looked at."""
MAX_RESULT = 2_000
MAX_ALL = 2_000_000
"""Parts of all values of one request."""
MAX_DEPTH = 8
VARIADIC = 0x4 | 0x8
OWN_OBJECT = "~"
"""Begins a hash that says which object it is: comparable within its request only."""


class CannotTellError(Exception):
    """The value cannot be compared without its own help, or is too large."""


class Comparer:
    """Hashes of one request's values; it remembers which objects it has met."""

    def __init__(self) -> None:
        self.met: dict[int, tuple[Any, int]] = {}
        self.left = MAX_ALL
        self.parts = self.numbers = 0
        self.own_object = self.entity = False

    def arguments(self, frame: FrameType) -> str | None:
        """Hash of what the function of a frame was called with; None where that cannot be told."""
        code = frame.f_code
        number = code.co_argcount + code.co_kwonlyargcount + bin(code.co_flags & VARIADIC).count("1")
        values = frame.f_locals
        return self.digest(tuple([values.get(name) for name in code.co_varnames[:number]]), MAX_PARTS)

    def value(self, value: Any) -> tuple[str | None, bool]:
        """(hash of a value or None, whether it holds an object of a mapped class)."""
        return self.digest(value, MAX_RESULT), self.entity

    def digest(self, value: Any, most: int) -> str | None:
        self.parts = min(most, self.left)
        before = self.parts
        self.own_object = self.entity = False
        try:
            key = self.key(value, 0)
        except CannotTellError:
            return None
        finally:
            self.left -= before - self.parts
        found = keyed_hash(repr(key).encode("utf-8", "replace"))
        return OWN_OBJECT + found if self.own_object else found

    def key(self, value: Any, depth: int) -> Any:
        """A structure of built-in values that is equal for equal values."""
        self.parts -= 1
        if self.parts < 0 or depth > MAX_DEPTH:
            raise CannotTellError
        kind = type(value)
        if kind in PLAIN:
            return (kind.__name__, value)
        if kind in (list, tuple):
            return (kind.__name__, [self.key(part, depth + 1) for part in value])
        if kind is dict:
            return ("dict", [(self.key(name, depth + 1), self.key(part, depth + 1)) for name, part in value.items()])
        if kind in (set, frozenset):
            return (kind.__name__, sorted([repr(self.key(part, depth + 1)) for part in value]))
        name = kind.__name__
        if name in BY_TEXT and kind.__module__ in TEXT_MODULES:
            return (name, str(value))
        if issubclass(kind, type) or name in ("function", "builtin_function_or_method", "module"):
            return (name, getattr(value, "__module__", None), getattr(value, "__qualname__", value.__name__))
        if kind.__module__.startswith("sqlalchemy") and name in ALIKE:
            return ("through", name)
        for base in kind.__mro__[1:-1]:
            if base.__module__.startswith("sqlalchemy") and base.__name__ in ALIKE:
                return ("through", base.__name__)
        inner = attributes_of(value)
        if inner is not None and "_sa_instance_state" in inner:
            return self.entity_key(inner["_sa_instance_state"], value, depth)
        if inner is not None and "_name_" in inner and type(kind).__name__ in ("EnumMeta", "EnumType"):
            return ("enum", kind.__module__, kind.__qualname__, inner["_name_"])
        return self.object_key(value)

    def entity_key(self, state: Any, value: Any, depth: int) -> Any:
        self.entity = True
        key = getattr(state, "key", None)
        if key is None:
            return self.object_key(value)
        return ("entity", key[0].__module__, key[0].__qualname__, self.key(tuple(key[1]), depth + 1))

    def object_key(self, value: Any) -> Any:
        """Which object it is: a number that no other object of this request has, also at the same place in memory."""
        self.own_object = True
        known = self.met.get(id(value))
        if known is not None and known[0]() is value:
            return ("object", known[1])
        try:
            reference = weakref.ref(value)
        except TypeError:
            raise CannotTellError from None
        self.numbers += 1
        self.met[id(value)] = (reference, self.numbers)
        return ("object", self.numbers)


def keyed_hash(data: bytes) -> str:
    """16 hex digits, the same in all processes of a run and worth nothing after it."""
    from _blake2 import blake2b  # what hashlib has, without hashlib and OpenSSL; no sooner than it is needed

    return blake2b(data, digest_size=8, key=steering.token[:64]).hexdigest()


def attributes_of(value: Any) -> dict[str, Any] | None:
    """An object's own attributes, without its class having a say."""
    try:
        found = object.__getattribute__(value, "__dict__")
    except (AttributeError, TypeError):
        return None
    return found if type(found) is dict else None
