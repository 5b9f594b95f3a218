"""Many at once: as many clients as the pool has connections, and some more."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from subsecond.harness.send import Answer, Client, RequestFailed
from subsecond.harness.session import AuditedApp
from subsecond.model.target import RequestSpec

LEAST_FOR_P95 = 200
"""Answers below which no 95th percentile is told (reference: measuring, 3.4)."""


@dataclass
class Crowd:
    """What a crowd got. `seconds`: of the whole answers, by each client's clock."""

    seconds: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def p95(self) -> float | None:
        """Seconds within which 95 of 100 were answered; None for too few answers."""
        if len(self.seconds) < LEAST_FOR_P95:
            return None
        return sorted(self.seconds)[math.ceil(0.95 * len(self.seconds)) - 1]


def crowd(app: AuditedApp, specs: Sequence[RequestSpec], clients: int, seconds: float) -> Crowd:
    """`clients` send the requests in turns, each one after the other without a pause, for `seconds`.

    Ends with the first answers after that, or earlier once there are enough for a percentile.
    """
    found = Crowd()
    deadline = time.monotonic() + seconds

    def ask(number: int) -> None:
        client = Client(app.target.timeout_seconds)
        turn = number
        try:
            while time.monotonic() < deadline and len(found.seconds) + len(found.problems) < LEAST_FOR_P95:
                spec = specs[turn % len(specs)]
                turn += 1
                answer = app.send_by(client, spec)
                if problem := trouble(answer):
                    found.problems.append(f"{spec.name}: {problem}")
                elif isinstance(answer, Answer):
                    found.seconds.append(answer.seconds)
        finally:
            client.close()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(clients)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return found


def trouble(answer: Answer | RequestFailed) -> str | None:
    """Why an answer is none: lost, or an error of the server."""
    if isinstance(answer, RequestFailed):
        return f"no answer: {answer.why}"
    return f"answered {answer.status}" if answer.status >= 500 else None
