"""Wake the hooks: each file in `hooks/` runs when the library it is named after has just been imported by the app.

The file name is the import name, with `__` for the dots: `sqlalchemy__engine.py` wakes with `sqlalchemy.engine`.
Before that nothing of a hook is loaded, and nothing here imports a library: what the app imports, and in which order,
stays the app's own business. That matters: gevent must patch the standard library before anything makes locks.
"""

from __future__ import annotations

import os
import sys

from . import guard, job_names, natives  # noqa: F401 - the last before gevent: it keeps what that replaces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

HOOKS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "hooks")


class Loader:
    """The library's own loader, plus the hook after it. It gives the module its real loader back first."""

    def __init__(self, real: Any, spec: ModuleSpec) -> None:
        self.real = real
        self.spec = spec

    def __getattr__(self, name: str) -> Any:
        if name == "real":  # a copy, before it has its attributes
            raise AttributeError(name)
        return getattr(self.real, name)

    def create_module(self, spec: ModuleSpec) -> Any:
        return self.real.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self.spec.loader = self.real
        module.__loader__ = self.real
        self.real.exec_module(module)
        wake(self.spec.name, module)


class Finder:
    """Stands first in `sys.meta_path`; for a name that no hook waits for it costs one look into a dict."""

    def __init__(self, files: dict[str, str]) -> None:
        self.files = files

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """Same as without us: the spec that the other finders give, with our loader around theirs."""
        if name not in self.files:
            return None
        spec = self.ask_others(name, path, target)
        loader = getattr(spec, "loader", None)
        if hasattr(loader, "exec_module") and not isinstance(loader, Loader):
            spec.loader = Loader(loader, spec)
        return spec

    def ask_others(self, name: str, path: Any, target: Any) -> Any:
        for finder in sys.meta_path:
            ask = getattr(finder, "find_spec", None)
            if finder is self or ask is None:
                continue
            spec = ask(name, path, target)
            if spec is not None:
                return spec
        return None


finder = Finder({})


def start() -> None:
    """Register the finder and wake the hooks of what is loaded already. Called once, by `sitecustomize`."""
    for entry in sorted(os.listdir(HOOKS)):
        if entry.endswith(".py") and not entry.startswith("_"):
            finder.files[entry[:-3].replace("__", ".")] = entry[:-3]
    for name in job_names.by_module():
        finder.files.setdefault(name, "_jobs")
    for name in finder.files:
        guard.status[name] = "waiting"
    sys.meta_path.insert(0, finder)
    for name in finder.files:
        module = sys.modules.get(name)
        if module is not None and not getattr(getattr(module, "__spec__", None), "_initializing", False):
            wake(name, module)


def wake(name: str, module: ModuleType) -> None:
    """Run the hook `name` on its library's module. Whatever it raises stays here."""
    try:
        hook_name = f"{__package__}.hooks.{finder.files[name]}"
        __import__(hook_name)
        hook = sys.modules[hook_name]
        guard.modules[name] = hook
        hook.install(module)
        hook.live = True  # type: ignore[attr-defined]
        guard.status[name] = "installed"
    except Exception as mishap:
        guard.failed(name, mishap)


def uninstall() -> None:
    """Take everything out again: virtual fixes, the finder and what each hook replaced."""
    fixes = sys.modules.get(f"{__package__}.virtual_fixes")
    if fixes is not None:
        fixes.uninstall()
    if finder in sys.meta_path:
        sys.meta_path.remove(finder)
    for name in list(guard.modules):
        guard.silence(name)
        guard.modules[name].uninstall()
    for name in guard.status:
        guard.status[name] = "off: uninstalled"
