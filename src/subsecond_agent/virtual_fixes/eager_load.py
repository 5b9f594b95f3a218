"""eager-load: a relationship is loaded for all its parents at once.

`peers`: at the first lazy load it is loaded for all objects of that class in the session, by SQLAlchemy's own
`selectin` strategy. That needs neither the parents' statement nor its place.
`read`: the same, but only for those whose lazy load was recorded (`keys`: the values it was sent with), where a
statement fetches many more objects than the request then looks at.
`option`: `selectinload` on the statement that loads the parents, as the real fix would have it.
`joined`: `joinedload` there, for one row by its key: collections ask the app for `unique()`, inner joins drop rows.

`through`: relationships that bring the parents one by one, so that there never are two; they are loaded for all first.
"""

from __future__ import annotations

from .. import trial_orm
from ..patching import Patches
from ..trial_orm import OWN, label_of
from ..virtual_fix import KEYS, RELATION, RefusedError, VirtualFix, many, one_of, or_null, running

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

patches = Patches("__subsecond_eager_load__")


OPTIONS = ("option", "joined")
"""Ways that act on the parents' statement; the others act on the first lazy load."""


class Fix(VirtualFix):
    NAME = "eager-load"
    PARAMETERS = {
        "relation": RELATION,
        "how": one_of("peers", "read", "option", "joined"),
        "keys": or_null(KEYS),
        "through": or_null(many(RELATION, "a list of Model.relation")),
    }
    OPTIONAL = {"how": "peers", "keys": None, "through": None}

    @classmethod
    def install(cls) -> None:
        strategies = trial_orm.module("sqlalchemy.orm.strategies")
        loader = getattr(strategies, "LazyLoader", None) or getattr(strategies, "_LazyLoader", None)
        if loader is None:
            raise RefusedError("this version of SQLAlchemy keeps its lazy loader elsewhere")
        # not _load_for_state: each attribute of a configured mapper has kept that method already
        patches.replace(loader, "_emit_lazyload", loading)

    @classmethod
    def uninstall(cls) -> None:
        patches.undo()
        trial_orm.forget(cls.NAME)

    def apply(self) -> None:
        self.kept: list[Any] = []  # the identity map holds its objects weakly
        self.shadowed: set[int] = set()
        self.keys = frozenset(map(repr, self.parameters["keys"] or ()))
        if self.parameters["how"] == "read" and not self.keys:
            raise RefusedError("which of them are read is told by keys, and none are given")
        if self.parameters["how"] in OPTIONS:
            self.mapper, self.relation = trial_orm.relation_of(self.parameters["relation"])
            if self.parameters["how"] == "joined" and not is_one_by_key(self.mapper.relationships[self.relation]):
                raise RefusedError(f"{self.parameters['relation']} is not one row by its key: it takes peers or option")
            trial_orm.on_execute(trial_orm.CHANGES, self.NAME, adding_option)

    def undo(self) -> None:
        self.kept.clear()


def loading(original: Any) -> Any:
    """In the place of the lazy loader's method that sends the statement: load for all, then say that it is there."""

    def _emit_lazyload(self: Any, session: Any, state: Any, ident: Any, passive: Any, *how: Any) -> Any:
        for fix in running(Fix.NAME):
            parameters, label = fix.parameters, label_of(self.parent_property)
            if parameters["how"] in OPTIONS or label not in (parameters["relation"], *(parameters["through"] or ())):
                continue
            try:
                if is_plain(*how) and loaded_with_peers(fix, self.parent_property, session, state, passive):
                    return trial_orm.module("sqlalchemy.orm.base").ATTR_WAS_SET
            except Exception as mishap:
                fix.failed(mishap)
        return original(self, session, state, ident, passive, *how)

    return _emit_lazyload


def is_plain(loadopt: Any, *more: Any) -> bool:
    """Is nothing asked of this lazy load that `selectin` for all would not know: criteria, options below it?"""
    return not (getattr(loadopt, "_extra_criteria", ()) or any(more))


