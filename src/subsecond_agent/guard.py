"""The agent is a guest: what fails in it is noted once, the hook it belongs to is switched off, the app goes on.

Every entry point of ours is wrapped as `try: ... except Exception as mishap: failed(HOOK, mishap)`. It is written out
at each place, since a context manager costs more than the work it would protect.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

status: dict[str, str] = {}
"""Hook -> "waiting" | "installed" | "off: why"; told to the tool with the hello line."""
modules: dict[str, ModuleType] = {}
"""Hook -> its module, once its library has been imported: install(module), uninstall(), `live`, `patches`."""
notes: list[tuple[str, str]] = []
"""Mishaps that are not in the spool yet. They wait for the first request, as the spool's file does."""


def failed(hook: str, mishap: BaseException) -> None:
    """Note a mishap of ours and switch its hook off.

    hook: name of the hook, as in `status`. mishap: what was raised. Raises nothing; a second mishap of the same hook
    changes nothing.
    """
    if status.get(hook, "").startswith("off"):
        return
    try:
        message = describe(mishap)
        status[hook] = "off: " + message
        notes.append((hook, message))
        silence(hook)
        spool = sys.modules.get((__package__ or "") + ".spool")
        if spool is not None:
            spool.write_notes()
    except Exception:  # there is nobody left to tell
        return


def silence(hook: str) -> None:
    """Let a hook do nothing more. Its replaced functions go back; an event's listener stays, since SQLAlchemy may be
    calling it just now and does not survive a removal then."""
    module = modules.get(hook)
    if module is not None:
        module.live = False  # type: ignore[attr-defined]
        module.patches.undo()


def describe(mishap: BaseException) -> str:
    """One line: type, text (at most 300 characters) and the agent's own line it came from."""
    place = ""
    trace = mishap.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_globals.get("__name__", "")
        if __package__ and name.startswith(__package__):
            place = f" ({name}:{trace.tb_lineno})"
        trace = trace.tb_next
    text = str(mishap)[:300].replace("\n", " ")
    return f"{type(mishap).__name__}: {text}{place}"
