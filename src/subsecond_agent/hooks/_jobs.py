"""Functions that the target calls jobs (`jobs = ["module:function"]`): wakes with each of their modules.

Their code is exchanged, so that a task registry which took the function when it was decorated calls ours as well.
"""

from __future__ import annotations

from .. import guard, job_names, jobs
from ..trial_functions import Swap, function_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

HOOK = "jobs"
live = True


class Swaps:
    """What was exchanged: `undo` once."""

    def __init__(self) -> None:
        self.done: list[Swap] = []

    def undo(self) -> None:
        """Put every function's own code back."""
        while self.done:
            self.done.pop().leave()


patches = Swaps()


def install(module: ModuleType) -> None:
    for function in job_names.by_module().get(module.__name__, ()):
        name = f"{module.__name__}:{function}"
        try:
            swap = Swap(function_of(name), recorded(name))
        except Exception as why:  # not there, a generator, a coroutine: the others are recorded all the same
            guard.notes.append((HOOK, str(why)))
            continue
        swap.use()
        patches.done.append(swap)


def recorded(name: str) -> Any:
    def dispatch(swap: Swap, values: Any, named: Any) -> Any:
        if not live:
            return swap.original(*values, **named)
        return jobs.run(HOOK, name, swap.original, values, named)

    return dispatch


def uninstall() -> None:
    patches.undo()
