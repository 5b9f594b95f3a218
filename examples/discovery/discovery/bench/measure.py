"""The measurements of one endpoint: counts, one client, eight clients, twenty clients."""

from __future__ import annotations

import statistics
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from discovery.bench import arms, client, counting
from discovery.bench.arms import Arm, Served
from discovery.bench.client import Request

WARM_UP = 20  # psycopg prepares a statement at its sixth use, in each of two workers
WARM_UP_SECONDS = 8.0  # the legacy version needs less: it repeats its statements within one request
CACHE_HITS = 200
PHASE_SECONDS = 300.0  # no request begins later than this after the beginning of its phase


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How many requests each measurement sends."""

    rounds: int  # one request of the legacy version each, and a few of the others
    others_a_round: int
    eight_legacy: int  # requests of each of 8 clients
    eight_others: int
    twenty_each: dict[str, int]  # requests of each of 20 clients, by endpoint; the same for all versions

    def a_round(self, version: str) -> int:
        """Requests of a version in one round."""
        return 1 if version == "legacy" else self.others_a_round

    def eight(self, version: str) -> int:
        """Requests of each of 8 clients to a version."""
        return self.eight_legacy if version == "legacy" else self.eight_others


THOROUGH = Effort(
    rounds=7,
    others_a_round=5,
    eight_legacy=2,
    eight_others=12,
    twenty_each={"discovery": 1, "detail": 2},
)
QUICK = Effort(
    rounds=2,
    others_a_round=4,
    eight_legacy=1,
    eight_others=5,
    twenty_each={"discovery": 1, "detail": 1},
)


def say(line: str) -> None:
    """Progress, on standard error."""
    print(f"bench: {line}", file=sys.stderr, flush=True)


def _warm(served: Served, request: Request) -> None:
    """Two clients at once, so that both workers get their share."""
    client.repeat(
        lambda: client.crowd(served.port, request, clients=2, each=1, limit=client.NO_ANSWER),
        at_most=WARM_UP // 2,
        seconds=WARM_UP_SECONDS,
    )


@dataclass(slots=True)
class Alone:
    """What one client saw of one version."""

    seconds: list[float]  # of good answers
    sent: int = 0
    app: float | None = 0.0
    database: float | None = 0.0

    def add(self, served: Served, request: Request, count: int) -> None:
        """Send some requests and add their times and CPU."""
        app, database = served.app_cpu(), served.database_cpu()
        for _ in range(count):
            seconds, good = client.send(served.port, request)
            self.sent += 1
            if good:
                self.seconds.append(seconds)
            else:
                say(f"warning: {served.arm.version}: no good answer for {request.name} within {seconds:.0f} s")
        self.app = _sum(self.app, app, served.app_cpu())
        self.database = _sum(self.database, database, served.database_cpu())

    def figures(self) -> dict[str, float | None]:
        """Medians and CPU seconds a request."""
        return {
            "seconds_median": _median(self.seconds),
            "cpu_app": None if self.app is None else round(self.app / self.sent, 5),
            "cpu_database": None if self.database is None else round(self.database / self.sent, 5),
        }


def _median(seconds: list[float]) -> float | None:
    return round(statistics.median(seconds), 4) if seconds else None


def _sum(total: float | None, before: float | None, after: float | None) -> float | None:
    return None if total is None or before is None or after is None else total + after - before


def _alone(served: dict[str, Served], request: Request, effort: Effort) -> dict[str, Alone]:
    """One client, all versions in turns, so that what else the machine does hits all."""
    found = {version: Alone([]) for version in served}
    deadline = time.monotonic() + PHASE_SECONDS
    for done in range(effort.rounds):
        for version in served if done % 2 == 0 else reversed(served):
            found[version].add(served[version], request, effort.a_round(version))
        if time.monotonic() > deadline:
            break
    return found


def _crowds(
    served: dict[str, Served], request: Request, clients: int, each: dict[str, int]
) -> dict[str, client.Answers]:
    return {
        version: client.crowd(served[version].port, request, clients=clients, each=each[version], limit=PHASE_SECONDS)
        for version in served
    }


def _serve(
    stack: ExitStack, opened: dict[str, Arm], request: Request, name: str, more: tuple[str, ...]
) -> dict[str, Served]:
    served = {version: stack.enter_context(one.serving(name, more)) for version, one in opened.items()}
    for one in served.values():
        _warm(one, request)
    return served


def endpoint(opened: dict[str, Arm], request: Request, effort: Effort) -> dict[str, dict[str, Any]]:
    """All figures of one endpoint, by version."""
    say(f"{request.name}: counting")
    counted = {version: counting.run(one, request) for version, one in opened.items()}
    with ExitStack() as stack:
        say(f"{request.name}: one client")
        served = _serve(stack, opened, request, "default", ())
        alone = _alone(served, request, effort)
        say(f"{request.name}: 20 clients")
        each = effort.twenty_each[request.name]
        twenty = _crowds(served, request, 20, dict.fromkeys(opened, each))
    with ExitStack() as stack:
        say(f"{request.name}: 8 clients, at most 4 requests in a worker")
        served = _serve(stack, opened, request, "few", arms.FEW)
        eight = _crowds(served, request, 8, {version: effort.eight(version) for version in opened})
    return {version: _figures(counted[version], alone[version], eight[version], twenty[version]) for version in opened}


def response_cache(arm: Arm, request: Request) -> dict[str, Any]:
    """One client asks again and again for what the key-value store holds; seconds through the web server."""
    say("response cache: one client")
    with arm.serving("kept", kept=True) as served:
        _warm(served, request)
        seconds = []
        for _ in range(CACHE_HITS):
            took, good = client.send(served.port, request)
            if good:
                seconds.append(took)
    return {
        "requests": CACHE_HITS,
        "errors": CACHE_HITS - len(seconds),
        "seconds_median": _median(seconds),
        "seconds_95_percent": round(sorted(seconds)[int(len(seconds) * 0.95)], 4) if seconds else None,
        "seconds_longest": round(max(seconds), 4) if seconds else None,
    }


def _figures(counted: dict[str, Any], alone: Alone, eight: client.Answers, twenty: client.Answers) -> dict[str, Any]:
    """The keys in the order that the file promises; further ones follow."""
    single = alone.figures()
    return {
        "queries": counted["queries"],
        "sessions": counted["sessions"],
        "session_sites": counted["session_sites"],
        "rows": counted["rows"],
        "seconds_median": single["seconds_median"],
        "seconds_8_clients": _median(eight.seconds),
        "errors_20_clients": twenty.errors,
        "cpu_app": single["cpu_app"],
        "cpu_database": single["cpu_database"],
        "requests_median": alone.sent,
        "errors_median": alone.sent - len(alone.seconds),
        "requests_8_clients": eight.sent,
        "errors_8_clients": eight.errors,
        "requests_20_clients": twenty.sent,
        "seconds_20_clients": _median(twenty.seconds),
        "queries_client": counted["queries_client"],
        "places": counted["places"],
    }
