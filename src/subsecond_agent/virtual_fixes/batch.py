"""batch: at the first load of a model by its primary key, all recorded keys are loaded with one IN.

The rest is the identity map's: `session.get` and many-to-one loads find their objects there. Strong references keep
them there for the request.
"""

from __future__ import annotations

from .. import trial_orm
from ..patching import Patches
from ..trial_orm import OWN, module
from ..trial_values import coerced
from ..virtual_fix import DOTTED, IDENTIFIER, KEYS, RefusedError, VirtualFix, or_null, running

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CHUNK = 500
"""Keys of one IN, as SQLAlchemy's own selectin loading has it."""
patches = Patches("__subsecond_batch__")


class Fix(VirtualFix):
    NAME = "batch"
    PARAMETERS = {"model": IDENTIFIER, "module": or_null(DOTTED), "keys": KEYS}
    OPTIONAL = {"module": None}

    @classmethod
    def install(cls) -> None:
        loading = module("sqlalchemy.orm.loading")
        for name in ("load_on_pk_identity", "_load_on_pk_identity"):  # 2.1's name
            if hasattr(loading, name):
                patches.replace(loading, name, loading_one)

    @classmethod
    def uninstall(cls) -> None:
        patches.undo()

    def apply(self) -> None:
        self.mapper = trial_orm.mapper_of(self.parameters["model"], self.parameters["module"])
        columns = self.mapper.primary_key
        keys = [key if isinstance(key, list) else [key] for key in self.parameters["keys"]]
        if any(len(key) != len(columns) for key in keys):
            raise RefusedError(f"the primary key of {self.parameters['model']} has {len(columns)} columns")
        self.keys = {tuple([coerced(part, column) for part, column in zip(key, columns)]): None for key in keys}
        self.kept: list[Any] = []
        self.seen: set[int] = set()

    def undo(self) -> None:
        self.kept.clear()


def loading_one(original: Any) -> Any:
    def load_on_pk_identity(session: Any, statement: Any, ident: Any, *rest: Any, **named: Any) -> Any:
        for fix in running(Fix.NAME):
            try:
                found = loaded(fix, session, statement, ident, named) if not rest else None
            except Exception as mishap:
                fix.failed(mishap)
                continue
            if found is not None:
                return found[0]
        return original(session, statement, ident, *rest, **named)

    return load_on_pk_identity


def loaded(fix: Fix, session: Any, statement: Any, ident: Any, how: dict[str, Any]) -> list[Any] | None:
    """[object or None] for a key that was asked for; None where the load must go its own way."""
    if ident is None or how.get("refresh_state") is not None or how.get("with_for_update") is not None:
        return None
    if getattr(how.get("load_options"), "_populate_existing", False):
        return None
    mapper: Any = fix.mapper
    subject = statement._propagate_attrs.get("plugin_subject")
    ident = tuple(ident) if isinstance(ident, (list, tuple)) else (ident,)
    if subject is None or subject.mapper is not mapper or ident not in fix.keys:
        return None
    identity_map = session.identity_map
    if id(identity_map) not in fix.seen:
        fix.seen.add(id(identity_map))
        fix.kept.append(identity_map)  # or its id may become another's
        fix.acted += 1
        load_all(fix, session, statement, how)
    if fix.shadow:
        return None
    return [identity_map.get(mapper.identity_key_from_primary_key(ident))]


def load_all(fix: Fix, session: Any, statement: Any, how: dict[str, Any]) -> None:
    """Load all keys that are not in the session yet."""
    columns, known = fix.mapper.primary_key, session.identity_map
    keys = [key for key in fix.keys if fix.mapper.identity_key_from_primary_key(key) not in known]
    for start in range(0, len(keys), CHUNK):
        chunk = keys[start : start + CHUNK]
        if len(columns) == 1:
            condition = columns[0].in_([key[0] for key in chunk])
        else:
            condition = module("sqlalchemy").tuple_(*columns).in_(chunk)
        wanted = statement.where(condition)
        if not fix.shadow:
            arguments = dict(how.get("bind_arguments") or {})
            result = session.execute(wanted, execution_options={OWN: True}, bind_arguments=arguments)
            fix.kept += result.unique().scalars().all()
