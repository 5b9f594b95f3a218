"""`subsecond audit`: observe + diagnose."""

from __future__ import annotations

import sys
from typing import Any

import click

from subsecond.cli._options import TARGET_OPTIONS, TRIAL_OPTIONS, given, with_options


@click.command("audit")
@with_options(TARGET_OPTIONS)
@click.option("--repeat", type=click.IntRange(1, 1000), help="Timed runs of each request.")
@click.option("--no-trials", is_flag=True, help="Only observe and diagnose: nothing is confirmed.")
@with_options(TRIAL_OPTIONS)
@click.option("--keep-values", is_flag=True, help="Write statement values and log messages into the traces.")
@click.option("--json", "as_json", is_flag=True, help="The outcome as JSON on standard output, nothing else there.")
def command(what: tuple[str, ...], no_trials: bool, keep_values: bool, as_json: bool, **options: Any) -> int:
    """Start the app, send its requests, record everything, name every bottleneck, prove each by an experiment.

    Trials run on a scratch copy of the database, which is gone afterwards; where none can be made they only read.

    \b
    Examples:
      subsecond audit                                  with subsecond.toml or [tool.subsecond]
      subsecond audit shop.web:app requests.http       with no configuration at all
      subsecond audit shop.web:app --get '/orders?page=1' --json

    Exit code: 0 done, 1 a request failed, 2 bad usage, input or environment.
    """
    from rich.console import Console

    from subsecond import store, workflow
    from subsecond.cli._progress import Progress
    from subsecond.errors import EXIT_DONE, EXIT_FAILED, printable
    from subsecond.report.lifecycle import show_lifecycles
    from subsecond.report.terminal import show_audit
    from subsecond.report.trials import show_trials
    from subsecond.target import load

    target = load(*given(what, options))
    with Progress(sys.stderr) as progress:
        outcome = workflow.audit(
            target, keep_values=keep_values, trials=not no_trials, progress=progress.request, say=progress.say
        )
    if as_json:
        click.echo(store.to_json(outcome.for_scripts()))
    else:
        show_audit(outcome, Console())
        show_lifecycles(outcome.lifecycles, Console())
        trials = store.read_trials(target.root)
        if trials is not None:
            show_trials(trials, Console())
        files = "findings.json, traces/" if trials is None else "findings.json, trials.json, traces/"
        click.echo(f"\nWritten to {target.root / store.FOLDER}: {files}")
    for result in outcome.requests:
        if result.error:
            text = f"request-failed: {result.name} ({result.method} {result.url}): {result.error}"
            click.echo(f"subsecond: {printable(text)}", err=True)
    return EXIT_FAILED if any(result.error for result in outcome.requests) else EXIT_DONE
