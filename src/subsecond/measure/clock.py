"""The clock of a verdict: CPU of the process and what it waited for (reference: measuring, 3.0)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from subsecond_agent import protocol

_NOT_ADDED = (protocol.WAIT_DATABASE, protocol.WAIT_CPU, protocol.WAIT_LOGS)
"""Logging is the process's own work, so it is in its CPU; of the database's wait the waiting part is added below."""


def clock_of(line: Mapping[str, Any]) -> float:
    """Seconds by the clock of a verdict, of a line of the agent: CPU, and waits in which its thread did not compute.

    Never more than by the wall: waits are summed over threads, and three calls at once last as long as the longest.
    """
    waits: Mapping[str, float] = line["waits"]
    waited = waits.get(protocol.WAIT_DATABASE, 0.0) - waits.get(protocol.WAIT_CPU, 0.0)
    others = sum(seconds for name, seconds in waits.items() if name not in _NOT_ADDED)
    return min(float(line["cpu_seconds"]) + max(0.0, waited) + others, float(line["seconds"]))
