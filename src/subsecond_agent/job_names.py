"""Which functions are jobs of a worker, as the target says: read at start, before anything of the app is there."""

from __future__ import annotations

import os

from .protocol import ENV_JOBS


def by_module() -> dict[str, list[str]]:
    """Module -> qualified names of its job functions; empty where none are given or the variable is malformed."""
    text = os.environ.get(ENV_JOBS)
    if not text:
        return {}
    import json  # not before gevent patches, unless it must be

    try:
        given = json.loads(text)
    except ValueError:
        return {}
    found: dict[str, list[str]] = {}
    for name in given if isinstance(given, list) else []:
        module, colon, function = str(name).partition(":")
        if colon and module and function:
            found.setdefault(module, []).append(function)
    return found
