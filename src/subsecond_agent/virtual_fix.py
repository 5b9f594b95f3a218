"""What every virtual fix is: a name, typed parameters, hooks made once a process, and one object per request.

A fix is one file in `virtual_fixes/` with one class `Fix(VirtualFix)`. Nothing of it is loaded, and nothing in the app
is hooked, before the first trial that asks for it. Its hooks ask `running(NAME)`: outside a trial that is one look at
the request's record.
"""

from __future__ import annotations

import re

from . import guard
from .recorder import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, ClassVar

    from .span import Record

    Check = Callable[[Any], str]
    """value -> what it should have been, or "" when it is right."""

MAX_ITEMS = 100_000


class RefusedError(Exception):
    """A fix will not act, for the reason given: nothing failed."""


class VirtualFix:
    """One virtual fix of one request. `acted`, `refused` go into the trace."""

    NAME: ClassVar[str]
    PARAMETERS: ClassVar[dict[str, Check]]
    OPTIONAL: ClassVar[dict[str, Any]] = {}
    """Parameters that may be left out, with the value they have then."""

    def __init__(self, record: Record, parameters: dict[str, Any], shadow: bool) -> None:
        self.record = record
        self.parameters = parameters
        self.shadow = shadow
        self.acted = 0
        self.refused: str | None = None

    @classmethod
    def install(cls) -> None:
        """Hook what this fix needs, at the first trial of this process that asks for it. Raises RefusedError."""

    @classmethod
    def uninstall(cls) -> None:
        """Take the hooks out again."""

    def apply(self) -> None:
        """The request begins (its clock does not run yet). Raises RefusedError."""

    def undo(self) -> None:
        """The request is over: give back what was taken."""

    def refuse(self, why: str) -> None:
        """Act no more in this request."""
        if self.refused is None:
            self.refused = why

    def failed(self, mishap: Exception) -> None:
        """A mishap of ours, or a reason to refuse, inside a hook: the app goes on without this fix."""
        self.refuse(str(mishap) if isinstance(mishap, RefusedError) else "failed: " + guard.describe(mishap))


def running(name: str) -> list[Any]:
    """The fixes of this name that may act in the request that is going on here."""
    record = current()
    if record is None or record.trial is None:
        return []
    return [fix for fix in record.trial.named(name) if fix.refused is None]


def text(pattern: str, what: str) -> Check:
    matches = re.compile(pattern).fullmatch

    def check(value: Any) -> str:
        return "" if isinstance(value, str) and matches(value) else what

    return check


def one_of(*words: str) -> Check:
    def check(value: Any) -> str:
        return "" if isinstance(value, str) and value in words else " or ".join(words)

    return check


def whole_number(least: int) -> Check:
    def check(value: Any) -> str:
        return "" if type(value) is int and value >= least else f"a whole number from {least} on"

    return check


def many(each: Check, what: str) -> Check:
    """A list, not empty, of values that all pass `each`."""

    def check(value: Any) -> str:
        right = isinstance(value, list) and 0 < len(value) <= MAX_ITEMS and not any(each(item) for item in value)
        return "" if right else what

    return check


def or_null(other: Check) -> Check:
    def check(value: Any) -> str:
        return "" if value is None else other(value)

    return check


def literal(value: Any) -> str:
    """A value as JSON writes it, but no object."""
    return "" if value is None or isinstance(value, (str, int, float, bool)) else "text, number, true, false or null"


def key(value: Any) -> str:
    """A primary key: a literal, or the list of its literals."""
    if isinstance(value, list):
        return "" if value and not any(literal(part) for part in value) else "a literal or a list of literals"
    return literal(value)


def place(value: Any) -> str:
    """[file, function] as a trace's frames name them."""
    right = isinstance(value, list) and len(value) == 2 and all(isinstance(part, str) and part for part in value)
    return "" if right else "[file, function]"


IDENTIFIER = text(r"[^\W\d]\w*", "the name of a class or an attribute")
DOTTED = text(r"[^\W\d]\w*(\.[^\W\d]\w*)*", "the dotted name of a module")
RELATION = text(r"[^\W\d]\w*\.[^\W\d]\w*", "Model.relation")
HASHES = many(text(r"[0-9a-f]{16}", "16 hex digits"), "a list of the first 16 hex digits of the texts' sha256")
KEYS = many(key, "a list of primary keys, each a literal or a list of literals")
LITERALS = many(literal, "a list of literals")
NAMES = many(IDENTIFIER, "a list of attributes' names")
PLACES = many(place, "a list of [file, function]")
