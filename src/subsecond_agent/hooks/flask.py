"""Flask 2 and 3: the request. Wraps the class's `__call__`, so middlewares put around `app.wsgi_app` are inside."""

from __future__ import annotations

import sys

from .. import guard, own_code
from ..patching import Patches
from ..recorder import current
from ..wsgi import around, type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

HOOK = "flask"
live = True
patches = Patches()


def install(flask: ModuleType) -> None:
    """`flask.Flask` may be another tool's subclass by now; the class in `flask.app` is Flask's own."""
    app_class = sys.modules["flask.app"].Flask
    patches.replace(app_class, "__call__", answering)
    patches.replace(app_class, "handle_exception", noting_errors)


def answering(original: Any) -> Any:
    """The request, after whose code it runs is known: the application says which package it is in."""
    recorded = around(original, sys.modules[__name__], route_of)
    seen: set[str] = set()

    def call(self: Any, environ: dict[str, Any], start_response: Any) -> Any:
        if live:
            try:
                if self.import_name not in seen:
                    seen.add(self.import_name)
                    own_code.learn(self.import_name)
            except Exception as mishap:
                guard.failed(HOOK, mishap)
        return recorded(self, environ, start_response)

    return call


def route_of(environ: dict[str, Any]) -> str | None:
    """Template of the matched route. Werkzeug leaves its request in the environ, Flask the rule on the request."""
    rule = getattr(environ.get("werkzeug.request"), "url_rule", None)
    return None if rule is None else str(rule.rule)


def noting_errors(original: Any) -> Any:
    """Flask calls this for what no error handler took: it answers 500, and the exception is lost to us otherwise."""

    def handle_exception(self: Any, e: Exception) -> Any:
        if live:
            try:
                record = current()
                if record is not None:
                    record.error = type_name(e)
                    record.route = route_of(record.environ)
            except Exception as mishap:
                guard.failed(HOOK, mishap)
        return original(self, e)

    return handle_exception


def uninstall() -> None:
    patches.undo()
