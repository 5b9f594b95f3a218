"""Around a WSGI application: start the record, hand the response through, finish when the server has sent it.

The frames of this file are where the walk for call sites ends (`own_code.ENTRY`).
"""

from __future__ import annotations

from . import guard, recorder, trial
from .recorder import CURRENT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Callable

    from .span import Record


def around(original: Callable[..., Any], hook: ModuleType, route_of: Callable[[dict[str, Any]], str | None]) -> Any:
    """A replacement for `__call__(self, environ, start_response)` of an application's class.

    hook: the module whose `live` switches this off. route_of: environ -> template of the route, once it is matched.
    """

    def call(self: Any, environ: dict[str, Any], start_response: Any) -> Any:
        record = None
        if hook.live:
            try:
                record = recorder.begin(environ)
                if record is not None and record.trial_id is not None:
                    trial.begin(record)
                    recorder.start_clock(record)  # reading the file and setting it up is nobody's time
            except Exception as mishap:
                guard.failed(hook.HOOK, mishap)
        if record is None:
            return original(self, environ, start_response)
        return serve(original, self, environ, start_response, Request(record, hook.HOOK, route_of))

    return call


class Request:
    """A record with what is needed to finish it."""

    __slots__ = ("hook", "record", "route_of")

    def __init__(self, record: Record, hook: str, route_of: Callable[[dict[str, Any]], str | None]) -> None:
        self.record = record
        self.hook = hook
        self.route_of = route_of

    def failed(self, error: BaseException) -> None:
        self.record.error = type_name(error)

    def finish(self) -> None:
        try:
            recorder.finish(self.record)
        except Exception as mishap:
            self.record.finished = True
            if CURRENT.get() is self.record:
                CURRENT.set(None)
            guard.failed(self.hook, mishap)


def serve(original: Any, app: Any, environ: dict[str, Any], start_response: Any, request: Request) -> Any:
    record = request.record

    def started(status: str, *rest: Any, **named: Any) -> Any:
        try:
            record.status = int(status[:3])
            record.route = request.route_of(environ)  # now: Flask takes its request out of the environ at the end
        except Exception as mishap:
            guard.failed(request.hook, mishap)
        return start_response(status, *rest, **named)

    if record.trial is not None:
        for fix in record.trial.named("remember-response"):
            original = fix.around(original)
    try:
        response = original(app, environ, started)
    except BaseException as error:
        request.failed(error)
        request.finish()
        raise
    record.inside = False
    file_wrapper = environ.get("wsgi.file_wrapper")
    if isinstance(file_wrapper, type) and isinstance(response, file_wrapper):
        request.finish()  # the server sends the file itself, but only if it gets its own object back
        return response
    return SizedResponse(response, request) if hasattr(response, "__len__") else Response(response, request)


class Response:
    """The application's iterable. The request goes on in it (streaming), until the server closes it."""

    __slots__ = ("iterator", "request", "response")

    def __init__(self, response: Any, request: Request) -> None:
        self.response = response
        self.request = request
        self.iterator: Any = None

    def __iter__(self) -> Response:
        return self

    def __next__(self) -> Any:
        record = self.request.record
        if CURRENT.get() is not record and not record.finished:
            CURRENT.set(record)
        record.inside = True
        try:
            if self.iterator is None:
                self.iterator = iter(self.response)
            return next(self.iterator)
        except StopIteration:
            raise
        except BaseException as error:
            self.request.failed(error)
            raise
        finally:
            record.inside = False

    def close(self) -> None:
        self.request.record.inside = True
        try:
            close = getattr(self.response, "close", None)
            if close is not None:
                close()
        except BaseException as error:
            self.request.failed(error)
            raise
        finally:
            self.request.finish()


class SizedResponse(Response):
    """One with a length: a server makes the Content-Length of a list of one."""

    __slots__ = ()

    def __len__(self) -> int:
        return len(self.response)


def type_name(error: BaseException) -> str:
    """`error.type` of the semantic conventions: the qualified name, without a module for built-in ones."""
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
