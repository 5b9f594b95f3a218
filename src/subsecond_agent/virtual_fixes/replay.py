"""replay: an equal statement with equal values is answered from its first result in the request.

`orm`: the objects or rows that the ORM made of it. `cursor`: the driver's rows, for statements without the ORM; the
objects are made again, so its gain is a lower bound. Forgotten is everything at each write, flush, commit and rollback;
what waits to be flushed forbids an answer; locks, volatile functions and streamed results are always sent.
"""

from __future__ import annotations

from .. import trial_cursor, trial_orm
from ..trial_cursor import SentError, frozen, hash_of, kind_of
from ..trial_orm import AppError, module
from ..virtual_fix import HASHES, VirtualFix, one_of, running

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

STREAMED = ("yield_per", "stream_results", "populate_existing")
MAX_ROWS = 1_000_000  # of all kept results of a request
SESSION_EVENTS = ("after_flush", "after_commit", "after_rollback", "after_soft_rollback")
listening: list[tuple[Any, str, Any]] = []


class Fix(VirtualFix):
    NAME = "replay"
    PARAMETERS = {"statements": HASHES, "level": one_of("orm", "cursor")}

    @classmethod
    def install(cls) -> None:
        trial_cursor.on_send(cls.NAME, sending)
        engine = module("sqlalchemy.engine").Engine
        pairs: list[tuple[Any, str, Any]] = [(engine, "commit", ended), (engine, "rollback", ended)]
        orm = "sqlalchemy.orm.session"
        try:
            session = module(orm).Session
        except Exception:  # an app of SQLAlchemy's core alone
            session = None
        if session is not None:
            trial_orm.on_execute(trial_orm.ANSWERS, cls.NAME, answering)
            pairs += [(session, name, changed) for name in SESSION_EVENTS]
        for target, name, function in pairs:
            module("sqlalchemy.event").listen(target, name, function)
            listening.append((target, name, function))

    @classmethod
    def uninstall(cls) -> None:
        trial_cursor.forget(cls.NAME)
        trial_orm.forget(cls.NAME)
        while listening:
            module("sqlalchemy.event").remove(*listening.pop())

    def apply(self) -> None:
        self.wanted = set(self.parameters["statements"])
        self.kept: dict[Any, Any] = {}
        self.rows = 0
        self.wrote = False

    def undo(self) -> None:
        self.kept.clear()

    def keep(self, key: Any, result: Any, rows: int) -> None:
        self.rows += rows
        if self.rows > MAX_ROWS:
            self.refuse(f"more than {MAX_ROWS} rows would have to be kept")
            self.kept.clear()
        else:
            self.kept[key] = result


def changed(session: Any, *rest: Any) -> None:
    """Event of a session: what was read before may not be true any more."""
    for fix in running(Fix.NAME):
        fix.kept.clear()


def ended(connection: Any) -> None:
    """Event: a transaction of a connection is over. One that only read changes nothing."""
    for fix in running(Fix.NAME):
        if fix.wrote:
            fix.kept.clear()


def sending(fix: Fix, call: Any) -> bool:
    """A statement on its way to the driver: writes make us forget; at this level, known ones are answered."""
    reads, stable = kind_of(call.statement)
    if not reads:
        fix.wrote = True
        fix.kept.clear()
        return False
    if fix.parameters["level"] == "orm":
        trial_cursor.learn_shape(call)
        return False
    if not stable or hash_of(call.statement) not in fix.wanted or is_streamed(call.context):
        return False
    key = id(call.context.engine), call.statement, frozen(call.parameters)
    known = fix.kept.get(key)
    if known is not None:
        fix.acted += 1
        if not fix.shadow:
            call.answer(*known)
        return not fix.shadow
    try:
        rows = call.send()
        description = call.cursor.description
    except BaseException as error:
        raise SentError(error) from None
    if rows is not None:
        call.answer(description, rows)
        fix.keep(key, (description, tuple(rows)), len(rows))
    return True


def is_streamed(context: Any) -> bool:
    return context._is_server_side or any(context.execution_options.get(name) for name in STREAMED)


def answering(fix: Fix, state: Any) -> Any:
    """A statement of an ORM session: the result it gave before, or the one it gives now, kept for later."""
    if fix.parameters["level"] != "orm" or not state.is_select or (state.is_orm_statement and state.is_column_load):
        return None
    statement, session = state.statement, state.session
    if any(state.execution_options.get(name) for name in STREAMED) or statement._for_update_arg is not None:
        return None
    if session.new or session.dirty or session.deleted:  # flushed or not, the answer is about to change
        fix.kept.clear()
        return None
    cache_key = statement._generate_cache_key()
    if cache_key is None:
        return None
    shape = trial_cursor.shape_of(cache_key)
    texts = trial_cursor.shapes.get(shape)
    if texts is not None and texts.isdisjoint(fix.wanted):
        return None
    values = [bind.effective_value for bind in cache_key.bindparams]
    key = cache_key.key, frozen(values), frozen(state.parameters)
    whole = bool(trial_orm.entities(statement)) or (state.is_orm_statement and state.is_relationship_load)
    known = fix.kept.get(key)
    if known is not None:
        found = again(state, known, whole)
        if found is not None:
            fix.acted += 1
            return None if fix.shadow else found
    if known is None or whole:
        return first(fix, state, key, shape)
    return None


def again(state: Any, known: tuple[Any, Any], whole: bool) -> Any:
    """A kept result for this session. Objects of another session's are copied into it, as a cache would do."""
    identity_map, result = known
    if not whole or identity_map is state.session.identity_map:
        return result()
    if state.is_orm_statement and state.is_relationship_load:
        return None
    try:
        merge = module("sqlalchemy.orm.loading").merge_frozen_result
        return merge(state.session, state.statement, result, load=False)()
    except Exception:  # an object that was changed meanwhile cannot be copied without asking the database
        return None


def first(fix: Fix, state: Any, key: Any, shape: Any) -> Any:
    """Send the statement; keep what it gives when it is one of those asked for."""
    try:
        result = state.invoke_statement()
        texts = trial_cursor.shapes.get(shape, set())
        if texts.isdisjoint(fix.wanted) or not all(stable(text) for text in texts):
            return result
        if getattr(result, "_unique_filter_state", None) is not None:
            result = result.unique()  # eager joins ask for it, and a kept result must be read once
        kept = result.freeze()
    except BaseException as error:
        raise AppError(error) from None
    fix.keep(key, (state.session.identity_map, kept), len(kept.data))
    return kept()


def stable(text_hash: str) -> bool:
    """Does a statement give the same each time? Known by the hash of its text."""
    return all(kind_of(text)[1] for text, found in list(trial_cursor.hashes.items()) if found == text_hash)
