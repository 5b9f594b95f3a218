"""`subsecond prove BASE [CANDIDATE]`: gates between a change and its merge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from subsecond.cli._options import TARGET_OPTIONS, given, with_options


@click.command("prove")
@click.argument("revisions", nargs=-1, required=True, metavar="BASE [CANDIDATE]")
@click.option("--gate", "wanted", multiple=True, metavar="NAME", help="Only this gate; may be repeated.")
@click.option("--only", multiple=True, metavar="REQUEST", help="The request that the change is about; may be repeated.")
@click.option("--faster", multiple=True, metavar="REQUEST", help="A request that must become faster; may be repeated.")
@click.option("--speed-budget", default="60s", metavar="60s", help="Time for the speed gate.", show_default=True)
@click.option("--no-speed", is_flag=True, help="Leave the speed gate out.")
@click.option("--rtt", metavar="2ms", help="Added to each round trip to the database in the speed gate.")
@click.option("--reveal", is_flag=True, help="Show failing requests that are held back from whoever wrote the change.")
@click.option("--trust-patch", is_flag=True, help="Run CANDIDATE without a sandbox: it sees what you may see.")
@with_options(TARGET_OPTIONS[1:])
@click.option("--json", "as_json", is_flag=True, help="JSON on standard output.")
def command(  # noqa: PLR0917  (click gives them by name)
    revisions: Sequence[str], wanted: Sequence[str], only: Sequence[str], faster: Sequence[str], speed_budget: str,
    no_speed: bool, reveal: bool, trust_patch: bool, as_json: bool, **options: Any,
) -> int:  # fmt: skip
    """Judge a change: does it boot in the production server, answer the same, cost less, take no longer?

    BASE and CANDIDATE are git revisions; without CANDIDATE the working tree is judged. The gates are asked
    cheapest first, and the first that does not pass ends it: exit code 0 passed, 1 not. A named CANDIDATE may be code
    from elsewhere: it runs in a sandbox (bubblewrap), or not at all without --trust-patch. Your working tree is yours.

    \b
    Example:
      subsecond prove main
      subsecond prove main my-branch --gate import --gate boot --json
      subsecond prove main --faster 'GET /rooms' --speed-budget 3m
    """
    from rich.console import Console

    from subsecond import durations, store, target, workflow
    from subsecond.errors import EXIT_DONE, EXIT_FAILED, SubsecondError
    from subsecond.report.proof import proof_text

    if len(revisions) > 2:
        raise SubsecondError("bad-option", f"{' '.join(revisions)}: wanted one base and at most one candidate")
    seconds = durations.seconds(speed_budget)
    if not seconds:
        raise SubsecondError("bad-option", f'--speed-budget "{speed_budget}": wanted {durations.WANTED}')
    folder, fields = given((), options)
    found = workflow.prove(
        target.load(folder, fields), revisions[0], revisions[1] if len(revisions) == 2 else None,
        wanted=wanted, only=only, faster=faster, without=("speed",) if no_speed else (), speed_seconds=seconds,
        reveal=reveal, trust_patch=trust_patch, say=lambda line: click.echo(f"prove: {line}", err=True),
    )  # fmt: skip
    if as_json:
        click.echo(store.to_json(found))
    else:
        Console().print(proof_text(found))
    return EXIT_DONE if found.verdict == "passed" else EXIT_FAILED
