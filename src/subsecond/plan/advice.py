"""What goes with a step whatever the app: its risk, how to measure it, how to take it back.

By the virtual fix that stands for the change, else by kind, else by phase. Sources: reference, fixing and proving,
section 5 (what must hold for each rewrite); index advice (write cost, locks).
"""

from __future__ import annotations

from dataclasses import dataclass

_GATES = "subsecond prove BASE"


@dataclass(frozen=True, slots=True)
class Advice:
    risk: str
    measure: str
    revert: str


_COMMIT = "git revert of the one commit"
_BY_FIX = {
    "index": Advice(
        "low: each write to the table also writes the index; build it with CONCURRENTLY",
        "EXPLAIN of the statement names the index; rows per statement stay, seconds fall",
        "DROP INDEX CONCURRENTLY, or the migration's downgrade",
    ),
    "eager-load": Advice(
        "low: the related rows are read also where nobody looks at them",
        f"statements of the request fall by the number told; {_GATES}",
        _COMMIT,
    ),
    "drop-eager-load": Advice(
        "low: where the relationship is read after all, each object brings a statement of its own",
        f"rows of the request fall; {_GATES}, on every request that sends the statement",
        _COMMIT,
    ),
    "load-only": Advice(
        "low: a column that is read after all brings a statement for each object",
        f"the statement names fewer columns, and no statement more is sent; {_GATES}",
        _COMMIT,
    ),
    "batch": Advice(
        "medium: NULL keys, key types and missing rows must mean what they meant",
        f"statements of the request fall by the number told; {_GATES}",
        _COMMIT,
    ),
    "empty": Advice(
        "medium: on a request that nobody recorded the answer may depend on it",
        f"statements of the request fall by the number told; {_GATES} --gate edge",
        _COMMIT,
    ),
    "replay": Advice(
        "low where nothing is written in between",
        f"statements of the request fall by the number told; {_GATES}",
        _COMMIT,
    ),
    "memoise": Advice(
        "medium: what selects the value belongs into the key, and a change must show in time",
        f"the function's statements fall to one a request or a period; {_GATES}, also after a write",
        _COMMIT,
    ),
    "push-filter": Advice(
        "medium: 0, empty and missing must go on meaning the same in SQL, NULL too",
        f"rows read fall to rows used; {_GATES} --gate edge",
        _COMMIT,
    ),
    "one-connection": Advice(
        "medium: an inner rollback now undoes the outer work too",
        "check-outs fall to one; no errors with more clients than connections",
        _COMMIT,
    ),
    "silence-logger": Advice(
        "low: ask who reads these lines; alerts may go by their text",
        "log records a request fall",
        _COMMIT,
    ),
    "remember-response": Advice(
        "high: who may see it, how old it may be, what ends it: write that down first",
        "statements of a second equal request are none; a write shows within what max_stale allows",
        "switch the cache off",
    ),
}
_BY_FIX["batch-equality"], _BY_FIX["perturb"] = _BY_FIX["batch"], _BY_FIX["empty"]
_BY_KIND = {
    "connection-held": Advice(
        "low: what is loaded late must be loaded before the connection goes back",
        f"no other service is called while a connection is held; no errors in a crowd; {_GATES}",
        _COMMIT,
    ),
    "pool-wait": Advice(
        "medium: connections that last shorter, or more of them, which the database has to bear",
        "no errors and a shorter p95 with more clients than connections",
        _COMMIT,
    ),
}
_BY_PHASE = {
    1: _BY_FIX["index"],
    2: _BY_FIX["replay"],
    3: _BY_FIX["push-filter"],
    4: _BY_FIX["remember-response"],
    5: Advice("low to medium: the same values in the same order must come out", f"CPU falls; {_GATES}", _COMMIT),
}
_OTHER = Advice("medium: it has no trial, so the gates alone judge it", _GATES, _COMMIT)


def advice(kind: str, phase: int | None, virtual_fix: str | None) -> Advice:
    """The advice for a step: by its virtual fix, else by its kind, else by its phase."""
    if virtual_fix in _BY_FIX:
        return _BY_FIX[virtual_fix]
    if kind in _BY_KIND:
        return _BY_KIND[kind]
    return _BY_PHASE.get(phase, _OTHER) if phase is not None else _OTHER
