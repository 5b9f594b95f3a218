"""Commands sent to Redis or Valkey through a client of the redis-py family: what the hooks of both share."""

from __future__ import annotations

import sys

from . import guard
from .callsite import chain
from .protocol import (
    DB_BATCH,
    DB_OPERATION,
    DB_SYSTEM,
    ERROR_TYPE,
    KEY_HASH,
    KEY_HIT,
    MODE_TIMED,
    SERVER_ADDRESS,
    SERVER_PORT,
    SPAN_KEY_VALUE,
)
from .recorder import CURRENT, append, current, now
from .span import Span
from .values import keyed_hash
from .wsgi import type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    from .span import Record

READS = frozenset({"GET", "HGET", "HGETALL", "MGET", "HMGET", "GETEX", "SMEMBERS", "LINDEX", "JSON.GET"})
"""Commands whose answer is a hit or a miss: None, or nothing in it, is a miss."""
PIPELINE = "PIPELINE"


def install(library: ModuleType, hook: ModuleType) -> None:
    """Wrap the client's and the pipeline's way to the server. hook: has `live`, `patches`, `HOOK`, `SYSTEM`."""
    client = sys.modules[library.__name__ + ".client"]
    clients = [getattr(client, name) for name in ("Redis", "Valkey") if hasattr(client, name)]
    for one in {id(one): one for one in clients}.values():
        hook.patches.replace(one, "execute_command", lambda original: commanding(original, hook))
    hook.patches.replace(client.Pipeline, "immediate_execute_command", lambda original: commanding(original, hook))
    hook.patches.replace(client.Pipeline, "execute", lambda original: piping(original, hook))


def commanding(original: Any, hook: ModuleType) -> Any:
    def execute_command(self: Any, *words: Any, **options: Any) -> Any:
        record = (CURRENT.get() or current()) if hook.live else None
        if record is None:
            return original(self, *words, **options)
        began = now()
        try:
            answer = original(self, *words, **options)
        except BaseException as error:
            note(hook, record, (began, now()), self, words, error=error)
            raise
        note(hook, record, (began, now()), self, words, answer=answer)
        return answer

    return execute_command


def piping(original: Any, hook: ModuleType) -> Any:
    def execute(self: Any, *values: Any, **named: Any) -> Any:
        record = (CURRENT.get() or current()) if hook.live else None
        number = len(getattr(self, "command_stack", ()))
        if record is None or not number:
            return original(self, *values, **named)
        began = now()
        try:
            answer = original(self, *values, **named)
        except BaseException as error:
            note(hook, record, (began, now()), self, (PIPELINE,), error=error, batch=number)
            raise
        note(hook, record, (began, now()), self, (PIPELINE,), batch=number)
        return answer

    return execute


def note(
    hook: ModuleType,
    record: Record,
    times: tuple[float, float],
    client: Any,
    words: tuple[Any, ...],
    *,
    answer: Any = None,
    error: BaseException | None = None,
    batch: int = 0,
) -> None:
    """Record one command or pipeline; the frame above is the wrapper."""
    try:
        record.key_values.append(times[1] - times[0])
        if record.mode == MODE_TIMED:
            return
        command = str(words[0]).upper() if words else ""
        attributes: dict[str, Any] = {DB_SYSTEM: hook.SYSTEM, DB_OPERATION: command[:40]}
        attributes.update(place_of(client))
        if batch:
            attributes[DB_BATCH] = batch
        if len(words) > 1:
            attributes[KEY_HASH] = hashed(words[1])
        if error is not None:
            attributes[ERROR_TYPE] = type_name(error)
        elif command in READS:
            attributes[KEY_HIT] = is_hit(answer)
        append(record, Span(SPAN_KEY_VALUE, None, *times, chain(sys._getframe(2)), attributes))
    except Exception as mishap:
        guard.failed(hook.HOOK, mishap)


def place_of(client: Any) -> dict[str, Any]:
    """Host and port that a client's pool connects to; nothing where it does not say."""
    kwargs = getattr(getattr(client, "connection_pool", None), "connection_kwargs", None) or {}
    found = {SERVER_ADDRESS: kwargs.get("host") or kwargs.get("path"), SERVER_PORT: kwargs.get("port")}
    return {name: value for name, value in found.items() if isinstance(value, (str, int))}


def hashed(key: Any) -> str:
    """A key may be a session's number or a person's address: its hash tells as much as we need."""
    text = key if isinstance(key, bytes) else (key if isinstance(key, str) else repr(type(key))).encode()
    return keyed_hash(text)


def is_hit(answer: Any) -> bool:
    """Was there something? Of several keys: any of them."""
    if type(answer) in (list, tuple):
        return any(one is not None for one in answer)
    if type(answer) in (dict, set):
        return bool(answer)
    return answer is not None
