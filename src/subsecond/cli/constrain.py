"""`subsecond constrain "…"`: a person's own rule for every later attempt."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("constrain")
@click.argument("words")
@click.option("--cwd", type=click.Path(exists=True, file_okay=False), default=".", help="Folder of the project.")
def command(words: str, cwd: str) -> None:
    """State a rule that every later attempt is checked against before it runs.

    \b
    Example:
      subsecond constrain "zero new imports"
      subsecond constrain "do not touch migrations/"
      subsecond constrain "capacity_min=0 means no filter"
    """
    from subsecond.ledger.book import opened
    from subsecond.ledger.stated import stated

    made = stated(words)
    with opened(Path(cwd).resolve()) as ledger:
        new = ledger.constrain(made)
    click.echo(f"{'remembered' if new else 'known already'}: {made.text}")
