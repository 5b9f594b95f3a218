"""A run: the exported application audited, optimised by an assistant or by the fixers, recorded."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.optimize.export import NOTES, REPOSITORY, git
from benchmarks.optimize.platform import stop
from subsecond import store
from subsecond.errors import EXIT_DONE, EXIT_FAILED
from subsecond.model.optimized import Optimized

SUBSECOND = Path(sys.executable).with_name("subsecond")
PROMPTS = ("analyse", "plan")
"""What whoever plays the assistant may read before the first step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`who`: `assistant` or `fixers`. `endpoint`: only steps about this request; `extra`: words for `optimize`."""

    who: str
    handed_over: Path
    goal: str
    minutes: int
    answer_minutes: float
    audit_budget: str
    endpoint: str | None = None
    extra: Sequence[str] = ()


def run(project: Path, options: Options) -> Optimized:
    """Audit unless there is an audit, then one run of `optimize`, which goes on where an earlier one ended."""
    if not (project / "subsecond.toml").exists():
        raise stop(f"{project} is no exported application; `export {project}` makes one")
    notes = _notes(project)
    if notes.setdefault("who", options.who) != options.who:
        raise stop(f"{project} was begun with the {notes['who']}; export another folder for the {options.who}")
    if not store.has_audit(project):
        _called(project, "audit", "--budget", options.audit_budget)
    _called(project, "plan", "--goal", options.goal)
    words = ["optimize", "--goal", options.goal, "--minutes", str(options.minutes), "--json", *options.extra]
    if options.who == "assistant":
        _leave_prompts(project, options.handed_over)
        words += ["--assistant", _command(options)]
    began = time.monotonic()
    try:
        _called(project, *words, *_only(project, options.endpoint))
    finally:
        notes["minutes"] = float(notes.get("minutes", 0.0)) + (time.monotonic() - began) / 60
        (project / NOTES).write_text(json.dumps(notes) + "\n")
    return outcome(project)


def outcome(project: Path) -> Optimized:
    """What the last run came to. Ends the command where there was none."""
    found = store.read_optimized(project)
    if found is None:
        raise stop(f"{project} was not optimised yet; `run {project} --fixers` does it")
    return found


def minutes(project: Path) -> float:
    """Minutes that all runs of `optimize` on the folder took, waiting for answers included."""
    return float(_notes(project).get("minutes", 0.0))


def who(project: Path) -> str:
    """`assistant` or `fixers`."""
    return str(_notes(project).get("who", "fixers"))


def _notes(project: Path) -> dict[str, object]:
    path = project / NOTES
    found: dict[str, object] = json.loads(path.read_text()) if path.exists() else {}
    return found


def _called(project: Path, *words: str) -> str:
    """What a command of the tool prints to standard output; its progress goes to the terminal.

    Ends the command where it was called wrongly or broke off; that nothing was kept is an outcome like another.
    """
    done = subprocess.run(
        [str(SUBSECOND), *words], cwd=project, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode not in (EXIT_DONE, EXIT_FAILED) or (done.returncode and not done.stdout.strip()):
        raise stop(f"subsecond {words[0]} ended with exit code {done.returncode}; its own line above says why")
    return done.stdout


def _command(options: Options) -> str:
    """The assistant: this package's `hand-over`, in the environment that the tool gives it."""
    words = ["env", f"PYTHONPATH={REPOSITORY}", sys.executable, "-m", "benchmarks.optimize", "hand-over"]
    more = ["--into", str(options.handed_over), "--minutes", f"{options.answer_minutes:g}"]
    return f"{shlex.join([*words, *more])} {{prompt_file}}"


def _leave_prompts(project: Path, into: Path) -> None:
    into.mkdir(parents=True, exist_ok=True)
    for name in PROMPTS:
        (into / f"{name}.md").write_text(_called(project, "prompt", name))


def _only(project: Path, endpoint: str | None) -> list[str]:
    """`--only` for each finding that costs one request most; none: all."""
    if endpoint is None:
        return []
    audit = store.read_audit(project)
    names = [one.name for one in audit.requests]
    if endpoint not in names:
        raise stop(f"--endpoint {endpoint}: the audit has the requests {', '.join(names)}")
    return [word for one in audit.findings if one.request == endpoint for word in ("--only", one.id)]


def base_of(project: Path) -> str:
    """The commit of the application as it was exported."""
    return git(project, "rev-list", "--max-parents=0", "HEAD").strip()
