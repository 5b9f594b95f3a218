"""`subsecond doctor`: what it sees in a target, and what will be recorded."""

from __future__ import annotations

import dataclasses
from typing import Any

import click

from subsecond.cli._options import TARGET_OPTIONS, given, with_options


@click.command("doctor")
@with_options(TARGET_OPTIONS)
@click.option("--start", is_flag=True, help="Start the app once and see whether the agent gets in.")
@click.option("--json", "as_json", is_flag=True, help="JSON on standard output.")
def command(what: tuple[str, ...], start: bool, as_json: bool, **options: Any) -> int:
    """Say what is seen in a project (configuration, Python, server, requests) and what an audit will record.

    \b
    Examples:
      subsecond doctor
      subsecond doctor shop.web:app requests.http --start

    Exit code: 0 an audit can run, 2 something stops it.
    """
    from subsecond import store
    from subsecond.doctor import examine
    from subsecond.errors import EXIT_DONE, EXIT_USAGE

    folder, overrides = given(what, options)
    seen = examine(folder, overrides, start=start)
    if as_json:
        click.echo(store.to_json(dataclasses.asdict(seen)))
    else:
        _show(seen)
    return EXIT_USAGE if any(problem.stops for problem in seen.problems) else EXIT_DONE


def _show(seen: Any) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from subsecond.errors import printable

    console = Console()
    facts = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for fact in seen.facts:
        facts.add_row(Text(fact.name, style="bold"), Text(printable(fact.value)))
    console.print(facts)
    recorded = Table(box=None, title="What will be recorded", title_justify="left", header_style="dim")
    for heading in ("library", "version", "", "what"):
        recorded.add_column(heading)
    for one in seen.recordings:
        mark = Text("yes", style="green") if one.recorded else Text("no", style="yellow")
        recorded.add_row(Text(one.library), Text(one.version), mark, Text(one.what))
    console.print(recorded)
    if seen.started:
        console.print(Text(seen.started))
    for problem in seen.problems:
        console.print(Text(f"{problem.slug}: {problem.message}", style="red" if problem.stops else "yellow"))
    if not seen.problems:
        console.print(Text("Nothing stands in the way of an audit.", style="green"))
