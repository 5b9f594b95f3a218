"""Composes the stages. What one stage needs from another is passed on here, never imported."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence

from subsecond import store
from subsecond.diagnose.stage import diagnose
from subsecond.harness import checkout, run_folder
from subsecond.harness.session import ground, started
from subsecond.model.audit import Audit
from subsecond.model.proof import Proof
from subsecond.model.target import Target
from subsecond.observe.database import facts_of
from subsecond.observe.figures import result_of
from subsecond.observe.remarks import remarks
from subsecond.observe.stage import Progress, observe
from subsecond.observe.statements import together
from subsecond.observe.traces import Redaction
from subsecond.prove import stage as proving
from subsecond.prove.gate import Case


def audit(target: Target, *, keep_values: bool, progress: Progress, say: Callable[[str], None]) -> Audit:
    """Observe the target's requests, diagnose their traces, write `.subsecond/` and return the outcome.

    `progress` hears of each request sent, `say` of what was decided (the server chosen, …).
    """
    redaction = Redaction(key=secrets.token_bytes(16), keep_values=keep_values)
    with ground(target, say=say) as base:
        with started(base) as app:
            seen = observe(app, target.root, redaction, target.repeat, progress)
            notes = [*app.notes(), *remarks(seen)]
            databases = app.connections()
        sent = together(one.statements for one in seen if one.failure is None)
        facts, unread = facts_of(base, databases, sent, say)
        notes += [unread] if unread else []
    results = tuple(result_of(one) for one in seen)
    medians = {result.name: result.seconds.median for result in results if result.seconds}
    recorded = [trace for one in seen if one.failure is None for trace in one.of("recording")]
    outcome = Audit(requests=results, findings=diagnose(recorded, medians, target.root, facts), notes=tuple(notes))
    store.write_outcome(target.root, outcome, [trace for one in seen for trace in one.traces])
    return outcome


def prove(
    target: Target, base: str, candidate: str | None, *, wanted: Sequence[str], only: Sequence[str],
    say: Callable[[str], None],
) -> Proof:  # fmt: skip
    """Put a candidate (a revision, None: the working tree) through the gates beside its base, each in a copy.

    `wanted` names gates (none: all), `only` the requests that the change is about (none: all).
    """
    proving.chosen(wanted)  # an unknown name is told before anything is copied
    with run_folder.lock(target.root):
        checkout.sweep(target.root)
        with (
            checkout.checkout(target, base, target.copy) as before,
            checkout.checkout(target, candidate, target.copy) as after,
        ):
            return proving.prove(Case(base=before, candidate=after, only=tuple(only), say=say), wanted)
