"""Replace functions of the app's libraries so that all of it can be undone."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

MARK = "__subsecond__"


class Patches:
    """What one hook replaced: `replace` as often as needed, `undo` once.

    mark: attribute of what was put in. Somebody who replaces what a hook has replaced already needs one of his own.
    """

    def __init__(self, mark: str = MARK) -> None:
        self.mark = mark
        self.done: list[tuple[Any, str, Any, Any, bool]] = []

    def replace(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        """Put `make(original)` in the place of `owner.name`.

        Does nothing when ours is there already: `importlib.reload` runs a hook twice, and a class may inherit what was
        replaced in its parent.
        """
        original = getattr(owner, name)
        if getattr(original, self.mark, False):
            return
        replacement = make(original)
        for attribute in ("__module__", "__name__", "__qualname__", "__doc__"):
            setattr(replacement, attribute, getattr(original, attribute, None))
        replacement.__wrapped__ = original  # inspect.signature follows it: the app sees the signature it knows
        setattr(replacement, self.mark, True)
        own = name in vars(owner)
        setattr(owner, name, replacement)
        self.done.append((owner, name, original, replacement, own))

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
