"""Our agent from the worker's side: steer it by its header, take it out and put it back, read what it wrote."""

from __future__ import annotations

import json
import os
import secrets
import sys
import time
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).parents[2] / "src" / "subsecond_agent"
OFF, TIMED, RECORDING = "off", "timed", "recording"
WAITS = ("database", "pool", "logs")
PARTS = (*WAITS, "gc", "python")
"""What a request's seconds are divided into; `python` is the rest."""


def environment(spool: Path) -> dict[str, str]:
    """Variables that put the agent into a process that is started with them."""
    return {
        "PYTHONPATH": str(SOURCE / "inject"),
        "SUBSECOND_SPOOL": str(spool),
        "SUBSECOND_TOKEN": secrets.token_hex(16),
        "SUBSECOND_EXPIRES": str(time.time() + 3600),
        "SUBSECOND_CODE": json.dumps({"root": str(Path(__file__).parent), "code": [], "app": None}),
    }


class Agent:
    """The agent that this process was started with."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.inside = True
        self.boot: Any = sys.modules["_subsecond_agent.boot"]
        self.offset = 0

    def switch(self, mode: str) -> None:
        """Take every hook out for OFF, put all in for the other modes: one process, so no difference of processes."""
        if mode == OFF and self.inside:
            self.boot.uninstall()
        elif mode != OFF and not self.inside:
            self.boot.start()
            import sqlalchemy

            sqlalchemy.create_engine(self.url)  # the dialect's class is wrapped when an engine of it is made
        self.inside = mode != OFF

    def header(self, mode: str) -> str:
        """The header that asks for a mode."""
        return f"{os.environ['SUBSECOND_TOKEN']}:{mode}:benchmark"

    def traces(self) -> list[dict[str, Any]]:
        """Traces that this process has written since the last call."""
        files = sorted(Path(os.environ["SUBSECOND_SPOOL"]).glob(f"{os.getpid()}-*.jsonl"))
        if not files:
            return []
        with files[-1].open("rb") as file:
            file.seek(self.offset)
            lines = file.readlines()
            self.offset = file.tell()
        found = [json.loads(line) for line in lines]
        for note in found:
            if note["type"] == "note":
                raise RuntimeError(f"the agent switched a hook off: {note['hook']}: {note['message']}")
        return [trace for trace in found if trace["type"] == "trace" and not trace.get("late")]


def queries_of(trace: dict[str, Any]) -> int:
    """Queries that a trace tells of one by one, each with a call site."""
    return sum(name == "query" and stack >= 0 for name, _, _, _, stack, _ in trace["spans"])


def shares_of(trace: dict[str, Any]) -> dict[str, float]:
    """Which part of the request's seconds went where, in percent; the parts add up to 100."""
    parts = {name: trace["waits"][name] for name in WAITS} | {"gc": trace["gc_seconds"]}
    parts["python"] = trace["seconds"] - sum(parts.values())
    return {name: 100 * seconds / trace["seconds"] for name, seconds in parts.items()}
