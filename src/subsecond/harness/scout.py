"""What an app connects to while it answers each of its requests once: its databases, and whom else on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from subsecond.errors import EXIT_FAILED, SubsecondError
from subsecond.harness import processes
from subsecond.harness.arms import arm
from subsecond.harness.clones import Connection
from subsecond.harness.requests import SAFE_METHODS
from subsecond.harness.send import RequestFailed
from subsecond.harness.session import AuditedApp, Ground, started
from subsecond.model.confinement import Way
from subsecond.model.target import RequestSpec
from subsecond_agent import protocol

_LOOPBACK = {"localhost": "127.0.0.1", "127.0.0.1": "127.0.0.1", "::1": "::1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scouted:
    """`databases`: its own, with passwords. `services`: a key-value store, another program, by address."""

    databases: tuple[Connection, ...]
    services: tuple[Way, ...] = ()


def scout(base: Ground) -> Scouted:
    """Run the app outside any sandbox, on its own databases, and look. For the user's own code only.

    What may write is sent to a scratch copy where one can be made: what can be done once is still to be done then.
    Raises SubsecondError where it does not start or leaves a request without an answer.
    """
    free = replace(base, target=replace(base.target, confinement=None))
    with started(free) as app:
        reads = [spec for spec in app.requests if spec.method in SAFE_METHODS]
        writes = [spec for spec in app.requests if spec.method not in SAFE_METHODS] if reads else []
        places = _asked(app, reads or app.requests)
        databases = tuple(app.connections())
    if writes:
        with arm(free, databases, say=lambda line: None) as copy:
            own = {str(one.place()) for one in (*copy.databases.values(), *databases)}
            places |= _asked(copy.app, writes)
            databases += tuple(one for one in copy.app.connections() if str(one.place()) not in own)
            ports = {one.port for one in copy.databases.values()}
            places = {(host, port) for host, port in places if port not in ports}
    ports = {one.port for one in databases}
    services = tuple(Way(host=host, port=port) for host, port in sorted(places) if port not in ports)
    return Scouted(databases=databases, services=services)


def _asked(app: AuditedApp, specs: Sequence[RequestSpec]) -> set[tuple[str, int]]:
    """Send them, and say which addresses of this machine were called or connected to."""
    places: set[tuple[str, int]] = set()
    for number, spec in enumerate(specs):
        mark = f"scout{number}"
        answer = app.send(spec, protocol.MODE_RECORDING, mark)
        if isinstance(answer, RequestFailed):
            text = f"the base itself does not answer {spec.name}: {answer.why}"
            raise SubsecondError("request-failed", text, exit_code=EXIT_FAILED)
        places |= _called(app, mark)
    return places | set(processes.connected(processes.members(app.app.pid, app.app.spool)))


def _called(app: AuditedApp, mark: str) -> set[tuple[str, int]]:
    """Addresses of this machine that the spans of one request name: a call that is over has no connection left."""
    line = app.trace_of(mark)
    found = set()
    for span in line["spans"] if line else ():
        host, port = span[5].get(protocol.SERVER_ADDRESS), span[5].get(protocol.SERVER_PORT)
        if host in _LOOPBACK and isinstance(port, int):
            found.add((_LOOPBACK[host], port))
    return found
