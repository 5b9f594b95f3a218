"""Replace functions of the app's libraries so that all of it can be undone."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

MARK = "__subsecond__"
MAX_DEPTH = 50
"""Wrappers around one function that are looked through."""


class Patches:
    """What one hook replaced: `replace` as often as needed, `undo` once.

    mark: attribute of what was put in. Somebody who replaces what a hook has replaced already needs one of his own.
    """

    def __init__(self, mark: str = MARK) -> None:
        self.mark = mark
        self.done: list[tuple[Any, str, Any, Any, bool]] = []

    def replace(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        """Put `make(original)` in the place of `owner.name`.

        Does nothing when ours is there already: `importlib.reload` runs a hook twice, a class may inherit what was
        replaced in its parent, and where an app makes an engine a request the recorder comes back to a class that a
        virtual fix has wrapped since.
        """
        original = getattr(owner, name)
        if self.within(original):
            return
        replacement = make(original)
        for attribute in ("__module__", "__name__", "__qualname__", "__doc__"):
            setattr(replacement, attribute, getattr(original, attribute, None))
        replacement.__wrapped__ = original  # inspect.signature follows it: the app sees the signature it knows
        setattr(replacement, self.mark, True)
        own = name in vars(owner)
        setattr(owner, name, replacement)
        self.done.append((owner, name, original, replacement, own))

    def within(self, function: Any) -> bool:
        """Whether ours is there, on top or below what others wrapped around it."""
        for _ in range(MAX_DEPTH):
            if function is None or getattr(function, self.mark, False):
                return function is not None
            function = getattr(function, "__wrapped__", None)
        return False

    def undo(self) -> None:
        """Put everything back, but for what somebody else has wrapped since: his wrapper needs ours below it."""
        while self.done:
            owner, name, original, replacement, own = self.done.pop()
            if vars(owner).get(name) is not replacement:
                continue
            if own:
                setattr(owner, name, original)
            else:
                delattr(owner, name)
