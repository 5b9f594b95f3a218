"""Trials for a reader at a terminal: what all confirmed fixes save together, and what no trial stands for."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from subsecond.errors import printable
from subsecond.model.finding import Finding, Trial
from subsecond.model.trace import shown_file
from subsecond.model.trial import MeasuredSet, Trials, Untested
from subsecond.report.durations import duration, signed

STYLES = {
    "confirmed": "bold green",
    "refuted": "red",
    "inconclusive": "yellow",
    "not applied": "dim",
    "not testable": "dim",
}
SHOWN_UNTESTED = 10


def show_trials(trials: Trials, console: Console) -> None:
    """Print the sets, what is without a trial, and on what ground the trials stood."""
    whole = [one for one in trials.sets if one.through_phase is None]
    if whole:
        console.print(Text("All confirmed fixes at once", style="bold"))
        for one in whole:
            console.print(_set(one))
    if trials.untested:
        console.print(Text("Repeated statements and large fetches without a trial", style="bold"))
        for group in trials.untested[:SHOWN_UNTESTED]:
            console.print(_untested(group))
        if len(trials.untested) > SHOWN_UNTESTED:
            console.print(Text(f"  {len(trials.untested) - SHOWN_UNTESTED} more in trials.json", style="dim"))
    spent = f"{duration(trials.spent_seconds)} of {duration(trials.budget_seconds)}"
    console.print(Text(printable(f"{len(trials.trials)} trials in {spent}; {trials.isolation}"), style="dim"))


def _set(one: MeasuredSet) -> Text:
    after = max(0.0, one.base_seconds - one.saving.seconds)
    between = f"{signed(one.saving.low)} to {signed(one.saving.high)}"
    seen = f"saves {between}" if one.saving.low > 0 else f"not told apart from noise: saves {between}"
    text = f"  {one.request}: {duration(one.base_seconds)} → {duration(after)} ({seen})"
    if one.queries_before is not None and one.queries_after is not None:
        text += f", {one.queries_before} → {one.queries_after} statements"
    text += f", with {', '.join(one.findings)}"
    if one.estimate:
        text += "; holds estimates"
    return Text(printable(text + (f"; {one.why}" if one.why else "")))


def _untested(one: Untested) -> Text:
    share = "" if one.share is None else f"{one.share:5.1%} "
    place = f"{shown_file(one.file)}:{one.line} {one.function}"
    return Text(printable(f"  {share}{duration(one.seconds)}: {one.count} × at {place} on {one.request} ({one.why})"))


def verdict_text(finding: Finding) -> Text | None:
    """The verdict of a finding in a word and a figure, for its first line; None where nothing was tried."""
    best = finding.telling
    if best is None:
        return None
    text = Text(best.verdict, style=STYLES[best.verdict])
    if best.verdict == "confirmed" and best.stands_out:
        text.append(f", {saved(best)}")
    elif best.verdict == "confirmed" and best.queries_saved:
        text.append(f", {best.queries_saved} statement{'' if best.queries_saved == 1 else 's'} fewer")
    return text


def saved(trial: Trial) -> str:
    """`saves 120 ms (90 to 150)`, with its fidelity where it is no plain measurement."""
    assert trial.gain_seconds is not None and trial.low is not None and trial.high is not None
    saves = trial.gain_seconds >= 0
    word, low, high = ("saves", trial.low, trial.high) if saves else ("costs", -trial.high, -trial.low)
    spread = f"{signed(low)} to {signed(high)}"
    fidelity = "" if trial.fidelity in (None, "measured") else f", {trial.fidelity}"
    return f"{word} {duration(abs(trial.gain_seconds))} ({spread}{fidelity})"


def trial_text(trial: Trial) -> Text:
    """One trial on a line."""
    text = Text("trial: ", style="dim").append(trial.verdict, style=STYLES[trial.verdict])
    gain = f", {saved(trial)}" if trial.gain_seconds is not None else ""
    return text.append(printable(f" {trial.virtual_fix} on {trial.request}{gain}: {trial.why}"), style="dim")
