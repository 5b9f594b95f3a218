"""`subsecond fix F3`: the patch that a fixer of ours drafts for a finding, or why none does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from subsecond.cli._options import TARGET_OPTIONS, given, with_options


@click.command("fix")
@click.argument("finding")
@click.option("--apply", "applies", is_flag=True, help="Prove the patch by all gates, then write it to your files.")
@with_options(TARGET_OPTIONS[1:])
@click.option("--json", "as_json", is_flag=True, help="JSON on standard output, nothing else there.")
def command(finding: str, applies: bool, as_json: bool, **options: Any) -> int:
    """Print the patch for a finding of the last audit; nothing is changed without --apply.

    A fixer refuses where a precondition does not hold, and says which and where. With --apply the patch is one attempt
    of the ledger: judged on HEAD in copies, and written to your working tree only if every gate passes.

    \b
    Example:
      subsecond fix F3
      subsecond fix F3 --apply

    Exit code: 0 a patch (with --apply: it passed and is written), 1 refused or not passed, 2 bad usage or input.
    """
    from subsecond import fixes, store, target
    from subsecond.errors import EXIT_DONE, EXIT_FAILED, SubsecondError, did_you_mean
    from subsecond.harness.checkout import git

    folder, fields = given((), options)
    audit = store.read_audit(folder)
    known = {one.id: one for one in audit.findings}
    wanted = known.get(finding.upper())
    if wanted is None:
        near = did_you_mean(finding.upper(), known) or ";"
        raise SubsecondError("unknown-finding", f'no finding "{finding}" in the last audit{near} it has {len(known)}')
    top = git(folder, "rev-parse", "--show-toplevel", check=False).rstrip("\n")
    found = fixes.drafted(wanted, audit, folder, home=folder, tree=Path(top).resolve() if top else folder)
    outcome = None
    if applies and found.patch:
        outcome = fixes.applied(
            target.load(folder, fields), wanted, found, say=lambda line: click.echo(f"fix: {line}", err=True)
        )
    if as_json:
        shown = {"finding": wanted.id, "kind": wanted.kind, "fixer": found.fixer or None, "patch": found.patch}
        shown |= {"summary": found.draft.summary if found.draft else None, "refusal": found.refusal or None}
        click.echo(store.to_json(shown | {"attempt": outcome}))
    elif not found.patch:
        click.echo(f"no patch for {wanted.id} ({wanted.kind}): {found.refusal}")
    else:
        click.echo(found.patch, nl=False)
        if outcome is not None:
            click.echo(f"\nattempt {outcome.number}: {outcome.outcome}: {outcome.why}")
    passed = found.patch and (outcome is None or outcome.outcome == "kept")
    return EXIT_DONE if passed else EXIT_FAILED
