"""Functions by their names, and a way into them that everybody who refers to them goes: their code is exchanged."""

from __future__ import annotations

import sys

from .virtual_fix import RefusedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FunctionType
    from typing import Any, Callable

FUNCTION: Any = type(lambda: 0)
GENERATOR, COROUTINE, ASYNC_GENERATOR = 0x20, 0x80, 0x200  # co_flags, as `inspect` names them


def function_of(name: str) -> FunctionType:
    """`module:qualname` -> the function itself, below decorators, properties and methods. Raises RefusedError."""
    module_name, _, qualname = name.partition(":")
    found: Any = sys.modules.get(module_name)
    if found is None:
        raise RefusedError(f"this process has not imported {module_name}")
    for part in qualname.split("."):
        found = attribute_of(found, part)
        if found is None:
            raise RefusedError(f"there is no {qualname} in {module_name}")
    function = below(found, qualname.rpartition(".")[2])
    if function is None:
        raise RefusedError(f"{name} is no function written in Python")
    flags = function.__code__.co_flags
    if flags & (GENERATOR | ASYNC_GENERATOR):
        raise RefusedError(f"{name} is a generator: what it gives can be taken only once")
    if flags & COROUTINE:
        raise RefusedError(f"{name} is a coroutine")
    return function


def attribute_of(owner: Any, name: str) -> Any:
    """An attribute as it was written: of a class, not bound to anything."""
    if isinstance(owner, type):
        return next((vars(base)[name] for base in owner.__mro__ if name in vars(base)), None)
    return getattr(owner, name, None)


def below(found: Any, name: str) -> FunctionType | None:
    """The function of this name below what wraps it: `__wrapped__`, a property's getter, a decorator's closure."""
    seen: list[Any] = []
    waiting = [found]
    while waiting and len(seen) < 50:
        one = waiting.pop(0)
        if one is None or any(one is other for other in seen):
            continue
        seen.append(one)
        if type(one) is FUNCTION:
            if one.__code__.co_name == name:
                return one
            waiting += [cell.cell_contents for cell in one.__closure__ or () if holds_function(cell)]
        waiting += [getattr(one, inner, None) for inner in ("__wrapped__", "__func__", "fget", "func")]
    return None


def holds_function(cell: Any) -> bool:
    try:
        return callable(cell.cell_contents)
    except ValueError:  # empty
        return False


class Swap:
    """A function whose code calls `dispatch(original, args, kwargs)` while anybody uses it."""

    def __init__(self, function: FunctionType, dispatch: Callable[[Swap, Any, Any], Any]) -> None:
        self.function = function
        self.code = function.__code__
        self.users = 0
        self.original = FUNCTION(
            self.code, function.__globals__, function.__name__, function.__defaults__, function.__closure__
        )
        self.original.__kwdefaults__ = function.__kwdefaults__
        self.trampoline = trampoline(self.code, lambda args, named: dispatch(self, args, named))

    def use(self) -> None:
        self.users += 1
        self.function.__code__ = self.trampoline

    def leave(self) -> None:
        """The last one puts the function's own code back: an untouched request runs an untouched function."""
        self.users -= 1
        if self.users <= 0 and self.function.__code__ is self.trampoline:
            self.function.__code__ = self.code


def trampoline(code: CodeType, call: Callable[[Any, Any], Any]) -> CodeType:
    """Code that hands its arguments to `call`. A function takes only code with as many free variables as its own."""
    names: dict[str, Any] = {}
    exec(compile("def f(*args, **named):\n    call = 'CALL'\n    return call(args, named)", __file__, "exec"), names)
    made: CodeType = names["f"].__code__
    constants = tuple([call if constant == "CALL" else constant for constant in made.co_consts])
    changed: CodeType = made.replace(co_consts=constants, co_freevars=code.co_freevars, co_name=code.co_name)
    return changed
