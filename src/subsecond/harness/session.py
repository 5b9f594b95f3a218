"""The app under audit, as the stages use it: started, logged in, asked, its traces read."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from subsecond import store
from subsecond.errors import EXIT_FAILED, SubsecondError
from subsecond.harness import clones, requests, run_folder, server, variables
from subsecond.harness.app import RunningApp, environment_of, running
from subsecond.harness.environment import PythonFacts, probe
from subsecond.harness.send import Answer, Client, NoAnswerError, RequestFailed
from subsecond.harness.server import Start
from subsecond.harness.setup import Setup
from subsecond.harness.spool import Spool
from subsecond.harness.workers import Worker, working
from subsecond.model.target import RequestSpec, Target
from subsecond_agent import protocol

TRACE_SECONDS = 5.0
"""A trace is written right after the last byte; on a loaded machine the worker may be late to it."""
HELLO_SECONDS = 3.0
JOB_SECONDS = 8.0
"""How long a first job is waited for, and more of those that requests left: a worker starts as slowly as the app."""
QUIET_SECONDS = 0.5
"""Without another job in it, they are done."""
END_SECONDS = 0.3
"""A dying process closes its connections before its parent can see it end."""
LATE_SECONDS = 30.0
"""How long the end of a request is waited for that was given up on."""
UNAUTHORIZED = 401


class AuditedApp:
    """One running app with the requests of its target.

    `requests` are the ones to time, in order; `notes` what the reader of a report must know.
    """

    def __init__(
        self, target: Target, facts: PythonFacts, start: Start, app: RunningApp, plan: requests.Requests
    ) -> None:
        self.target = target
        self.python = facts
        self.start = start
        self.app = app
        self.requests = plan.timed
        self.spool = Spool(app.spool)
        self._notes = (*target.notes, f"started with {start.server}: {start.why}", *plan.notes)
        self._setup = Setup(plan.setup)
        self._client = Client(target.timeout_seconds)
        self._logins = 0
        self._crew: tuple[Worker, ...] = ()

    def log_in(self) -> None:
        """Send the `# @setup` requests. Raises SubsecondError where one fails."""
        self._logins += 1
        self._setup.perform(self._send_setup, self.app.logged_failure)

    def send(self, spec: RequestSpec, mode: str, mark: str, trial: str = "") -> Answer | RequestFailed:
        """Send one request, steered by the agent's header, with its variables resolved.

        `trial` is the id of a trial that `put_trial` wrote. On 401 the setup requests are sent again and the request
        once more (with the same mark: the trace of the last one counts). RequestFailed where no whole answer came.
        """
        try:
            return self._send_logged_in(spec, mode, mark, trial)
        except NoAnswerError as problem:
            if problem.late:  # the next request must not be timed beside what is left of this one
                self.spool.trace_of(mark, min(LATE_SECONDS, self.target.timeout_seconds))
            return RequestFailed(problem.message)

    def send_by(self, client: Client, spec: RequestSpec) -> Answer | RequestFailed:
        """Send one request over another client's connection, untraced: one of a crowd, each in a thread of its own."""
        try:
            return self._send(spec, protocol.MODE_TIMED, "crowd", client)
        except NoAnswerError as problem:
            return RequestFailed(problem.message)

    def _send_logged_in(self, spec: RequestSpec, mode: str, mark: str, trial: str) -> Answer:
        answer = self._send(spec, mode, mark, trial=trial)
        if answer.status == UNAUTHORIZED and self._setup.specs:
            self.log_in()
            self.spool.forget(mark)
            answer = self._send(spec, mode, mark, trial=trial)
        return answer

    def trace_of(self, mark: str, seconds: float = TRACE_SECONDS) -> dict[str, Any] | None:
        """The agent's line about the request sent with `mark` (see `subsecond_agent.protocol`); None if none comes."""
        return self.spool.trace_of(mark, seconds)

    def put_trial(self, name: str, fixes: Sequence[Mapping[str, Any]]) -> None:
        """Write the file of a trial (the agent reads it once): virtual fixes with their parameters."""
        folder = self.app.spool / protocol.TRIALS
        folder.mkdir(mode=0o700, exist_ok=True)
        content = {"version": protocol.TRIAL_VERSION, "fixes": list(fixes)}
        store.write(folder / f"{name}.json", [store.to_json(content, indent=0)])

    def connections(self) -> list[clones.Connection]:
        """The databases that the app has connected to, as the agent saw it; holds passwords.

        A file of SQLite that is no more is left out: the app filled it and then moved it to its place.
        """
        found: dict[clones.Connection, None] = {}
        for path in sorted(self.app.spool.glob("connect-*.json")):
            said = store.from_json(path.read_bytes(), _Connections, path.name)
            for one in said.connections:
                found.setdefault(one.connection())
        return [one for one in found if not one.gone]

    @contextmanager
    def workers(self) -> Iterator[None]:
        """The target's workers beside the app; they take what its requests leave in their queues."""
        env = environment_of(self.target, self.python, self.start, self.app.spool, self.app.token)
        with working(self.target, self.python, env, self.app.spool.parent) as crew:
            self._crew = crew
            yield

    def jobs(self) -> list[dict[str, Any]]:
        """The agent's lines about the jobs that workers did; the last of them may take a moment to end."""
        deadline = time.monotonic() + JOB_SECONDS
        known = 0
        while self._crew and time.monotonic() < deadline and (not known or known != len(self.spool.jobs)):
            known = len(self.spool.jobs)
            time.sleep(QUIET_SECONDS)
            self.spool.poll()
        return self.spool.jobs

    def entities(self) -> list[Any]:
        """What the app's mapper holds, as its deep runs told it (see `subsecond_agent.protocol`)."""
        self.spool.poll()
        return self.spool.entities

    def hello(self) -> dict[str, Any] | None:
        """What the agent said about the first process that answered; None where no agent is there."""
        self.spool.poll()
        return self.spool.hellos[0] if self.spool.hellos else None

    def require_agent(self) -> dict[str, Any]:
        """`hello()`, or SubsecondError: the app answers, but the agent is not in it."""
        found = self.spool.first_hello(HELLO_SECONDS)
        said = [*self.spool.notes, *self.app.said_by_agent()]
        if found is None and said:
            text = f"the agent switched itself off before it could say hello: {'; '.join(said)}"
            raise SubsecondError("no-agent", text, exit_code=EXIT_FAILED)
        if found is None:
            raise SubsecondError(
                "no-agent",
                f"the app answers, but the agent is not in it: does {self.app.command[0]} start Python with -E, -I "
                "or -S, or clear PYTHONPATH? give --run with the plain server command; or it is no Flask app (others "
                "are not recorded yet), or something around the Flask app answers before it",
                exit_code=EXIT_FAILED,
            )
        return found

    def notes(self) -> tuple[str, ...]:
        """Notes so far: the server chosen, requests sent elsewhere than written, hooks that went off."""
        torn = self.spool.torn()
        torn += [why for worker in self._crew if (why := worker.ended(self.app.own))]
        return tuple(dict.fromkeys([*self._notes, *self.spool.notes, *torn, *self.app.said_by_agent()]))

    def close(self) -> None:
        """Close the connections (the app itself is ended by its context manager)."""
        self._client.close()

    def _send_setup(self, spec: RequestSpec) -> Answer:
        try:
            return self._send(spec, protocol.MODE_TIMED, f"setup-{self._logins}")
        except NoAnswerError as problem:
            text = f"{requests.where(spec)}: the setup request {spec.name}: {problem.message}"
            raise SubsecondError("setup-failed", text, exit_code=EXIT_FAILED) from None

    def _send(self, spec: RequestSpec, mode: str, mark: str, client: Client | None = None, trial: str = "") -> Answer:
        known, lookup = dict(spec.variables), self._setup.lookup_for(spec)

        def resolved(text: str) -> str:
            return variables.resolve(text, known, lookup, requests.where(spec))

        url, own = self._address(requests.quoted(resolved(spec.url)), spec)
        headers = [(name, resolved(value)) for name, value in spec.headers]
        if own:
            headers += self._steering(mode, mark, trial) + self._cookies(headers)
        body = None if spec.body is None else resolved(spec.body).encode()
        self.app.trim_log()
        try:
            return (client or self._client).send(spec.method, url, headers, body)
        except NoAnswerError as problem:
            ended = self.app.ended(END_SECONDS) if own and not problem.late else None
            text = f"{problem.message} ({ended})" if ended else problem.message
            raise NoAnswerError(text, late=problem.late) from None

    def _address(self, url: str, spec: RequestSpec) -> tuple[str, bool]:
        """The absolute address, and whether it is the app's own: only a setup request may go elsewhere."""
        if url.startswith("/"):
            return self.app.url + url, True
        if spec.setup:
            host = requests.host_of(url, requests.where(spec))
            if host not in requests.LOOPBACK:
                raise SubsecondError("foreign-address", f"{requests.where(spec)}: {url} is on another machine")
            return url, False
        parts = urlsplit(url)
        return f"{self.app.url}{parts.path or '/'}" + (f"?{parts.query}" if parts.query else ""), True

    def _steering(self, mode: str, mark: str, trial: str) -> list[tuple[str, str]]:
        return [(protocol.HEADER, ":".join([self.app.token, mode, mark, *([trial] if trial else [])]))]

    def _cookies(self, headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
        if not self._setup.cookies or any(name.lower() == "cookie" for name, _ in headers):
            return []
        return [("Cookie", "; ".join(f"{name}={value}" for name, value in self._setup.cookies.items()))]


@dataclass(frozen=True, slots=True)
class _Seen:
    """One entry of `connect-<pid>.json`; the protocol says what it holds."""

    driver: str
    host: str | None = None
    port: int | None = None
    dbname: str | None = None
    user: str | None = None
    password: str | None = None
    path: str | None = None

    def connection(self) -> clones.Connection:
        return clones.Connection(
            driver=self.driver, path=self.path, host=self.host, port=self.port, dbname=self.dbname, user=self.user,
            password=self.password,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Connections:
    connections: tuple[_Seen, ...]


@dataclass(frozen=True, slots=True)
class Ground:
    """What all copies of one target's app have in common, looked up once."""

    target: Target
    python: PythonFacts
    start: Start
    plan: requests.Requests


@contextmanager
def ground(target: Target, *, say: Callable[[str], None] = lambda line: None) -> Iterator[Ground]:
    """The target's lock, held for the block; what a killed tool left is removed, and `say` hears of it.

    Raises SubsecondError, before anything is started where that can be told.
    """
    plan = requests.of_target(target)
    with run_folder.lock(target.home):
        left = [*run_folder.clean_leftovers(target.home), *clones.clean_leftovers(target.home)]
        for line in [*target.notes, *plan.notes, *left]:
            say(line)
        found = looked_up(target)
        say(f"Python {found.python.version_text} ({found.python.why}); {found.start.server}: {found.start.why}")
        yield found


def looked_up(target: Target) -> Ground:
    """The same for whoever holds the lock already: a copy that is judged in the project's name."""
    facts = probe(target)
    return Ground(target, facts, server.choose(target, facts), requests.of_target(target))


@contextmanager
def started(base: Ground, env: Mapping[str, str] | None = None) -> Iterator[AuditedApp]:
    """One copy of the app with the agent inside, logged in; `env` on top of the target's own."""
    with running(base.target, base.python, base.start, base.plan.timed[0], env) as app:
        session = AuditedApp(base.target, base.python, base.start, app, base.plan)
        try:
            session.log_in()
            session.require_agent()
            yield session
        finally:
            session.close()


@contextmanager
def audited_app(target: Target, *, say: Callable[[str], None] = lambda line: None) -> Iterator[AuditedApp]:
    """The target's app, started with the agent and logged in; ended, with all it left, on the way out.

    One at a time per target. `say` hears what was decided.
    """
    with ground(target, say=say) as base, started(base) as app:
        yield app
