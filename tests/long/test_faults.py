"""Faults at random moments of an audit: it says so in a line or carries on, leaves nothing, and the next one works."""

from __future__ import annotations

import contextlib
import os
import random
import re
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from subsecond import store
from subsecond.model.finding import Finding
from tests.end_to_end.conftest import Platform, _project
from tests.long import faults
from tests.long.faults import Audit
from tests.long.figures import SCALE, Run, scaled
from tests.long.ground import Ground, platform

pytestmark = pytest.mark.long
SEED = 20261014
ROUNDS = 40
REPEAT = 12
LEFT_SECONDS = 20.0
"""The watcher of a killed tool gives the app two seconds, then three."""
KINDS: dict[str, tuple[Callable[[Audit], None], int, set[int]]] = {
    # fault, share of the rounds, exit codes that may come (0: the audit was over, or carried on)
    "worker killed": (faults.worker_killed, 7, {0, 1, 2}),
    "master killed": (faults.master_killed, 7, {0, 1, 2}),
    "PostgreSQL stopped": (faults.postgres_stopped, 3, {0, 1, 2}),
    "PostgreSQL restarted": (faults.postgres_restarted, 3, {0, 1, 2}),
    "disk full": (faults.disk_full, 5, {0, 1, 2}),
    "app's files limited": (faults.files_limited, 3, {0, 1, 2}),
    "SIGINT": (faults.interrupted, 4, {0, 130}),
    "SIGTERM": (faults.terminated, 4, {0, 130}),
    "SIGKILL": (faults.killed, 4, {0, -9}),
}
SIGNALS = ("SIGINT", "SIGTERM", "SIGKILL")
SLUGS = set(re.findall(r"^\| ([a-z, -]+) \|", (Path(__file__).parents[2] / "docs" / "errors.md").read_text(), re.M))
DOCUMENTED = {slug for cell in SLUGS for slug in cell.split(", ")} | {"interrupted"}
KEPT = {
    ".gitignore", "app.json", "app.log", "clones", "filler", "findings.json", "lock", "mapper.json", "plans.json",
    "traces",
}  # fmt: skip


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with platform(tmp_path_factory.mktemp("small"), "small") as found:
        yield found


