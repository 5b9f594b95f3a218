"""`# @setup` requests: sent once before the others; what they answered, for the variables of later ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from subsecond.errors import EXIT_FAILED, SubsecondError, did_you_mean
from subsecond.harness import html_page, variables
from subsecond.harness.requests import where
from subsecond.harness.send import Answer
from subsecond.model.target import RequestSpec
from subsecond.store import from_json

Send = Callable[[RequestSpec], Answer]
READ_BODY, SHOWN_BODY = 4000, 120
_MARKUP = re.compile(r"<style.*?</style>|<script.*?</script>|<[^>]*>", re.S | re.I)


class Setup:
    """The setup requests of a target and what they have answered so far."""

    def __init__(self, specs: Sequence[RequestSpec]) -> None:
        self.specs = tuple(specs)
        self._answers: dict[tuple[str, str], Answer] = {}
        self.cookies: dict[str, str] = {}

    def perform(self, send: Send, failure: Callable[[], str | None]) -> None:
        """Send them all, in order. Raises SubsecondError where one is not answered with success.

        `failure`: what the app has logged, for an answer that says itself no more than that there was an error.
        """
        self._answers.clear()
        self.cookies.clear()
        for spec in self.specs:
            answer = send(spec)
            if answer.status >= 400:
                text = " ".join(_MARKUP.sub(" ", answer.body[:READ_BODY].decode(errors="replace")).split())
                text = text[:SHOWN_BODY]
                if answer.status >= 500 and (logged := failure()):
                    text = f"first in its log: {logged}"
                raise SubsecondError(
                    "setup-failed",
                    f"{where(spec)}: the setup request {spec.name} was answered {answer.status}: {text or 'no body'}",
                    exit_code=EXIT_FAILED,
                )
            self._answers[spec.file, spec.name] = answer
            if spec.url.startswith("/"):
                self.cookies.update(_cookies(answer))

    def lookup_for(self, spec: RequestSpec) -> variables.Lookup:
        """What replaces `{{name.response…}}` in a request: answers of the setup requests of the same file."""

        def lookup(name: str, part: str, path: str | None) -> str:
            answer = self._answers.get((spec.file, name))
            if answer is None:
                raise variables.error(where(spec), f'the setup request "{name}" has not been answered yet')
            if part == "headers":
                return _header(answer, path or "", name, where(spec))
            return _body(answer, path or "*", name, where(spec))

        return lookup


def _header(answer: Answer, wanted: str, name: str, place: str) -> str:
    value = answer.header(wanted)
    if value is None:
        near = did_you_mean(wanted, [key for key, _ in answer.headers])
        raise variables.error(place, f'the answer of "{name}" has no header {wanted}{near}')
    return value


def _body(answer: Answer, path: str, name: str, place: str) -> str:
    if path == "*":
        return answer.body.decode(errors="replace")
    if html_page.is_path(path):
        return _of_page(answer.body.decode(errors="replace"), path, name, place)
    try:
        document: Any = from_json(answer.body, object, name)
    except SubsecondError:
        raise variables.error(place, f'the answer of "{name}" is no JSON, so it has no {path}') from None
    try:
        value = variables.at_path(document, path)
    except KeyError as step:
        key, holder = step.args
        known = ", ".join(sorted(holder)) if isinstance(holder, dict) else _kind(holder)
        missing = f'the answer of "{name}" has no {key!r} at {path} (there is: {known})'
        raise variables.error(place, missing) from None
    if isinstance(value, (dict, list)) or value is None:
        raise variables.error(place, f'{path} of the answer of "{name}" is {_kind(value)}, not a text or a number')
    return str(value).lower() if isinstance(value, bool) else str(value)


def _of_page(page: str, path: str, name: str, place: str) -> str:
    try:
        return html_page.value_at(page, path)
    except KeyError as others:
        known = f" (there is: {', '.join(map(str, others.args))})" if others.args else ""
        raise variables.error(place, f'the answer of "{name}" has no {path}{known}') from None


def _kind(value: object) -> str:
    known = {type(None): "null", dict: "an object", list: "a list", str: "a text"}
    return known.get(type(value), "a number")


def _cookies(answer: Answer) -> dict[str, str]:
    found = {}
    for name, value in answer.headers:
        if name.lower() == "set-cookie":
            key, _, rest = value.partition(";")[0].partition("=")
            found[key.strip()] = rest.strip()
    return found
