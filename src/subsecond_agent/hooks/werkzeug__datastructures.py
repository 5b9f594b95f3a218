"""Deep runs: the parameters that the app asks its request for, sent or not, and where (Werkzeug's request, so Flask's).

Query string, form and files are Werkzeug's own dictionaries; a JSON object is replaced, for this one run, by a `dict`
that notes what is asked of it.
"""

from __future__ import annotations

import os
import sys

from .. import deep, guard
from ..patching import Patches
from ..recorder import CURRENT, current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

HOOK = "werkzeug.datastructures"
SOURCES = ("args", "form", "files", "values")
OF_ONE = ("get", "getlist", "__getitem__", "__contains__", "pop")
OF_ALL = ("items", "lists", "values", "listvalues", "keys", "__iter__", "to_dict")
live = True
patches = Patches()


def install(datastructures: ModuleType) -> None:
    if sys.modules[__name__] not in deep.watchers:
        deep.watchers.append(sys.modules[__name__])


def watch() -> None:
    """A deep request begins."""
    if not live:
        return
    library = sys.modules["werkzeug.datastructures"]
    for kind in (library.MultiDict, library.CombinedMultiDict):
        for names, make in ((OF_ONE, asking), (OF_ALL, taking)):
            for name in names:
                if hasattr(kind, name):
                    patches.replace(kind, name, make)
    if "werkzeug.wrappers" in sys.modules:
        patches.replace(sys.modules["werkzeug.wrappers"].Request, "get_json", reading)


def unwatch() -> None:
    """The last one is over."""
    patches.undo()


def asking(original: Any) -> Any:
    def method(self: Any, key: Any, *rest: Any, **named: Any) -> Any:
        note(self, key)
        return original(self, key, *rest, **named)

    return method


def taking(original: Any) -> Any:
    def method(self: Any, *values: Any, **named: Any) -> Any:
        note(self, None)
        return original(self, *values, **named)

    return method


def note(container: Any, key: Any) -> None:
    """`key` (None: everything) is asked of a container; those that are none of this request's do not count."""
    found = record = None
    try:
        frame = sys._getframe(2)
        if os.path.dirname(frame.f_code.co_filename).endswith("datastructures"):  # one of these calls another
            return
        record = CURRENT.get() or current()
        found = deep.of(record)
        if record is None or found is None or not live or not (key is None or isinstance(key, str)):
            return
        request = record.environ.get("werkzeug.request")
        own = {} if request is None else vars(request)
        for source in SOURCES:
            if own.get(source) is container:
                found.ask(source, key, is_there(container, key), frame)
                return
    except Exception as mishap:
        guard.failed(HOOK, mishap)


def is_there(container: Any, key: str | None) -> bool:
    dicts = getattr(container, "dicts", [container])  # those of `request.values`
    return any(len(one) > 0 if key is None else dict.__contains__(one, key) for one in dicts)


def reading(original: Any) -> Any:
    def get_json(self: Any, *values: Any, **named: Any) -> Any:
        body = original(self, *values, **named)
        if type(body) is dict and live:
            try:
                if deep.of(CURRENT.get() or current()) is not None:
                    asked = AskedBody(body)
                    cached = vars(self).get("_cached_json")
                    if cached is not None:
                        self._cached_json = tuple(asked if one is body else one for one in cached)
                    return asked
            except Exception as mishap:
                guard.failed(HOOK, mishap)
        return body

    return get_json


class AskedBody(dict):  # type: ignore[type-arg]
    """A JSON object that notes which of its members are asked for."""

    def get(self, key: Any, default: Any = None) -> Any:
        tell(self, key)
        return dict.get(self, key, default)

    def __getitem__(self, key: Any) -> Any:
        tell(self, key)
        return dict.__getitem__(self, key)

    def __contains__(self, key: Any) -> bool:
        tell(self, key)
        return dict.__contains__(self, key)

    def pop(self, key: Any, *default: Any) -> Any:
        tell(self, key)
        return dict.pop(self, key, *default)

    def items(self) -> Any:
        tell(self, None)
        return dict.items(self)

    def keys(self) -> Any:
        tell(self, None)
        return dict.keys(self)

    def __iter__(self) -> Any:
        tell(self, None)
        return dict.__iter__(self)


def tell(body: AskedBody, key: Any) -> None:
    try:
        found = deep.of(CURRENT.get() or current())
        if found is not None and live and (key is None or isinstance(key, str)):
            there = len(body) > 0 if key is None else dict.__contains__(body, key)
            found.ask("json", key, there, sys._getframe(2))
    except Exception as mishap:
        guard.failed(HOOK, mishap)


def uninstall() -> None:
    patches.undo()
    if sys.modules[__name__] in deep.watchers:
        deep.watchers.remove(sys.modules[__name__])
