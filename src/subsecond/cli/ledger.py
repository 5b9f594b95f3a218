"""`subsecond ledger`: attempts and what they taught."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from subsecond.model.effort import Effort


@click.command("ledger")
@click.argument("action", required=False, type=click.Choice(["export"]))
@click.option("--compare", type=click.Path(exists=True, file_okay=False), metavar="DIR",
              help="Another project, as a run from an empty ledger: what each request took there, here.")  # fmt: skip
@click.option("--cwd", type=click.Path(exists=True, file_okay=False), default=".", help="Folder of the project.")
@click.option("--json", "as_json", is_flag=True, help="JSON on standard output.")
def command(action: str | None, compare: str | None, cwd: str, as_json: bool) -> None:
    """Show every attempt with its outcome, and the constraints that were learnt or stated.

    `export` writes the constraints to subsecond-constraints.toml, for you to commit. With --compare only the attempts
    and minutes that each request took, beside those of another run.

    \b
    Example:
      subsecond ledger
      subsecond ledger export
      subsecond ledger --compare ../from-an-empty-ledger
    """
    from rich.console import Console

    from subsecond import store
    from subsecond.ledger.book import opened
    from subsecond.ledger.export import FILE, text_of
    from subsecond.report.ledger import efforts_text, ledger_text

    root = Path(cwd).resolve()
    if action == "export" and compare:
        raise click.UsageError("export and --compare are two things: leave one of them out")
    with opened(root) as ledger:
        attempts, constraints = ledger.attempts(), ledger.constraints()
    took = {"here": _took(root)} | ({compare: _took(Path(compare).resolve())} if compare else {})
    if action == "export":
        store.write(root / FILE, [text_of(constraints).rstrip("\n")])
        click.echo(f"{len(constraints)} constraints written to {FILE}")
    elif as_json:
        told = {"version": 1, "attempts": attempts, "constraints": constraints, "efforts": took}
        click.echo(store.to_json(told))
    else:
        if not compare:
            Console().print(ledger_text(attempts, constraints))
        if attempts or compare:
            Console().print(efforts_text(took))


def _took(root: Path) -> list[Effort]:
    """What each request of a project took. Raises SubsecondError where the project has no ledger."""
    from subsecond import store
    from subsecond.errors import SubsecondError
    from subsecond.ledger.book import FILE, opened
    from subsecond.ledger.effort import efforts

    if not (root / store.FOLDER / FILE).is_file():
        raise SubsecondError("no-ledger", f"{root} has no ledger; `subsecond optimize` there makes one")
    requests = {one.key: one.request for one in store.read_audit(root).findings} if store.has_audit(root) else {}
    with opened(root) as ledger:
        return efforts(ledger.attempts(), ledger.learnt(), requests)
