"""load-only: of a model, only the columns that the app reads are fetched. What it reads beyond them is loaded then."""

from __future__ import annotations

from .. import trial_orm
from ..virtual_fix import IDENTIFIER, NAMES, RefusedError, VirtualFix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Fix(VirtualFix):
    NAME = "load-only"
    PARAMETERS = {"model": IDENTIFIER, "columns": NAMES}

    @classmethod
    def install(cls) -> None:
        trial_orm.on_execute(trial_orm.CHANGES, cls.NAME, choosing)

    @classmethod
    def uninstall(cls) -> None:
        trial_orm.forget(cls.NAME)

    def apply(self) -> None:
        self.mapper = trial_orm.mapper_of(self.parameters["model"], None)
        missing = [name for name in self.parameters["columns"] if name not in self.mapper.column_attrs]
        if missing:
            raise RefusedError(f"{self.parameters['model']} has no column {missing[0]}")


def choosing(fix: Fix, state: Any) -> None:
    if not trial_orm.is_select(state):
        return
    options = [
        load.load_only(*[getattr(entity, name) for name in fix.parameters["columns"]])
        for load, entity in trial_orm.loads_of(state, fix.mapper)
    ]
    if options:
        changed = state.statement.options(*options)
        fix.acted += 1
        if not fix.shadow:
            state.statement = changed
