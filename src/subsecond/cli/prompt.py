"""`subsecond prompt NAME`: the playbook's prompts, filled with what is known of this project."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("prompt")
@click.argument("name", required=False)
@click.option("--for", "finding", metavar="F3", help="The finding whose step it is about.")
@click.option("--cwd", type=click.Path(exists=True, file_okay=False), default=".", help="Folder of the project.")
def command(name: str | None, finding: str | None, cwd: str) -> None:
    """Print a prompt for an assistant, with this project's evidence in it. Without NAME: which there are.

    \b
    Example:
      subsecond prompt analyse
      subsecond prompt continue --for F3
    """
    from subsecond import store
    from subsecond.assistant.playbook import PROMPTS, Known, prompt
    from subsecond.errors import SubsecondError, did_you_mean
    from subsecond.ledger.book import opened

    if name is None:
        click.echo("\n".join(PROMPTS))
        return
    root = Path(cwd).resolve()
    audit, plan = store.read_audit(root), store.read_plan(root)
    step = None
    if finding is not None:
        known = {one.finding: one for one in plan.steps} if plan else {}
        step = known.get(finding.upper())
        if step is None:
            near = did_you_mean(finding.upper(), known)
            raise SubsecondError("unknown-finding", f'no step of the plan is for "{finding}"{near}; run subsecond plan')
    with opened(root) as ledger:
        facts = Known(
            audit=audit, plan=plan, step=step, constraints=tuple(ledger.constraints()),
            attempts=tuple(ledger.attempts()), entities=store.read_entities(root),
        )  # fmt: skip
    click.echo(prompt(name, facts), nl=False)
