"""`subsecond plan`: the findings of the last audit as ordered steps."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("plan")
@click.option("--goal", metavar="500ms", help="Seconds each endpoint may take (default: `goal` of the configuration).")
@click.option("--cwd", type=click.Path(exists=True, file_okay=False), default=".", help="Folder of the project.")
@click.option("--json", "as_json", is_flag=True, help="JSON on standard output.")
def command(goal: str | None, cwd: str, as_json: bool) -> None:
    """Order the findings of the last audit into steps, phase by phase, each with the gain that its trial measured.

    Predictions come from fixes that were tried all at once, never from gains added up. A step without a trial is
    marked as to be proven by the attempt.

    \b
    Example:
      subsecond plan --goal 500ms
    """
    from rich.console import Console

    from subsecond import durations, store, target, workflow
    from subsecond.errors import SubsecondError
    from subsecond.report.plan import plan_text

    folder = Path(cwd).resolve()
    wanted = durations.seconds(goal) if goal is not None else target.goal_of(folder)
    if goal is not None and not wanted:
        raise SubsecondError("bad-option", f'--goal "{goal}": wanted {durations.WANTED}')
    found = workflow.plan(folder, wanted)
    if as_json:
        click.echo(store.to_json(found))
    else:
        Console().print(plan_text(found))
