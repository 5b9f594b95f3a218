"""What the verbs that need a target have in common: their options, and command-line words -> Target."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from subsecond.errors import SubsecondError

F = TypeVar("F", bound=Callable[..., Any])

TARGET_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.argument("what", nargs=-1, metavar="[MODULE:APP] [REQUESTS.http …]"),
    click.option("--run", help='Start command with {port}, e.g. "gunicorn -b 127.0.0.1:{port} app:app".'),
    click.option("--python", type=click.Path(), help="Interpreter of the app's environment."),
    click.option("--cwd", type=click.Path(), help="Folder of the project (default: this one)."),
    click.option("--env", multiple=True, metavar="K=V", help="Environment variable of the app; may be repeated."),
    click.option("--get", multiple=True, metavar="PATH", help="A request without a file, e.g. '/v1/rooms?page=2'."),
    click.option("--header", multiple=True, metavar="'K: V'", help="Header of the requests given by --get."),
    click.option("--allow", multiple=True, metavar="'POST /path'", help="Lets a request beyond GET and HEAD be sent."),
    click.option("--code", multiple=True, metavar="PACKAGE", help="Packages or folders that are the app's own code."),
)

TRIAL_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option("--budget", metavar="10m", help="Time for all trials (default 10m); the largest shares come first."),
    click.option("--rtt", metavar="2ms", help="Added to each round trip to the database while trials run."),
)


def with_options(options: Sequence[Callable[[Any], Any]]) -> Callable[[F], F]:
    """Put the options on a command, in the order given."""

    def decorate(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def given(what: Sequence[str], options: dict[str, Any]) -> tuple[Path, dict[str, Any]]:
    """The project's folder, and the fields of Target that the command line gives.

    A word that ends in `.http` or names a file is a request file, any other is `module:app`.
    """
    fields = {key: list(value) if isinstance(value, tuple) else value for key, value in options.items() if value}
    folder = Path(str(fields.pop("cwd", "."))).resolve()
    requests = [word for word in what if word.endswith(".http") or Path(word).is_file()]
    apps = [word for word in what if word not in requests]
    if len(apps) > 1:
        raise SubsecondError("two-apps", f"{apps[0]} and {apps[1]}: one target has one app; audit them one at a time")
    if apps:
        fields["app"] = apps[0]
    if requests:
        fields["requests"] = requests
    if "header" in fields:
        fields["headers"] = _pairs(fields.pop("header"), ":", "--header", "'Accept: text/html'")
    if "env" in fields:
        fields["env"] = _pairs(fields["env"], "=", "--env", "DEBUG=0")
    return folder, fields


def _pairs(words: Sequence[str], separator: str, option: str, example: str) -> dict[str, str]:
    pairs = {}
    for word in words:
        key, found, value = word.partition(separator)
        if not found or not key.strip():
            raise SubsecondError("bad-option", f'{option} "{word}": wants a name and a value, e.g. {option} {example}')
        pairs[key.strip()] = value.strip()
    return pairs
