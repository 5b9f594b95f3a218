"""`subsecond show F3`: one finding with its evidence."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("show")
@click.argument("finding")
@click.option("--cwd", type=click.Path(exists=True, file_okay=False), default=".", help="Folder of the project.")
@click.option("--json", "as_json", is_flag=True, help="JSON on standard output.")
def command(finding: str, cwd: str, as_json: bool) -> None:
    """Show one finding of the last audit with all its evidence.

    \b
    Example:
      subsecond show F3
    """
    from rich.console import Console

    from subsecond import store
    from subsecond.errors import SubsecondError, did_you_mean
    from subsecond.report.terminal import finding_text

    known = {one.id: one for one in store.read_audit(Path(cwd).resolve()).findings}
    found = known.get(finding.upper())
    if found is None:
        near = did_you_mean(finding.upper(), known) or ";"
        raise SubsecondError("unknown-finding", f'no finding "{finding}" in the last audit{near} it has {len(known)}')
    if as_json:
        click.echo(store.to_json(found))
    else:
        Console().print(finding_text(found, whole=True))
