"""Requests from a `.http` file, as VS Code's REST Client and JetBrains' HTTP Client write it.

Format: https://github.com/Huachao/vscode-restclient#usage and
https://github.com/JetBrains/http-request-in-editor-spec. Ours is `# @setup`: sent once, before the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from subsecond.errors import SubsecondError, did_you_mean
from subsecond.harness import variables
from subsecond.harness.requests import request_reader, shown, without_secrets
from subsecond.model.target import RequestSpec

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_VARIABLE = re.compile(r"@([^\s=]+)\s*=\s*(.*?)\s*\Z")
_COMMENT = re.compile(r"\s*(?:#|//)\s?(.*)\Z")
_TAG = re.compile(r"@([\w-]+)\s*=?\s*(.*?)\s*\Z")
_REQUEST_LINE = re.compile(r"(?:([A-Za-z]+)\s+)?(\S.*?)(?:\s+HTTP/[\d.]+)?\s*\Z")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_TAGS = ("setup", "name")
_HOST = re.compile(r"^(?:https?://)?(?:\{\{\s*[\w.-]+\s*\}\}(?::\d+)?|[^/?#{]+)?(?=[/?#]|$)")
"""`http://{{host}}`, `{{host}}:8000` or a name, where the path follows."""
_IGNORED_TAGS = ("note", "no-log", "no-redirect", "no-cookie-jar", "no-auto-encoding", "prompt", "timeout")


@dataclass
class _Draft:
    """One request while its lines are read."""

    title: str = ""
    title_line: int = 0
    setup: bool = False
    line: int = 0
    method: str = "GET"
    url: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: list[str] | None = None
    variables: tuple[tuple[str, str], ...] = ()


class _File:
    """One pass over the lines; `variables` and `answers` are what the lines above have made known."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = shown(path)
        self.variables: dict[str, str] = {}
        self.answers: set[str] = set()
        self.named: dict[str, int] = {}
        self.specs: list[RequestSpec] = []
        self.draft = _Draft()

    def error(self, number: int, message: str) -> SubsecondError:
        return variables.error(f"{self.name}, line {number}", message)

    def check(self, number: int, text: str) -> None:
        variables.check(text, self.variables, self.answers, f"{self.name}, line {number}")

    def line(self, number: int, text: str) -> None:
        if text.startswith("###"):
            self.finish()
            self.draft = _Draft(title=text.lstrip("#").strip(), title_line=number)
        elif self.draft.body is not None:
            self.body_line(number, text)
        elif not text.strip():
            if self.draft.line:
                self.draft.body = []
        elif comment := _COMMENT.match(text):
            self.comment(number, comment[1])
        elif not self.draft.line:
            self.first_line(number, text.strip())
        else:
            self.header_line(number, text.strip())

    def comment(self, number: int, text: str) -> None:
        tag = _TAG.match(text)
        if not tag:
            return
        if tag[1] == "setup":
            self.draft.setup = True
        elif tag[1] == "name":
            if not tag[2]:
                raise self.error(number, "# @name without a name; write # @name list")
            self.draft.title, self.draft.title_line = tag[2], number
        elif tag[1] not in _IGNORED_TAGS and (near := did_you_mean(tag[1], _TAGS)):
            raise self.error(number, f"unknown mark @{tag[1]}{near}")

    def first_line(self, number: int, text: str) -> None:
        if text.startswith("@"):
            self.define(number, text)
            return
        if text.startswith(("<", ">")):
            raise self.error(number, "scripts are not run; take out < {% … %} and > {% … %}")
        found = _REQUEST_LINE.match(text)
        method, url = (found[1] or "GET", found[2]) if found else ("GET", text)
        if found and not found[1] and text.upper() in METHODS:
            raise self.error(number, f"{text} without an address; write {text.upper()} /path")
        if method.upper() not in METHODS:
            raise self.error(
                number, f'unknown method "{method}"{did_you_mean(method.upper(), METHODS)} ({", ".join(METHODS)})'
            )
        self.check_address(number, url)
        self.draft.line, self.draft.method, self.draft.url = number, method.upper(), url
        self.draft.variables = tuple(self.variables.items())

    def check_address(self, number: int, url: str) -> None:
        self.check(number, url)
        if not url.startswith(("/", "http://", "https://", "{{")):
            raise self.error(
                number, f'the address {url!r} must begin with "/" or "http://" (a path of the app: /{url})'
            )
        if re.search(r"\s", re.sub(r"\{\{.*?\}\}", "", url)):
            raise self.error(number, f"a blank in the address {url!r}; write %20")

    def define(self, number: int, text: str) -> None:
        found = _VARIABLE.match(text)
        if not found:
            raise self.error(number, f"{text!r} defines nothing; write @name = value")
        self.check(number, found[2])
        self.variables[found[1]] = found[2]

    def header_line(self, number: int, text: str) -> None:
        self.check(number, text)
        if text.startswith(("?", "&")) and not self.draft.headers:
            self.check_address(number, "/" + text)
            self.draft.url += text
            return
        name, colon, value = text.partition(":")
        if not colon or not _HEADER_NAME.match(name.strip()):
            raise self.error(
                number,
                f"{text!r} is no header; write Name: value, begin a query with ? or &, put an empty line before a body",
            )
        self.draft.headers.append((name.strip(), value.strip()))

    def body_line(self, number: int, text: str) -> None:
        assert self.draft.body is not None
        if text.startswith("> {%") or text.startswith("< {%"):
            raise self.error(number, "scripts are not run; take out < {% … %} and > {% … %}")
        if re.match(r"<@?\s+\S", text):
            raise self.error(number, "a body is not read from a file; paste its text here")
        if _VARIABLE.match(text):
            raise self.error(number, f"{text!r} stands in a body; put a line ### above it")
        self.check(number, text)
        self.draft.body.append(text)

    def finish(self) -> None:
        draft = self.draft
        if not draft.line:
            return
        body = re.sub(r"(\n[ \t]*)+\Z", "", "\n".join(draft.body or []))
        name = self.claimed(draft)
        spec = RequestSpec(
            name=name,
            method=draft.method,
            url=draft.url,
            headers=tuple(draft.headers),
            body=body if body.strip() else None,
            setup=draft.setup,
            variables=draft.variables,
            file=self.name,
            line=draft.line,
        )
        self.specs.append(spec)
        if draft.setup:
            self.answers.add(name)

    def claimed(self, draft: _Draft) -> str:
        if draft.title:
            if draft.title in self.named:
                raise self.error(
                    draft.title_line,
                    f'the name "{draft.title}" stands on line {self.named[draft.title]} too; give another',
                )
            self.named[draft.title] = draft.title_line
        return draft.title or _untitled(draft.method, draft.url)


