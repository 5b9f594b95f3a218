"""Procrastinate 2 and 3: each job that a worker takes is a root of its own, retries too."""

from __future__ import annotations

from .. import jobs
from ..patching import Patches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

HOOK = "procrastinate.worker"
live = True
patches = Patches()


def install(worker: ModuleType) -> None:
    patches.replace(worker.Worker, "_process_job", processing)


def processing(original: Any) -> Any:
    """Procrastinate gives each job a task of its own, and with it a context of its own."""

    async def _process_job(self: Any, context: Any, *rest: Any, **named: Any) -> Any:
        job = getattr(context, "job", None)
        name = getattr(job, "task_name", None)
        record = jobs.begin(HOOK, str(name), getattr(job, "queue", None)) if live and name else None
        if record is None:
            return await original(self, context, *rest, **named)
        try:
            result = await original(self, context, *rest, **named)
        except BaseException as error:
            jobs.finish(HOOK, record, error)
            raise
        jobs.finish(HOOK, record, None)
        return result

    return _process_job


def uninstall() -> None:
    patches.undo()
