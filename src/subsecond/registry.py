"""The one way to register plug-ins: detectors, request readers (later fixers, gates, dialects), found by file name."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Generic, TypeVar

T = TypeVar("T")


class Registry(Generic[T]):
    """Plug-ins of one family, found in one package; the name of each is its file's name with `-` for `_`.

    Calling the registry registers (use it as a decorator); `items()` imports the package's modules on first
    use, so that `--help` costs nothing. A second plug-in in one file is an error: one file, one plug-in.
    """

    def __init__(self, package: str) -> None:
        self._package = package
        self._items: dict[str, T] = {}
        self._loaded = False

    def __call__(self, item: T) -> T:
        module: str = getattr(item, "__module__")  # noqa: B009  (T is unbound: mypy knows no __module__)
        name = module.rpartition(".")[2].replace("_", "-")
        if name in self._items and self._items[name] is not item:
            raise TypeError(f"{module} registers a second plug-in; one file holds one")
        self._items[name] = item
        return item

    def items(self) -> dict[str, T]:
        """All plug-ins by name, sorted by it."""
        if not self._loaded:
            package = importlib.import_module(self._package)
            for module in pkgutil.iter_modules(package.__path__):
                importlib.import_module(f"{self._package}.{module.name}")
            self._loaded = True
        return dict(sorted(self._items.items()))