def loaded_with_peers(fix: Fix, prop: Any, session: Any, state: Any, passive: Any) -> bool:
    """Load the relationship for this object and all like it in its session. False where it must load alone."""
    if passive != trial_orm.module("sqlalchemy.orm.base").PASSIVE_OFF or not state.key:
        return False
    if session.new or session.dirty or session.deleted:
        return False  # a change that is not flushed yet may belong to the answer
    peers = [peer for peer in session.identity_map.all_states() if is_peer(prop, state, peer)]
    wanted = fix.parameters["relation"] == label_of(prop)
    if fix.parameters["how"] == "read" and wanted:
        column = looked_up_by(prop)
        peers = [peer for peer in peers if peer is state or repr(peer.dict.get(column)) in fix.keys]
    if len(peers) < 2:
        return False
    if fix.shadow:
        first = id(state) not in fix.shadowed
        fix.shadowed.update(map(id, peers))
        fix.acted += first and wanted
        return False
    fix.kept += [peer.obj() for peer in peers]
    path = state.load_path if state.load_options else prop.parent._path_registry
    strategy = prop._get_strategy((("lazy", "selectin"),))
    context = PeersContext(session, prop.parent, state.load_options)
    states = [(peer, False) for peer in peers]
    load = strategy._load_for_path
    code = load.__code__
    more = {
        "load_only": None,
        "effective_entity": prop.entity,
        "loadopt": None,
        "recursion_depth": None,
        "execution_options": {OWN: True},
    }
    load(context, path, states, **{name: more[name] for name in code.co_varnames[4 : code.co_argcount]})
    if prop.key not in state.dict:
        return False
    fix.acted += wanted
    return True


def is_peer(prop: Any, state: Any, peer: Any) -> bool:
    """An object of the same class, loaded the same way, that has everything but this relationship."""
    key = prop.key
    if peer is state:
        return True
    return (
        peer.manager.mapper.isa(prop.parent)
        and key not in peer.dict
        and not peer.expired
        and key not in peer.expired_attributes
        and not peer._deleted
        and key not in peer._pending_mutations
        and (key in peer.callables) == (key in state.callables)
        and peer.load_options == state.load_options
        and (peer.load_path == state.load_path or not state.load_options)
        and peer.obj() is not None
    )


def looked_up_by(prop: Any) -> str:
    """The attribute of the parent whose value a lazy load is sent with."""
    if len(prop.local_columns) != 1:
        raise RefusedError(f"{label_of(prop)} is looked up by several columns")
    [column] = prop.local_columns
    key: str = prop.parent.get_property_by_column(column).key
    return key


class PeersContext:
    """What `selectin` asks of the statement that loaded the parents; here there is none, but for its options."""

    populate_existing = False

    def __init__(self, session: Any, mapper: Any, options: Any) -> None:
        self.session = session
        self.options = tuple(options)
        self.query = trial_orm.module("sqlalchemy").select(mapper)  # 1.4 and earlier 2.0 look for the options there
        self.query._with_options = self.options
        self.compile_state = self
        self.select_statement = self.query

    def _loader_strategy_options(self) -> Any:
        return self.options


def is_one_by_key(relation: Any) -> bool:
    """Does a join for it bring one row at most to each parent, and leave all parents there?"""
    target = relation.mapper
    with_more = any(
        more.lazy in ("joined", False) and (more.uselist or more.order_by)
        for mapper in target.self_and_descendants
        for more in mapper.relationships
    )
    by_key = set(target.primary_key) <= set(relation.remote_side)
    return relation.direction.name == "MANYTOONE" and by_key and not relation.innerjoin and not with_more


def takes_join(statement: Any) -> bool:
    """May a statement be joined to more: does it lock no rows, and write no names out bare?"""
    parts = trial_orm.module("sqlalchemy.sql.visitors").iterate(statement)
    return getattr(statement, "_for_update_arg", None) is None and "textclause" not in {
        part.__visit_name__ for part in parts
    }


def adding_option(fix: Fix, state: Any) -> None:
    """Before a statement is sent: ask it to load the relationship along."""
    if fix.parameters["how"] not in OPTIONS or not trial_orm.is_select(state):
        return
    if state.is_relationship_load and trial_orm.relations_of(state)[-1:] == [fix.mapper.relationships[fix.relation]]:
        return  # a relationship to the model itself is followed one step, as the real option does
    if fix.parameters["how"] == "joined" and not takes_join(state.statement):
        return
    how = "joinedload" if fix.parameters["how"] == "joined" else "selectinload"
    loads = trial_orm.loads_of(state, fix.mapper)
    wanted = [getattr(load, how)(getattr(entity, fix.relation)) for load, entity in loads]
    if wanted:
        fix.acted += 1
        changed = state.statement.options(*wanted)
        if not fix.shadow:
            state.statement = changed
