"""Everything that a report is made from, gathered for the verb: the stages do not know of each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from subsecond import fixes, store, target
from subsecond.diagnose.stage import kinds
from subsecond.errors import SubsecondError
from subsecond.harness.checkout import git
from subsecond.ledger import book
from subsecond.model.audit import Audit
from subsecond.model.report_common import Side
from subsecond.model.trace import Trace
from subsecond.model.unreached import Unreached
from subsecond.observe.unreached import unreached
from subsecond.report.page.sources import Draft, Recorded, Sources
from subsecond.report.plan import PHASES


def sources(root: Path, compare: Path | None, proposed: dict[str, Draft], *, live: bool) -> Sources:
    """Of the project at `root`; `compare`: the folder of another audited project (or its `.subsecond` itself).

    Without one, what `optimize` kept and recorded is held against the audit.
    """
    optimized = store.read_optimized(root)
    kept = compare is None and optimized is not None and store.has_audit(store.kept(root))
    main = _recorded(root, "legacy" if compare or kept else "now")
    found = Sources(
        main=main,
        other=_other(compare) if compare else _kept(root, main.name) if kept else None,
        kept=kept,
        trials=store.read_trials(root),
        plan=store.read_plan(root),
        optimized=optimized,
        drafts=proposed,
        manual=kinds(),
        phases=dict(PHASES),
        naming=target.naming_of(root),
        unreached=dict(_unreached(main)),
        live=live,
    )
    if not (root / store.FOLDER / book.FILE).exists():
        return found
    with book.opened(root) as ledger:
        return replace(found, attempts=tuple(ledger.attempts()), constraints=tuple(ledger.constraints()))


def _recorded(root: Path, side: Side) -> Recorded:
    return Recorded(
        side=side, root=root, audit=store.read_audit(root), traces=store.read_recorded(root),
        around=store.read_surroundings(root), plans=store.read_plans(root),
        title=dict(target.naming_of(root).names).get("app", ""),
    )  # fmt: skip


def _other(folder: Path) -> Recorded:
    root = folder.parent if folder.name == store.FOLDER else folder
    if not store.has_audit(root):
        raise SubsecondError(
            "no-audit", f"--compare {folder}: there is no audit in it; run `subsecond audit` in that project first"
        )
    return _recorded(root, "optimised")


def _kept(root: Path, name: str) -> Recorded:
    return replace(_recorded(store.kept(root), "optimised"), title=name)


def _unreached(recorded: Recorded) -> Iterator[tuple[tuple[Side, str], tuple[Unreached, ...]]]:
    """Paths that stand in the code of the first audit's requests and were not run."""
    deep: dict[str, list[Trace]] = {}
    for trace in recorded.traces:
        if trace.mode == "deep":
            deep.setdefault(trace.request, []).append(trace)
    for request, traces in deep.items():
        yield (recorded.side, request), unreached(traces, recorded.root)


def drafts(root: Path, audit: Audit, say: Callable[[str], None]) -> dict[str, Draft]:
    """What our fixers would propose for each finding; nothing is changed. `say` hears that it takes its time."""
    say(f"report: drafting patches for {len(audit.findings)} findings (--no-patches leaves them out)")
    top = git(root, "rev-parse", "--show-toplevel", check=False).rstrip("\n")
    tree = Path(top).resolve() if top else root
    found = {}
    for finding in audit.findings:
        made = fixes.drafted(finding, audit, root, home=root, tree=tree)
        by = f"fixer {made.fixer}" if made.fixer else ""
        found[finding.id] = Draft(by=by, patch=made.patch or "", refusal=made.refusal)
    return found
