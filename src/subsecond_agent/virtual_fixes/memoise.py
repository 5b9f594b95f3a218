"""memoise: a function's results are remembered, for the request or for all requests of the trial in this process.

For repeats that no relationship explains: properties, helpers, validators, functions with sessions of their own. Each
remembered call was made once, and looked at: a function that writes, logs, calls out, or changes its arguments is
refused. Results are given out as copies; the ORM's objects only where their session is still the same.
"""

from __future__ import annotations

from .. import trial_cursor
from ..recorder import current
from ..trial_copies import ChangedError, Copier, Keyer
from ..trial_functions import Swap, function_of
from ..virtual_fix import RefusedError, VirtualFix, one_of, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FUNCTION = text(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*", "module:qualname")
MAX_RESULTS = 100_000
swaps: dict[int, Swap] = {}
"""By the id of the function, which its swap keeps alive."""
across: dict[tuple[Any, ...], dict[Any, Any]] = {}
"""(trial, function) -> results that stay from request to request."""


class Fix(VirtualFix):
    NAME = "memoise"
    PARAMETERS = {"function": FUNCTION, "scope": one_of("request", "process")}

    @classmethod
    def install(cls) -> None:
        try:
            trial_cursor.on_send(cls.NAME, sending)
        except RefusedError:
            return  # no SQLAlchemy here: nothing that it would write

    @classmethod
    def uninstall(cls) -> None:
        trial_cursor.forget(cls.NAME)
        across.clear()
        swaps.clear()

    def apply(self) -> None:
        self.swap: Swap | None = None
        self.writes = 0
        self.held: list[Any] = []  # what a key knows by its id must live as long as the key
        name = self.parameters["function"]
        function = function_of(name)
        if self.parameters["scope"] == "process":
            self.results = across.setdefault((self.record.trial_id, name), {})
        else:
            self.results = {}
        swap = swaps.get(id(function))
        if swap is None:
            swap = swaps[id(function)] = Swap(function, dispatch)
        swap.use()
        self.swap = swap

    def undo(self) -> None:
        if self.swap is not None:
            self.swap.leave()
        self.held.clear()

    def call(self, args: Any, named: Any) -> Any:
        """The function's result, made or remembered."""
        original = self.swap.original if self.swap is not None else None
        try:
            key, sessions = self.key(args, named)
            known = self.remembered(key, sessions)
        except ChangedError:
            return original(*args, **named)  # type: ignore[misc]
        except Exception as mishap:
            self.failed(mishap)
            return original(*args, **named)  # type: ignore[misc]
        if known is not None:
            self.acted += 1
            if not self.shadow:
                return known[0]
        before = self.effects()
        result = original(*args, **named)  # type: ignore[misc]
        try:
            self.remember(key, sessions, result, before, (args, named))
        except Exception as mishap:
            self.failed(mishap)
        return result

    def key(self, args: Any, named: Any) -> tuple[Any, list[Any]]:
        keyer = Keyer(self.parameters["scope"] == "process")
        key = keyer.key(args), keyer.key(named)
        self.held += keyer.held
        return key, [getattr(session, "identity_map", None) for session in keyer.sessions]

    def remembered(self, key: Any, sessions: list[Any]) -> list[Any] | None:
        """[a copy of the result], or None."""
        known = self.results.get(key)
        if known is None:
            return None
        result, entities, made_with = known
        if entities and not (
            len(sessions) == len(made_with)
            and all(now is then for now, then in zip(sessions, made_with))
            and all(home_of(entity) is home and not entity._sa_instance_state.expired for entity, home in entities)
        ):
            return None
        return [Copier().copy(result)]

    def effects(self) -> tuple[int, int, int]:
        record = self.record
        return self.writes, len(record.logs), len(record.calls)

    def remember(self, key: Any, sessions: list[Any], result: Any, before: tuple[int, int, int], call: Any) -> None:
        for was, now, what in zip(before, self.effects(), ("writes to the database", "logs", "calls another service")):
            if was != now:
                raise RefusedError(f"the function {what}")
        try:
            if self.key(*call)[0] != key:
                raise RefusedError("the function changes its arguments")
        except ChangedError:
            raise RefusedError("the function changes its arguments") from None
        copier = Copier()
        copy = copier.copy(result)
        if copier.entities and self.parameters["scope"] == "process":
            raise RefusedError("it returns objects of an ORM session, which another request must not share")
        if len(self.results) < MAX_RESULTS:
            homes = [(entity, home_of(entity)) for entity in copier.entities]
            self.results[key] = copy, homes, sessions


def home_of(entity: Any) -> Any:
    """Identity map of the session that an object is in now."""
    return getattr(entity._sa_instance_state.session, "identity_map", None)


def dispatch(swap: Swap, args: Any, named: Any) -> Any:
    """In the place of the function's body."""
    record = current()
    if record is not None and record.trial is not None:
        for fix in record.trial.named(Fix.NAME):
            if fix.swap is swap and fix.refused is None:
                return fix.call(args, named)
    return swap.original(*args, **named)


def sending(fix: Fix, call: Any) -> bool:
    """A statement on its way to the driver, perhaps from inside the function."""
    if not trial_cursor.kind_of(call.statement)[0]:
        fix.writes += 1
    return False
