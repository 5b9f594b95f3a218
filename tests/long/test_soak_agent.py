"""A long time under load: the app with the agent does what it does without, each request leaves one whole trace."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from benchmarks._postgres import postgres
from tests.agent.served import APPS, PYTHON, TOKEN, Served, agent_environment, free_port, spans, start
from tests.agent.test_property import PARENTS, VERBS, check_counts
from tests.long.crowd import Answered, Ask, each_its_own
from tests.long.figures import Run, scaled

pytestmark = pytest.mark.long
REQUESTS = 15_000
"""Of each server: 30,000 recorded ones in all, and as many without the agent."""
CLIENTS = 8
PARTS = 3
"""The spool is emptied after the first part of the run and moved after the second."""
MEMORY_NOISE_KIB = 3_072
"""More growth than without the agent, over 10,000 requests and all workers: 300 bytes a request would show."""
SERVERS = {
    "gevent": ["-k", "gevent", "-w", "2"],
    "gthread": ["-k", "gthread", "-w", "1", "--threads", "8"],
}
SIMPLE = {
    "/nested": (3, 2), "/apart": (3, 3), "/core": (1, 1), "/rows": (1, 1), "/stream": (3, 3), "/error": (1, 1),
    "/broken-stream": (0, 0), "/columns": (3, 1), "/pool": (3, 3), "/thread": (2, 2), "/wrong": (1, 1),
    "/write": (5, 3), "/late": (0, 0), "/file": (0, 0),
}  # fmt: skip
"""Path -> statements and check-outs."""
COMMON = [path for path in SIMPLE if path not in ("/late", "/write")] * 3 + ["/late", "/write", "/write"]


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """A PostgreSQL with the shop in it."""
    with postgres() as url:
        environment = {"SHOP_DB": url, "PATH": "/usr/bin:/bin"}
        subprocess.run([PYTHON, "shop.py"], cwd=APPS, env=environment, check=True, timeout=60)
        yield url


def plan(client: int, part: int, count: int) -> list[Ask]:
    """What one client asks in one part: always the same for the same numbers."""
    chance = random.Random(f"{client}:{part}")
    return [_ask(chance, f"c{client}.{part}.{number}") for number in range(count)]


def _ask(chance: random.Random, mark: str) -> Ask:
    kind = chance.random()
    if kind < 0.25:
        path = f"/books/{chance.randint(1, 12)}"
    elif kind < 0.35:
        path = f"/eager/{chance.randint(1, 12)}"
    elif kind < 0.55:
        steps = [(chance.choice(VERBS), chance.randrange(3)) for _ in range(chance.randrange(25))]
        path = f"/play?script={quote(json.dumps(steps))}"
    else:
        path = chance.choice(COMMON)
    # every tenth as somebody else's request: recorded too, without a mark
    return Ask(path, {"X-Subsecond": f"{TOKEN}:recording:{mark}"} if chance.random() < 0.9 else {})


@dataclass
class Memory:
    """Resident memory of a server's workers, sampled beside the number of requests done."""

    served: Served
    done: int = 0
    samples: list[tuple[int, int]] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Memory:
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def count(self) -> None:
        self.done += 1  # a lost step does not matter

    def _watch(self) -> None:
        while not self._over.wait(0.25):
            self.samples.append((self.done, sum(resident_kib(pid) for pid in workers(self.served))))

    def growth(self, requests: int) -> float:
        """KiB from the end of the first third to the end of the run, by the straight line through the samples."""
        late = [(done, kib) for done, kib in self.samples if done >= requests / 3]
        if len({done for done, _ in late}) < 2:
            return 0.0
        middle = sum(done for done, _ in late) / len(late)
        mean = sum(kib for _, kib in late) / len(late)
        slope = sum((done - middle) * (kib - mean) for done, kib in late) / sum((d - middle) ** 2 for d, _ in late)
        return slope * requests * 2 / 3


