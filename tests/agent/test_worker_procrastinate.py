"""Procrastinate's worker: each job a root of its own, async or in a thread, failed or not, several at once."""

from __future__ import annotations

import importlib.util
import json
import subprocess
from pathlib import Path

import pytest

from tests.agent.served import PYTHON, agent_environment, spans

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("procrastinate") is None
    or subprocess.run([PYTHON, "-c", "import procrastinate"], capture_output=True, check=False).returncode != 0,
    reason="the app's Python lacks procrastinate",
)

SCRIPT = """
import asyncio, logging
import procrastinate
from procrastinate.testing import InMemoryConnector
from sqlalchemy import create_engine, text

app = procrastinate.App(connector=InMemoryConnector())
engine = create_engine("sqlite:///mail.db")


def ask(number):
    with engine.connect() as connection:
        for _ in range(number):
            connection.execute(text("SELECT 1"))


@app.task(name="in_thread", queue="crm")
def in_thread(number):
    ask(number)


@app.task(name="in_loop")
async def in_loop(number):
    for _ in range(number):
        ask(1)
        await asyncio.sleep(0.01)


@app.task(name="fails")
def fails():
    ask(1)
    raise LookupError("no address")


with app.open():
    for number in (1, 2, 3):
        in_thread.defer(number=number)
        in_loop.defer(number=number + 3)
    fails.defer()


async def work():
    async with app.open_async():
        await app.run_worker_async(wait=False, concurrency=4, install_signal_handlers=False)

asyncio.run(work())
"""


def test_each_job_is_a_root_with_its_own_statements(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    spool.mkdir(mode=0o700)
    (tmp_path / "worker.py").write_text(SCRIPT)
    environment = agent_environment(spool, tmp_path)
    done = subprocess.run(
        [PYTHON, "worker.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for file in spool.glob("*.jsonl") for line in file.read_text().splitlines()]
    assert [line for line in lines if line["type"] == "note"] == []
    traces = [line for line in lines if line["type"] == "trace" and not line.get("late")]
    found = sorted((trace["job"]["name"], trace["counts"]["queries"]) for trace in traces)
    in_loop = [("in_loop", number) for number in (4, 5, 6)]
    assert found == [("fails", 1), *in_loop, ("in_thread", 1), ("in_thread", 2), ("in_thread", 3)]
    assert {
        (trace["job"]["queue"], trace["method"], trace["mark"]) for trace in traces if trace["route"] == "in_thread"
    } == {("crm", "JOB", None)}
    sites = {tuple(span["functions"][:2]) for trace in traces for span in spans(trace, "query")}
    assert sites == {("ask", "in_thread"), ("ask", "in_loop"), ("ask", "fails")}