@pytest.fixture
def project(ground: Ground, tmp_path: Path) -> Iterator[Platform]:
    """A project that asks one quick request; `.subsecond/` is on a small disk where we may mount one."""
    env = {key: value for key, value in ground.environment.items() if key != "PYTHONPATH"}
    whole = Platform(ground.state, _project(tmp_path / "whole", ground.state["auth_url"]), {**env, "COLUMNS": "160"})
    (tmp_path / "beside").mkdir()
    quick = whole.beside(tmp_path / "beside")
    with small_disk(quick.project / ".subsecond"):
        yield quick


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Mount a small tmpfs at the folder for the time of the block; without the right to, `disk full` is left out."""
    folder.mkdir(mode=0o700)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={faults.SMALL_DISK},mode=0700", "subsecond-test", str(folder)]
    mounted = os.geteuid() == 0 and subprocess.run(mount, check=False, capture_output=True).returncode == 0
    try:
        yield
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


def is_mounted(project: Platform) -> bool:
    return os.path.ismount(project.project / ".subsecond")


def plan(mounted: bool) -> list[str]:
    """The kinds of all rounds in their order, the same for the same seed."""
    kinds = [kind for kind, (_, share, _) in KINDS.items() for _ in range(max(1, round(share * scaled(ROUNDS) / 40)))]
    random.Random(SEED).shuffle(kinds)
    return kinds if mounted else ["app's files limited" if kind == "disk full" else kind for kind in kinds]


def finding_keys(project: Platform) -> set[str]:
    """The findings of a whole, undisturbed audit that rest on counts: what a clock decides comes and goes."""
    project.subsecond("audit", "--repeat", "1", "--no-trials")
    return {finding.key for finding in store.read_audit(project.project).findings if counted(finding)}


def counted(finding: Finding) -> bool:
    """Whether its fix saves what is counted; of the others some hang on how long a statement happened to take."""
    return any(saved for one in finding.experiments for saved in one.saves.values())


def contents(project: Platform) -> dict[str, bytes]:
    """All files of the outcome."""
    folder = project.project / ".subsecond"
    files = [folder / "findings.json", *sorted((folder / "traces").glob("*"))]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def check_words(said: str, code: int) -> str:
    """The error output: no traceback; where it failed, lines with a documented word, which are returned."""
    assert "Traceback" not in said, said
    told = [line for line in said.splitlines() if line.startswith("subsecond: ")]
    for line in told:
        assert re.match(r"subsecond: ([a-z-]+): \S", line), said
        assert line.split(": ")[1] in DOCUMENTED, line
    assert len(told) == (0 if code in (0, -9) else 1), said
    return told[0] if told else ""


def check_nothing_runs(audit: Audit) -> None:
    deadline = time.monotonic() + LEFT_SECONDS
    while (left := audit.app()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not left, f"still running: {left}"


def check_files(project: Platform, before: dict[str, bytes], code: int, kind: str) -> None:
    """Files are whole, and all from one audit: the one before, or this one."""
    folder = project.project / ".subsecond"
    deadline = time.monotonic() + 5
    while list(folder.glob("run-*")) and time.monotonic() < deadline:
        time.sleep(0.1)
    names = {path.name for path in folder.iterdir()}
    store.read_audit(project.project)
    for path in (folder / "traces").glob("*.jsonl"):
        assert list(store.read_traces(path))
    if code == -9:
        return  # its own end leaves it no time; what it left is gone after the next audit
    assert names <= KEPT, names
    if not kind.startswith("PostgreSQL"):  # a server that is down drops no copy: the note is for the next audit
        assert not copies_noted(project), "the note of a copy of the database"
    after = contents(project)
    kept = {name for name in after if after[name] == before.get(name)}
    assert after == before or not kept, f"{kept} are of the audit before, the others of this one (exit code {code})"


def copies_noted(project: Platform) -> list[Path]:
    """Notes of copies of the database that are still to be dropped."""
    return list((project.project / ".subsecond" / "clones").glob("*"))


def check_counted(project: Platform) -> None:
    """An audit that carried on without some of its traces says so."""
    audit = store.read_audit(project.project)
    runs = sum(request.runs for request in audit.requests)
    files = (project.project / ".subsecond" / "traces").glob("*.jsonl")
    timed = sum(trace.mode == "timed" for path in files for trace in store.read_traces(path))
    assert timed == runs or any("no trace" in note for note in audit.notes), f"{timed} traces of {runs}: {audit.notes}"


@contextlib.contextmanager
def running(project: Platform, ground: Ground, chance: random.Random) -> Iterator[Audit]:
    """An audit under way; whatever a fault broke is mended at the end."""
    audit = faults.start(project, ground, chance, REPEAT)
    try:
        yield audit
    finally:
        if audit.process.poll() is None:
            audit.process.kill()
        audit.process.communicate()
        for mend in reversed(audit.heal):
            mend()


def one_round(kind: str, number: int, project: Platform, ground: Ground, longest: float) -> tuple[int, str]:
    """One fault; returns the exit code and what was said."""
    fault, _, codes = KINDS[kind]
    chance = random.Random(f"{SEED}:{number}")
    before = contents(project)
    with running(project, ground, chance) as audit:
        if kind in SIGNALS and chance.random() < 0.4:
            faults.wait_until_it_writes(audit)
            time.sleep(chance.random() * 0.003)
        else:
            begun = chance.random() < 0.6
            if begun:  # else the start of the app would take most of the moments
                audit.wait_for(audit.answered)
            audit.let_go_on(chance.uniform(0.0, 0.3 if begun else 0.95) * longest)
        fault(audit)
        said = audit.process.communicate(timeout=faults.AUDIT_SECONDS)[1]
        code = audit.process.returncode
        assert code in codes, said
        told = check_words(said, code)
        check_nothing_runs(audit)
        check_files(project, before, code, kind)
        if code == 0:
            check_counted(project)
    return code, told


def test_faults_during_audits(ground: Ground, project: Platform, run: Run) -> None:
    """Faults at random moments of an audit (seeded); after each one the next audit finds what the first one found."""
    wanted = finding_keys(project)
    begin = time.monotonic()
    project.subsecond("audit", "--repeat", str(REPEAT), "--no-trials")
    longest = time.monotonic() - begin
    mounted = is_mounted(project)
    outcomes: Counter[str] = Counter()
    failed: list[str] = []
    kinds = plan(mounted)
    for number, kind in enumerate(kinds):
        try:
            code, told = one_round(kind, number, project, ground, longest)
            outcomes[f"{kind}: exit code {code}{told and ', '}{told.split(': ')[1] if told else ''}"] += 1
            assert finding_keys(project) == wanted, "the next audit found other things"
            left = {path.name for path in (project.project / ".subsecond").iterdir()} - KEPT
            assert not left and not copies_noted(project), f"the next audit left {left or 'a copy'}"
            print(f"round {number}, {kind}: exit code {code} {told}")
        except (AssertionError, subprocess.TimeoutExpired) as problem:
            failed.append(f"round {number}, {kind}: {str(problem)[:1500]}")
    run.figures |= {"rounds": len(kinds), "failed": len(failed)}
    run.figures |= dict(sorted(outcomes.items()))
    run.figures["disk"] = "tmpfs" if mounted else "RLIMIT_FSIZE only"
    assert SCALE < 1 or len(kinds) == ROUNDS
    assert not failed, "\n".join(failed)
