"""`subsecond reject N --because …`: a person takes a kept attempt back."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("reject")
@click.argument("number", type=click.IntRange(1))
@click.option("--because", required=True, metavar="WORDS", help="Why; an assistant reads it before its next attempt.")
@click.option("--cwd", type=click.Path(exists=True, file_okay=False), default=".", help="Folder of the project.")
def command(number: int, because: str, cwd: str) -> None:
    """Take a kept attempt back, and those that were kept on top of it. Your branch stays as it is.

    \b
    Example:
      subsecond reject 3 --because "we load photos from the CDN soon"
    """
    from subsecond import store
    from subsecond.harness import run_folder
    from subsecond.ledger.book import opened

    root = Path(cwd).resolve()
    with run_folder.lock(root), opened(root) as ledger:
        gone = ledger.reject(number, because)
        store.forget_optimized(root)
    for one in gone:
        click.echo(f"attempt {one.number} is reverted: {one.why}")