def _untitled(method: str, url: str) -> str:
    """What a request without a title is called: the host says nothing of it. Two may be called so."""
    return f"{method} {without_secrets(_HOST.sub('', url) or '/')}"


@request_reader
def read(text: str, path: Path) -> list[RequestSpec]:
    """The requests of the text of a `.http` file, in order."""
    file = _File(path)
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        file.line(number, line)
    file.finish()
    if not file.specs:
        raise variables.error(file.name, "it holds no request; write a line such as GET /path")
    return file.specs


def text_of(specs: Iterable[RequestSpec]) -> str:
    """Requests as the text of a `.http` file; `read` gives the same list back (but `file` and `line`).

    Raises ValueError where the format cannot say it: variables taken back, a body with a line `###`.
    """
    known: dict[str, str] = {}
    lines: list[str] = []
    for spec in specs:
        if not known.keys() <= dict(spec.variables).keys():
            raise ValueError(f"{spec.name}: a variable of an earlier request is not defined here")
        if spec.body is not None and re.search(r"^(###|@[^\s=]+\s*=|<@?\s|> \{%)", spec.body, re.M):
            raise ValueError(f"{spec.name}: a line of the body begins with ###, @name = or <")
        own = spec.name != _untitled(spec.method, spec.url)
        lines += [f"### {spec.name}" if own else "###"]
        lines += [f"@{name} = {value}" for name, value in spec.variables if known.get(name) != value]
        lines += ["# @setup"] * spec.setup + [f"{spec.method} {spec.url}"]
        lines += [f"{name}: {value}" for name, value in spec.headers]
        lines += ["", spec.body, ""] if spec.body is not None else [""]
        known = dict(spec.variables)
    return "\n".join(lines)
