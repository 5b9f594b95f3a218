"""`subsecond findings`: the findings of the last audit."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("findings")
@click.option("--cwd", type=click.Path(exists=True, file_okay=False), default=".", help="Folder of the project.")
@click.option("--json", "as_json", is_flag=True, help="JSON on standard output.")
def command(cwd: str, as_json: bool) -> None:
    """List the findings of the last audit, the costliest first.

    \b
    Example:
      subsecond findings --json
    """
    from rich.console import Console

    from subsecond import store
    from subsecond.report.terminal import finding_text

    outcome = store.read_audit(Path(cwd).resolve())
    if as_json:
        click.echo(store.to_json(outcome.findings))
        return
    console = Console()
    for finding in outcome.findings:
        console.print(finding_text(finding))
    if not outcome.findings:
        console.print("The last audit has no findings.")
