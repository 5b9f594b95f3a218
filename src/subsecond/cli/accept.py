"""`subsecond accept N`: a person keeps an attempt that passed all gates."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("accept")
@click.argument("number", type=click.IntRange(1))
@click.option("--cwd", type=click.Path(exists=True, file_okay=False), default=".", help="Folder of the project.")
def command(number: int, cwd: str) -> None:
    """Keep an attempt that passed all gates and was not kept; `optimize` goes on from there.

    \b
    Example:
      subsecond accept 3
    """
    from subsecond.harness import run_folder
    from subsecond.ledger.book import opened

    root = Path(cwd).resolve()
    with run_folder.lock(root), opened(root) as ledger:
        kept = ledger.accept(number)
    click.echo(f"attempt {kept.number} is kept; subsecond optimize goes on from it")
