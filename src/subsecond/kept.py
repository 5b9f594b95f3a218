"""What `optimize` kept, recorded as an audit is, in `.subsecond/kept`: a small project of its own, with its sources.

The report holds it against the audit: the user's own application before and after.
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from subsecond import store, workflow
from subsecond.diagnose.lifecycle import lifecycles
from subsecond.harness.arms import arm
from subsecond.harness.clones import Connection
from subsecond.harness.session import Ground
from subsecond.model.audit import Audit
from subsecond.model.trace import Trace
from subsecond.observe.figures import result_of
from subsecond.observe.remarks import remarks
from subsecond.observe.stage import observe
from subsecond.observe.traces import Redaction
from subsecond.prove.migration import up

DRAFT = "kept-"
RUNS = 3
"""Timed runs of a request; its seconds are known better already, measured beside those of the base."""


def record(base: Ground, seen: Sequence[Connection], *, say: Callable[[str], None]) -> None:
    """Record each request of a checkout and write it down in place of what was kept before.

    `base` is the checkout's, `seen` the databases that the app connects to: it runs on copies of them, brought to the
    state that its code wants, without anything on the way to them. What it costs is left to the gates: no findings.
    """
    target = base.target
    say("recording what was kept, for the report")
    with arm(base, seen, prepare=up, say=lambda line: None) as ours:
        redaction = Redaction(key=secrets.token_bytes(16))
        observed = observe(ours.app, target.root, redaction, RUNS, lambda request, done, of: None)
        around = workflow.surroundings(base, ours.app.hello(), seen)
        notes = (*ours.app.notes(), *remarks(observed))
    traces = [trace for one in observed for trace in one.traces]
    lives = lifecycles([trace for trace in traces if trace.mode == "recording"], ())
    audit = Audit(requests=tuple(result_of(one) for one in observed), findings=(), notes=notes, lifecycles=lives)
    with tempfile.TemporaryDirectory(prefix=DRAFT, dir=store.folder(target.home)) as folder:
        made = Path(folder) / "project"
        made.mkdir()
        store.write_outcome(made, audit, traces, around=around)
        _copy_sources(target.root, made, traces)
        store.forget_kept(target.home)
        made.rename(store.kept(target.home))


def sweep(home: Path) -> None:
    """Remove what a killed tool left half written; only where no other is at work (the lock)."""
    for left in (home / store.FOLDER).glob(f"{DRAFT}*"):
        shutil.rmtree(left, ignore_errors=True)


def _copy_sources(root: Path, made: Path, traces: Iterable[Trace]) -> None:
    """The project's own files that the traces speak of: the report shows lines of them."""
    for name in sorted(_files(traces)):
        source = root / name
        if not Path(name).is_absolute() and ".." not in Path(name).parts and source.is_file():
            (made / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, made / name)


def _files(traces: Iterable[Trace]) -> set[str]:
    found = set()
    for trace in traces:
        found |= {frame.file for span in trace.spans for frame in span.stack}
        if trace.profile:
            found |= {frame.file for one in trace.profile.stacks for frame in one.stack}
        if trace.deep:
            found |= {one.file for one in trace.deep.functions}
    return found
