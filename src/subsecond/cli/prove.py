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
@with_options(TARGET_OPTIONS[1:])
@click.option("--json", "as_json", is_flag=True, help="JSON on standard output.")
def command(revisions: Sequence[str], wanted: Sequence[str], only: Sequence[str], as_json: bool, **options: Any) -> int:
    """Judge a change: does it boot in the production server, answer the same, cost less?

    BASE and CANDIDATE are git revisions; without CANDIDATE the working tree is judged. The gates are asked
    cheapest first, and the first that does not pass ends it: exit code 0 passed, 1 not.

    \b
    Example:
      subsecond prove main
      subsecond prove main my-branch --gate import --gate boot --json
    """
    from rich.console import Console

    from subsecond import store, target, workflow
    from subsecond.errors import EXIT_DONE, EXIT_FAILED, SubsecondError
    from subsecond.report.proof import proof_text

    if len(revisions) > 2:
        raise SubsecondError("bad-option", f"{' '.join(revisions)}: wanted one base and at most one candidate")
    folder, fields = given((), options)
    found = workflow.prove(
        target.load(folder, fields), revisions[0], revisions[1] if len(revisions) == 2 else None,
        wanted=wanted, only=only, say=lambda line: click.echo(f"prove: {line}", err=True),
    )  # fmt: skip
    if as_json:
        click.echo(store.to_json(found))
    else:
        Console().print(proof_text(found))
    return EXIT_DONE if found.verdict == "passed" else EXIT_FAILED
