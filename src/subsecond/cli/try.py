"""`subsecond try KIND-OR-FIX key=value …`: one trial of a person's own hypothesis."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click

from subsecond.cli._options import TARGET_OPTIONS, TRIAL_OPTIONS, given, with_options


@click.command("try")
@click.argument("hypothesis", metavar="KIND-OR-FIX")
@click.argument("words", nargs=-1, metavar="[KEY=VALUE …] [MODULE:APP] [REQUESTS.http …]")
@with_options(TARGET_OPTIONS[1:])
@with_options(TRIAL_OPTIONS)
@click.option("--json", "as_json", is_flag=True, help="The trials as JSON on standard output, nothing else there.")
def command(hypothesis: str, words: tuple[str, ...], as_json: bool, **options: Any) -> int:
    """Try a hypothesis of your own on all requests of the target: a virtual fix with its parameters, or a kind.

    A value is read as JSON where it is JSON, else as text. With a kind, all findings of that kind are tried.
    Nothing is written: the audit's files stay as they are.

    \b
    Examples:
      subsecond try eager-load relation=Order.lines
      subsecond try index table=bookings columns='["item_id", "starts_at"]'
      subsecond try memoise function=shop.prices:rate scope=request shop.web:app requests.http
      subsecond try n-plus-one-query --json

    Exit code: 0 confirmed on at least one request, 1 not confirmed, 2 bad usage, input or environment.
    """
    from rich.console import Console

    from subsecond import store, workflow
    from subsecond.cli._hypothesis import experiments
    from subsecond.cli._progress import Progress
    from subsecond.errors import EXIT_DONE, EXIT_FAILED
    from subsecond.report.trials import trial_text
    from subsecond.target import load

    pairs, rest = _split(words)
    wanted = experiments(hypothesis, pairs)
    target = load(*given(rest, options))
    with Progress(sys.stderr) as progress:
        found = workflow.try_one(target, hypothesis, wanted, progress=progress.request, say=progress.say)
    trials = [trial for finding in found for trial in finding.trials]
    if as_json:
        click.echo(store.to_json(trials))
    else:
        console = Console()
        for trial in trials:
            console.print(trial_text(trial))
    return EXIT_DONE if any(trial.verdict == "confirmed" for trial in trials) else EXIT_FAILED


def _split(words: Sequence[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """`key=value` words, and the others (a request file may hold a `=` in its name only behind a `/` or `.http`)."""
    pairs, rest = [], []
    for word in words:
        key, found, value = word.partition("=")
        if found and key.isidentifier():
            pairs.append((key, value))
        else:
            rest.append(word)
    return pairs, rest
