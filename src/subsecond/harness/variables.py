"""`{{variables}}` of a requests file: file variables, the environment, answers of `# @setup` requests."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from subsecond.errors import SubsecondError, did_you_mean
from subsecond.harness import html_page

_OPEN = re.compile(r"\{\{(.*?)\}\}", re.S)
_ENVIRONMENT = re.compile(r"\$(?:env|processEnv)\s+([A-Za-z_]\w*)\Z")
_ANSWER = re.compile(r"(?P<name>.+?)\.response\.(?P<part>body|headers)(?:\.(?P<path>.+))?\Z", re.S)
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]|\[(['\"])(.+?)\3\]")
SUPPORTED = "{{name}}, {{$env NAME}}, {{setup-request.response.body.path}}, {{setup-request.response.headers.Name}}"
MAXIMUM_DEPTH = 20
Lookup = Callable[[str, str, str | None], str]
"""(setup request's name, `body` or `headers`, path or None) -> text; raises SubsecondError."""


def error(where: str, message: str) -> SubsecondError:
    """The error of a requests file; `where` is `requests.http, line 7`."""
    return SubsecondError("bad-request-file", f"{where}: {message}")


def check(text: str, variables: Collection[str], answers: Collection[str], where: str) -> None:
    """Raise where `text` holds an unclosed `{{` or a variable that is neither known nor of a supported form."""
    if "{{" in _OPEN.sub("", text):
        raise error(where, 'a "{{" is not closed on this line; write {{name}}')
    for found in _OPEN.finditer(text):
        _check_one(found.group(1).strip(), variables, answers, where)


def _check_one(inner: str, variables: Collection[str], answers: Collection[str], where: str) -> None:
    if inner in variables or _ENVIRONMENT.match(inner):
        return
    if inner.startswith("$"):
        raise error(where, f"{{{{{inner}}}}} is not supported; known: {SUPPORTED}")
    answer = _ANSWER.match(inner)
    if answer is None:
        near = did_you_mean(inner, [*variables, *answers])
        raise error(
            where, f'unknown variable "{inner}"{near or "; define it above with @" + (inner or "name") + " = value"}'
        )
    if answer["name"] not in answers:
        near = did_you_mean(answer["name"], answers)
        mend = near or "; mark the request of that name with # @setup and put it above"
        raise error(where, f'"{answer["name"]}" is no setup request above{mend}')
    if answer["path"] is None:
        raise error(where, f"{{{{{inner}}}}}: say what of it: .body.token, .body.* for the whole, .headers.Name")
    if answer["part"] == "body" and html_page.is_path(answer["path"]) and not html_page.is_supported(answer["path"]):
        raise error(where, f"{{{{{inner}}}}}: of a page only this form is known: {html_page.SUPPORTED}")


def uses_answer(text: str, variables: Mapping[str, str]) -> bool:
    """Whether `text` needs the answer of a setup request, also through a file variable."""
    seen: set[str] = set()
    waiting = [text]
    while waiting:
        for found in _OPEN.finditer(waiting.pop()):
            inner = found.group(1).strip()
            if inner in variables:
                if inner not in seen:
                    seen.add(inner)
                    waiting.append(variables[inner])
            elif _ANSWER.match(inner):
                return True
    return False


def resolve(text: str, variables: Mapping[str, str], lookup: Lookup, where: str) -> str:
    """`text` with each variable replaced; `lookup` gives what a setup request answered."""

    def expand(text: str, depth: int) -> str:
        if depth > MAXIMUM_DEPTH:
            raise error(where, f"the variables of {text!r} stand for each other without an end")
        return _OPEN.sub(lambda found: one(found.group(1).strip(), depth), text)

    def one(inner: str, depth: int) -> str:
        if inner in variables:
            return expand(variables[inner], depth + 1)
        environment = _ENVIRONMENT.match(inner)
        if environment:
            return _environment(environment.group(1), where)
        answer = _ANSWER.match(inner)
        if answer is None:
            raise error(where, f'unknown variable "{inner}"{did_you_mean(inner, variables)}')
        return lookup(answer["name"], answer["part"], answer["path"])

    return expand(text, 0) if "{{" in text else text


def _environment(name: str, where: str) -> str:
    value = os.environ.get(name)
    if value is None:
        near = did_you_mean(name, os.environ)
        raise error(where, f"the environment variable {name} is not set{near or '; export it before the audit'}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise error(where, f"the environment variable {name} is not UTF-8 text") from None
    return value


def at_path(value: Any, path: str) -> Any:
    """What stands at `$.a.b[0]` or `a.b.0` of a JSON value; KeyError(step, where it is not) if it does not."""
    for step in _STEP.finditer(path.removeprefix("$")):
        key = next(group for group in (step[1], step[2], step[4]) if group is not None)
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            raise KeyError(key, value)
    return value
