"""What the verbs that need a target have in common: command-line words -> Target."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from subsecond.errors import SubsecondError
from subsecond.model.target import Target
from subsecond.target import load


def target_of(what: Sequence[str], options: dict[str, Any]) -> Target:
    """The target of the working folder (or `--cwd`), with what the command line says put over it.

    A word that ends in a request file's suffix is a request file, any other is `module:app`.
    """
    given = {key: list(value) if isinstance(value, tuple) else value for key, value in options.items() if value}
    requests = [word for word in what if word.endswith(".http") or Path(word).is_file()]
    apps = [word for word in what if word not in requests]
    if len(apps) > 1:
        raise SubsecondError("two-apps", f"{apps[0]} and {apps[1]}: one target has one app; audit them one at a time")
    if apps:
        given["app"] = apps[0]
    if requests:
        given["requests"] = requests
    if "header" in given:
        given["headers"] = _pairs(given.pop("header"), ":", "--header", "'Accept: text/html'")
    if "env" in given:
        given["env"] = _pairs(given["env"], "=", "--env", "DEBUG=0")
    return load(Path(str(given.pop("cwd", "."))).resolve(), given)


def _pairs(words: Sequence[str], separator: str, option: str, example: str) -> dict[str, str]:
    pairs = {}
    for word in words:
        key, found, value = word.partition(separator)
        if not found or not key.strip():
            raise SubsecondError("bad-option", f'{option} "{word}": wants a name and a value, e.g. {option} {example}')
        pairs[key.strip()] = value.strip()
    return pairs
