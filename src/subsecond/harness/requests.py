"""The requests of a target: read from files by suffix, from `--get`, and checked for what may be sent."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote, urlsplit

from subsecond.errors import SubsecondError
from subsecond.harness import variables
from subsecond.model.target import RequestSpec, Target
from subsecond.registry import Registry

Reader = Callable[[str, Path], list[RequestSpec]]
"""(text of the file, its path) -> requests in the order of the file; raises SubsecondError with file and line."""
request_reader: Registry[Reader] = Registry("subsecond.harness.readers")
"""Readers by the file's suffix without the dot: `readers/http.py` reads `*.http`."""

SAFE_METHODS = ("GET", "HEAD")
LOOPBACK = ("127.0.0.1", "localhost", "[::1]", "::1", "0.0.0.0")
_SECRET_VALUE = re.compile(
    r"([?&;][^=&;#]*(?:token|secret|passw|api_?key|auth|session|signature)[^=&;#]*=)(?!\{\{)[^&;#]+", re.IGNORECASE
)
_KEPT_IN_URL = "/?&=:@!$'()*+,;%~[].-_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requests:
    """What will be sent: `setup` once before the others, `timed` in order; `notes` for the reader."""

    setup: tuple[RequestSpec, ...] = ()
    timed: tuple[RequestSpec, ...] = ()
    notes: tuple[str, ...] = ()


def where(spec: RequestSpec) -> str:
    """`requests.http, line 7` for errors."""
    return f"{spec.file}, line {spec.line}" if spec.file else spec.name


