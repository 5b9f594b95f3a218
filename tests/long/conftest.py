"""The long runs go one after the other; what they did at full scale is written down."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from types import FrameType

import pytest

from tests.long import figures
from tests.long.figures import Run

LONGEST_SECONDS = 1800
EXAMPLE_TESTS = Path(__file__).parents[2] / "examples" / "discovery" / "tests"
sys.path.append(str(EXAMPLE_TESTS))  # its modules have names of their own, to be imported

_RUNS = pytest.StashKey[list[Run]]()
_LOAD = pytest.StashKey[float]()
_RUN = pytest.StashKey[Run]()


@pytest.fixture
def run(request: pytest.FixtureRequest) -> Iterator[Run]:
    """Where a long test puts its figures; its name and the first line of its docstring come from the test."""
    if os.environ.get("PYTEST_XDIST_WORKER"):
        pytest.fail("long runs measure and break things: run them alone, without -n (make test-long)")
    text = (request.function.__doc__ or "").partition("\n")[0]
    made = Run(name=request.node.name.removeprefix("test_").replace("_", " "), did=text)
    request.node.stash[_RUN] = made
    with at_most(LONGEST_SECONDS):
        yield made


@contextlib.contextmanager
def at_most(seconds: int) -> Iterator[None]:
    """End the block with a failure when it takes longer; what it started is stopped on the way out."""

    def over(number: int, frame: FrameType | None) -> None:
        raise AssertionError(f"not done after {seconds} s")

    before = signal.signal(signal.SIGALRM, over)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture
def quick_path(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: tens of thousands of small files are written to it."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else tmp_path) as name:
        yield Path(name)


def pytest_sessionstart(session: pytest.Session) -> None:
    session.config.stash[_RUNS] = []
    session.config.stash[_LOAD] = os.getloadavg()[0]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    made = item.stash.get(_RUN, None)
    if made is not None and report.when == "call":
        made.outcome, made.seconds = report.outcome, round(report.duration, 1)
        if call.excinfo is not None and report.failed:
            made.outcome = f"failed: {' '.join(str(call.excinfo.value).split())[:200]}"
        item.config.stash[_RUNS].append(made)
        print(f"\n{made.name}: {made.outcome} in {made.seconds} s: {made.figures}", file=sys.__stderr__)
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    # collected among other folders, this file is loaded after the session's start
    runs = session.config.stash.get(_RUNS, [])
    if runs and figures.SCALE == 1:
        figures.write(runs, session.config.stash[_LOAD])
