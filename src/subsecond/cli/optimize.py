"""`subsecond optimize`: the whole loop, from the plan to kept commits."""

from __future__ import annotations

from typing import Any

import click

from subsecond.cli._options import TARGET_OPTIONS, given, with_options


@click.command("optimize")
@click.option("--goal", metavar="500ms", help="Seconds each endpoint may take (default: `goal` of the configuration).")
@click.option("--assistant", metavar="COMMAND", help="A coding agent that edits files, with {prompt_file} in it.")
@click.option("--trust-patch", is_flag=True, help="Run patches without a sandbox: they see what you may see.")
@click.option("--pass-env", multiple=True, metavar="NAME", help="A variable that the assistant gets; may be repeated.")
@click.option("--only", multiple=True, metavar="F3", help="Only this finding; may be repeated.")
@click.option(
    "--phase", multiple=True, type=click.IntRange(0, 5), metavar="2", help="Only steps of this phase; repeatable."
)
@click.option(
    "--attempts",
    type=click.IntRange(1, 1000),
    default=40,
    help="Most attempts with a patch; what is refused counts as none.",
    show_default=True,
)
@click.option("--minutes", type=click.IntRange(1, 1440), default=60, help="Most minutes.", show_default=True)
@click.option("--speed-budget", metavar="3m", help="Ask the speed gate of every attempt that gets so far, for so long.")
@click.option("--ask", "asks", is_flag=True, help="Ask before each keep; without a terminal, stop for `accept N`.")
@click.option("--apply", "applies", is_flag=True, help="Put the kept steps on your branch, a commit each.")
@with_options(TARGET_OPTIONS[1:])
@click.option("--json", "as_json", is_flag=True, help="The outcome as JSON on standard output, nothing else there.")
def command(  # noqa: PLR0917  (click gives them by name)
    goal: str | None, assistant: str | None, trust_patch: bool, pass_env: tuple[str, ...], only: tuple[str, ...],
    phase: tuple[int, ...], attempts: int, minutes: int, speed_budget: str | None, asks: bool, applies: bool,
    as_json: bool, **options: Any,
) -> int:  # fmt: skip
    """Work through the plan: each step tried alone in a copy, kept or reverted by the gates, and remembered.

    Needs an audit. Patches run in a sandbox (bubblewrap); where there is none, only with --trust-patch. Your working
    tree stays as it is; --apply moves your branch to the kept commits. Killed or out of budget, it goes on where it was
    when it is started again. After each kept step the code is analysed again; what it took along is dropped.

    A step is kept for what it shows: fewer statements, rows, connections or log records where the audit saw that there
    can be, else fewer seconds, which the speed gate judges, in five minutes. An assistant that ends with exit code 3
    gives up: its last line says why.

    \b
    Example:
      subsecond optimize --goal 500ms --assistant 'my-agent --file {prompt_file}'
    """
    import os
    import sys
    from dataclasses import replace

    from rich.console import Console

    from subsecond import durations, store, target, workflow
    from subsecond.assistant.external import parsed
    from subsecond.assistant.proposer import Assistant, environment
    from subsecond.errors import EXIT_DONE, EXIT_FAILED, SubsecondError
    from subsecond.fixes import Fixers
    from subsecond.harness import commits
    from subsecond.optimize import Limits, Proposer, optimize
    from subsecond.report.optimized import optimized_text

    folder, fields = given((), options)
    wanted = durations.seconds(goal) if goal is not None else target.goal_of(folder)
    if goal is not None and not wanted:
        raise SubsecondError("bad-option", f'--goal "{goal}": wanted {durations.WANTED}')
    timed = durations.seconds(speed_budget) if speed_budget is not None else None
    if speed_budget is not None and not timed:
        raise SubsecondError("bad-option", f'--speed-budget "{speed_budget}": wanted {durations.WANTED}')
    loaded = target.load(folder, fields)
    proposer: Proposer = Fixers()
    if assistant is not None:
        proposer = Assistant(words=parsed(assistant), seconds=minutes * 60.0, passed=environment(pass_env, os.environ))

    def keep(passed: Any) -> str | None:
        click.echo(passed.patch, err=True)
        if click.confirm(f"attempt {passed.number} passed all gates; keep it?", default=True, err=True):
            return None
        return str(click.prompt("because", err=True))

    limits = Limits(
        attempts=attempts,
        seconds=minutes * 60.0,
        steps=tuple(one.upper() for one in only),
        phases=phase,
        speed_seconds=timed,
    )
    if asks:
        limits = replace(limits, ask=keep) if sys.stdin.isatty() else replace(limits, later=True)
    done = optimize(
        loaded, store.read_audit(loaded.root), workflow.plan(loaded.root, wanted), proposer, limits,
        trust_patch=trust_patch,
        say=lambda line: print(f"optimize: {line}", file=sys.stderr, flush=True),
    )  # fmt: skip
    if applies and done.result != done.base:
        commits.fast_forward(loaded.root, done.base, done.result)
    if as_json:
        click.echo(store.to_json(done))
    else:
        Console().print(optimized_text(done, wanted))
    return EXIT_DONE if done.result != done.base else EXIT_FAILED