def workers(served: Served) -> list[int]:
    pid = served.process.pid
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def resident_kib(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4
    except OSError:
        return 0


@dataclass
class Soaked:
    """One run of the whole plan."""

    answers: list[Answered]
    seconds: float
    growth_kib: float
    lines: list[dict[str, Any]]


def soak(server: str, url: str, folder: Path, each: int, with_agent: bool) -> Soaked:
    """Start the shop, go through the plan, stop it."""
    port, spool = free_port(), folder / "spool"
    spool.mkdir(mode=0o700, parents=True)
    environment = agent_environment(spool, APPS, SHOP_DB=url, SHOP_POOL="40")
    if not with_agent:
        environment = {key: value for key, value in environment.items() if not key.startswith(("SUBSECOND", "PYTHONP"))}
    command = [PYTHON, "-m", "gunicorn", *SERVERS[server], "-b", f"127.0.0.1:{port}", "shop:app"]
    served = start(command, port, APPS, environment, folder / "log")
    try:
        return _go_through(served, each, with_agent)
    finally:
        served.stop()


def _go_through(served: Served, each: int, with_agent: bool) -> Soaked:
    answers: list[Answered] = []
    lines: list[dict[str, Any]] = []
    seconds = 0.0
    with Memory(served) as memory:
        for part in range(PARTS):
            plans = [plan(client, part, each) for client in range(CLIENTS)]
            begin = time.monotonic()
            answers += each_its_own(served.port, plans, memory.count)
            seconds += time.monotonic() - begin
            if with_agent:
                lines += _between(served, part, len(answers) - len(lines_of_requests(lines)))
    if with_agent:
        answers += _without_a_spool(served)
    return Soaked(answers, seconds, memory.growth(PARTS * each * CLIENTS), lines)


def lines_of_requests(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The traces of what was asked here: neither late spans nor the question whether the server is ready."""
    return [line for line in lines if line["type"] == "trace" and not line.get("late") and line["path"] != "/ready"]


def _between(served: Served, part: int, wanted: int) -> list[dict[str, Any]]:
    """What the spool holds, once all that is to come is there; then it is emptied, or its files are moved."""
    deadline = time.monotonic() + 20
    while len(lines_of_requests(served.lines())) < wanted and time.monotonic() < deadline:
        time.sleep(0.2)
    time.sleep(1)  # late work of the last requests
    found = served.lines()
    for file in served.spool.iterdir():
        if part == 0:
            file.unlink()
        else:
            file.rename(file.with_name(f"moved-{part}-{file.name}"))
    if part == 0:
        return found
    return found if part == PARTS - 1 else []


def _without_a_spool(served: Served) -> list[Answered]:
    """The folder goes away under the running app, as by a tool that was killed; the app must not notice."""
    shutil.rmtree(served.spool)
    last = each_its_own(served.port, [plan(client, PARTS, 10) for client in range(CLIENTS)])
    assert not served.spool.exists()
    return last


def check_trace(trace: dict[str, Any]) -> None:
    """One whole line: spans inside their parents and the request, counts equal to spans and to what the path does."""
    found = spans(trace)
    end = trace["seconds"] * 1e6 + 1
    for span in found:
        assert 0 <= span["start"] <= span["start"] + span["duration"] <= end, span
        if span["parent"] >= 0:
            parent = found[span["parent"]]
            assert span["parent"] < span["index"]
            assert parent["name"] in PARENTS[span["name"]], span
            assert parent["start"] <= span["start"]
    assert all(before["start"] <= after["start"] for before, after in pairwise(found))
    names = Counter(span["name"] for span in found)
    counts = trace["counts"]
    assert names == +Counter(
        query=counts["queries"], checkout=counts["checkouts"], session=counts["sessions"], log=counts["logs"],
        transaction=counts["transactions"],
    )  # fmt: skip
    assert trace["dropped"] == 0
    if not introduced(trace):
        _check_path(trace)


def introduced(trace: dict[str, Any]) -> bool:
    """Whether SQLAlchemy met the server in this request: it asks a few things of its own once per process."""
    return any("pg_catalog.version" in text for text in trace["texts"])


def _check_path(trace: dict[str, Any]) -> None:
    path, counts = trace["path"], trace["counts"]
    queries, checkouts = counts["queries"], counts["checkouts"]
    if path in SIMPLE:
        assert (queries, checkouts) == SIMPLE[path]
    elif path == "/play":
        script = [tuple(step) for step in json.loads(_script(trace["query"]))]
        check_counts(trace, script, "recording")
    else:
        number = int(path.rpartition("/")[2])
        assert (queries, checkouts) == ((1 + number, 1) if path.startswith("/books") else (2, 1))


def _script(query: str) -> str:
    from urllib.parse import parse_qs

    return parse_qs(query)["script"][0]


def wrong_traces(lines: list[dict[str, Any]]) -> list[str]:
    """What is wrong with which lines."""
    found = []
    for trace in lines_of_requests(lines):
        try:
            check_trace(trace)
        except AssertionError as problem:
            found.append(f"{trace['path']}: {str(problem)[:300]}")
    met = Counter(trace["pid"] for trace in lines_of_requests(lines) if introduced(trace))
    return found + [f"process {pid} met the server {times} times" for pid, times in met.items() if times > 1]


@pytest.mark.parametrize("server", SERVERS)
def test_soak_of_the_agent(server: str, database: str, tmp_path: Path, run: Run) -> None:
    """The same requests with the agent recording and without it; the spool emptied, moved and removed meanwhile."""
    each = scaled(REQUESTS // CLIENTS // PARTS, 5)
    total = each * CLIENTS * PARTS
    plain = soak(server, database, tmp_path / "plain", each, with_agent=False)
    recorded = soak(server, database, tmp_path / "recorded", each, with_agent=True)

    last = len(recorded.answers) - total
    different = [
        (one.outcome, other.outcome)
        for one, other in zip(plain.answers, recorded.answers, strict=False)
        if one.outcome != other.outcome
    ]
    traces = lines_of_requests(recorded.lines)
    marks = Counter(line["mark"] for line in traces if line["mark"])
    asked = Counter(
        _mark(ask) for client in range(CLIENTS) for part in range(PARTS) for ask in plan(client, part, each)
    )
    unmarked = asked.pop("", 0)
    wrong = wrong_traces(recorded.lines)
    notes = [line for line in recorded.lines if line["type"] == "note"]
    grown = recorded.growth_kib - plain.growth_kib
    run.figures.update({
        "requests": total,
        "clients": CLIENTS,
        "errors the app does not have without": len(different),
        "traces": len(traces),
        "malformed": len(wrong),
        "late lines": sum(line.get("late", False) for line in recorded.lines),
        "notes": len(notes),
        "requests/s with and without": f"{total / recorded.seconds:.0f}, {total / plain.seconds:.0f}",
        "growth of memory in KiB after the first third, with and without":
            f"{recorded.growth_kib:.0f}, {plain.growth_kib:.0f}",
    })  # fmt: skip
    assert not different, different[:5]
    assert {answer.status for answer in recorded.answers[-last:]} <= {0, 200, 500}
    assert len(traces) == total
    assert marks == asked
    assert sum(line["mark"] is None for line in traces) == unmarked
    assert not wrong, f"{len(wrong)} of {len(traces)}: {wrong[:5]}"
    assert not notes, notes[:5]
    assert grown <= MEMORY_NOISE_KIB


def _mark(ask: Ask) -> str:
    return ask.headers.get("X-Subsecond", "").rpartition(":")[2]
