"""Calls of other services over HTTP, at the standard library's connection: urllib, requests and urllib3 stand on it.

A call is one request on one connection, a redirection is another. Its time runs from the request line to the answer's
headers, and on in each reading of the body. Making the connection is in it where the first sending does that, as in
the standard library itself; urllib3 connects to HTTPS services before, which is not seen here.
"""

from __future__ import annotations

import sys

from .. import guard
from ..callsite import chain
from ..patching import Patches
from ..protocol import (
    ERROR_TYPE,
    HTTP_METHOD,
    HTTP_STATUS,
    MODE_TIMED,
    SERVER_ADDRESS,
    SERVER_PORT,
    SPAN_HTTP,
    URL_PATH,
)
from ..recorder import CURRENT, append, current, now
from ..span import Span
from ..wsgi import type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    from ..span import Record

HOOK = "http.client"
KEY = "_subsecond_call"
live = True
patches = Patches()


class Call:
    """One request that is under way, and later its answer's body."""

    __slots__ = ("began", "inside", "method", "record", "span", "target")

    def __init__(self, record: Record, method: str, target: str) -> None:
        self.record = record
        self.method = method
        self.target = target
        self.inside = False
        self.span: Span | None = None
        self.began = now()


def install(client: ModuleType) -> None:
    connection, response = client.HTTPConnection, client.HTTPResponse
    patches.replace(connection, "putrequest", starting)
    patches.replace(connection, "endheaders", sending)
    patches.replace(connection, "getresponse", answering)
    for name in ("read", "readinto", "read1", "readline"):
        patches.replace(response, name, reading)


def starting(original: Any) -> Any:
    def putrequest(self: Any, method: Any, url: Any, *rest: Any, **named: Any) -> Any:
        record = (CURRENT.get() or current()) if live else None
        if record is not None:
            try:
                setattr(self, KEY, Call(record, str(method), str(url)))
            except Exception as mishap:
                guard.failed(HOOK, mishap)
        return original(self, method, url, *rest, **named)

    return putrequest


def sending(original: Any) -> Any:
    """Here the connection is made, and may fail to be."""

    def endheaders(self: Any, *values: Any, **named: Any) -> Any:
        try:
            return original(self, *values, **named)
        except BaseException as error:
            over(self, None, error)
            raise

    return endheaders


def answering(original: Any) -> Any:
    def getresponse(self: Any, *values: Any, **named: Any) -> Any:
        try:
            response = original(self, *values, **named)
        except BaseException as error:
            over(self, None, error)
            raise
        over(self, response, None)
        return response

    return getresponse


def over(connection: Any, response: Any, error: BaseException | None) -> None:
    """The headers have come, or never will."""
    ended = now()
    call = vars(connection).pop(KEY, None)
    if call is None or not live:
        return
    try:
        record = call.record
        record.calls.append(ended - call.began)
        if record.mode != MODE_TIMED:
            call.span = Span(SPAN_HTTP, None, call.began, ended, chain(sys._getframe(2)), described(call, connection))
            if error is not None:
                call.span.attributes[ERROR_TYPE] = type_name(error)
            if response is not None:
                call.span.attributes[HTTP_STATUS] = response.status
            append(record, call.span)
        if response is not None:
            setattr(response, KEY, call)
    except Exception as mishap:
        guard.failed(HOOK, mishap)


def described(call: Call, connection: Any) -> dict[str, Any]:
    """Attributes of a call. A query string holds values, so it stays out, as does a user's name in an address."""
    target = call.target
    if "://" in target:  # a proxy is asked
        target = "/" + target.partition("://")[2].partition("/")[2]
    path = target.partition("?")[0].partition("#")[0]
    tunnel = getattr(connection, "_tunnel_host", None)
    return {
        HTTP_METHOD: call.method,
        SERVER_ADDRESS: str(tunnel or connection.host),
        SERVER_PORT: (connection._tunnel_port if tunnel else None) or connection.port,
        URL_PATH: path,
    }


def reading(original: Any) -> Any:
    """Reading the body is waiting for it; `read` may call another of these."""

    def read(self: Any, *values: Any, **named: Any) -> Any:
        call = vars(self).get(KEY)
        if call is None or call.inside or call.record.finished or not live:
            return original(self, *values, **named)
        call.inside = True
        began = now()
        try:
            return original(self, *values, **named)
        finally:
            ended = now()
            call.inside = False
            call.record.bodies.append(ended - began)
            if call.span is not None:
                call.span.ended = ended

    return read


def uninstall() -> None:
    patches.undo()