def read(path: Path) -> list[RequestSpec]:
    """The requests of one file, read by the reader of its suffix."""
    readers = request_reader.items()
    suffix = {"rest": "http"}.get(path.suffix.lstrip("."), path.suffix.lstrip("."))
    if suffix not in readers:
        known = ", ".join(f".{name}" for name in readers)
        raise SubsecondError(
            "unknown-request-format", f"{path}: no reader for {path.suffix or 'no suffix'}; known: {known}"
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as problem:
        raise SubsecondError("no-requests-file", f"{path}: {problem.strerror}") from None
    except UnicodeDecodeError as problem:
        raise SubsecondError(
            "bad-request-file", f"{path}: not UTF-8 text (byte {problem.start}); save it as UTF-8"
        ) from None
    return readers[suffix](text, path)


def of_target(target: Target) -> Requests:
    """All requests of the target that may be sent, checked: addresses of the app, names told apart.

    What may change data and is not allowed is left out, with a note; raises where nothing else stands in the files.
    """
    specs = [spec for path in target.requests for spec in read(path)]
    specs += [_from_get(path, target) for path in target.get]
    specs = _distinct(specs)
    left_out = [spec for spec in specs if not _may_be_sent(spec, target.allow)]
    specs = [spec for spec in specs if _may_be_sent(spec, target.allow)]
    elsewhere: dict[str, list[RequestSpec]] = {}
    for spec in specs:
        if address := _check_address(spec):
            elsewhere.setdefault(address, []).append(spec)
    timed = tuple(spec for spec in specs if not spec.setup)
    if not timed and left_out:
        raise SubsecondError("method-not-allowed", _left_out(left_out, target.allow))
    if not timed:
        raise SubsecondError("no-requests", _no_requests(target, bool(specs)))
    setup = tuple(_to_the_app(spec, elsewhere) for spec in specs if spec.setup)
    notes = (_left_out(left_out, target.allow),) if left_out else ()
    return Requests(setup=setup, timed=timed, notes=(*notes, *_notes(elsewhere)))


def _to_the_app(spec: RequestSpec, addresses: Collection[str]) -> RequestSpec:
    """A setup request as it is sent: to the app, where it names the address that the other requests have for it."""
    url = _partly(spec)
    if urlsplit(url).netloc not in addresses:
        return spec
    return replace(spec, url="/" + url.partition("://")[2].partition("/")[2])


def _notes(elsewhere: Mapping[str, list[RequestSpec]]) -> tuple[str, ...]:
    """One line for each address that the files name for the app: most files name one for all of their requests."""
    return tuple(
        f"{where(specs[0])}: {specs[0].name} {_and_more(len(specs) - 1)} the app under audit instead of {address}"
        for address, specs in elsewhere.items()
    )


def _and_more(others: int) -> str:
    return "goes to" if not others else f"and {others} more request{'s' if others > 1 else ''} go to"


def _no_requests(target: Target, only_setup: bool) -> str:
    if only_setup:
        return "all requests are marked # @setup; nothing is left to time"
    found = sorted(target.root.glob("*.http"))
    near = f"; {found[0].name} lies here: give it on the command line or as `requests`" if found else ""
    return f"no requests: give a .http file or --get /path{near}"


def _from_get(path: str, target: Target) -> RequestSpec:
    return RequestSpec(name=f"GET {without_secrets(path)}", method="GET", url=path, headers=target.headers)


def _distinct(specs: Iterable[RequestSpec]) -> list[RequestSpec]:
    seen: dict[str, int] = {}
    result = []
    for spec in specs:
        seen[spec.name] = number = seen.get(spec.name, 0) + 1
        result.append(spec if number == 1 else replace(spec, name=f"{spec.name} ({number})"))
    return result


def _may_be_sent(spec: RequestSpec, allow: tuple[str, ...]) -> bool:
    return spec.setup or spec.method in SAFE_METHODS or _wanted(spec) in allow


def _wanted(spec: RequestSpec) -> str:
    """`POST /orders`: what `allow` must hold for the request to be sent."""
    return f"{spec.method} {_path(spec)}"


def _left_out(specs: list[RequestSpec], allow: tuple[str, ...]) -> str:
    """One line for all requests that are not sent, each with its place, and how to have them sent."""
    places: dict[str, str] = {}
    for spec in specs:
        places.setdefault(_wanted(spec), where(spec))
    (first, place), *others = places.items()
    also = f", as are {', '.join(f'{wanted} ({at})' for wanted, at in others)}" if others else ""
    allowed = f" (allowed: {', '.join(allow)})" if allow else ""
    return (
        f"{place}: {first} may change data, so it is not sent{also}; allow it with --allow '{first}', "
        f"or mark a login with # @setup{allowed}"
    )


def _path(spec: RequestSpec) -> str:
    return urlsplit(_partly(spec)).path or "/"


def _partly(spec: RequestSpec) -> str:
    """The address with all variables resolved but those that a setup request has yet to answer."""
    return variables.resolve(
        spec.url, dict(spec.variables), lambda name, part, path: f"{{{{{name}.response.{part}.{path}}}}}", where(spec)
    )


def _check_address(spec: RequestSpec) -> str:
    """The address that the app would have by the file, "" where it names the path alone; raises for a foreign one."""
    url = _partly(spec)
    for text in (*(value for _, value in spec.headers), spec.body or ""):
        variables.resolve(text, dict(spec.variables), lambda *_: "", where(spec))
    if url.startswith("/"):
        return ""
    host = host_of(url, where(spec))
    if host not in LOOPBACK:
        mend = (
            "only addresses of this machine are called" if spec.setup else "requests go to the app that is started here"
        )
        raise SubsecondError(
            "foreign-address", f"{where(spec)}: {url} is on another machine; {mend}: write the path alone"
        )
    return "" if spec.setup else urlsplit(url).netloc


def host_of(url: str, place: str) -> str:
    """The host of an absolute http address, lower case; raises where it is none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as problem:
        raise variables.error(place, f"{url}: {problem}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise variables.error(place, f'the address {url!r} must begin with "/" or "http://"')
    if parts.scheme == "https":
        raise variables.error(place, f"{url}: https is not spoken here; write http:// and the port on this machine")
    return parts.hostname.lower()


def quoted(url: str) -> str:
    """`url` with what may not stand in a request line percent-encoded."""
    return quote(url, safe=_KEPT_IN_URL)


def without_secrets(url: str) -> str:
    """`url` for names and reports: the values of query keys that sound secret are hidden, `{{variables}}` stay."""
    return _SECRET_VALUE.sub(r"\1***", url)


def shown(path: Path) -> str:
    """A file as the user would name it: relative to the working folder where it lies below it."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
