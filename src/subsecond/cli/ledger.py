"""`subsecond ledger`: attempts and what they taught."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("ledger")
@click.argument("action", required=False, type=click.Choice(["export"]))
@click.option("--cwd", type=click.Path(exists=True, file_okay=False), default=".", help="Folder of the project.")
@click.option("--json", "as_json", is_flag=True, help="JSON on standard output.")
def command(action: str | None, cwd: str, as_json: bool) -> None:
    """Show every attempt with its outcome, and the constraints that were learnt or stated.

    `export` writes the constraints to subsecond-constraints.toml, for you to commit.

    \b
    Example:
      subsecond ledger
      subsecond ledger export
    """
    from rich.console import Console

    from subsecond import store
    from subsecond.ledger.book import opened
    from subsecond.ledger.export import FILE, text_of
    from subsecond.report.ledger import ledger_text

    root = Path(cwd).resolve()
    with opened(root) as ledger:
        attempts, constraints = ledger.attempts(), ledger.constraints()
    if action == "export":
        store.write(root / FILE, [text_of(constraints).rstrip("\n")])
        click.echo(f"{len(constraints)} constraints written to {FILE}")
    elif as_json:
        click.echo(store.to_json({"version": 1, "attempts": attempts, "constraints": constraints}))
    else:
        Console().print(ledger_text(attempts, constraints))
