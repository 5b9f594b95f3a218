"""Base and candidate on arms whose data may be changed: asked, timed, started afresh."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from subsecond.contract.compare import Reply
from subsecond.errors import EXIT_FAILED, SubsecondError
from subsecond.harness.arms import Arm
from subsecond.harness.send import Answer, RequestFailed
from subsecond.measure.clock import clock_of
from subsecond.measure.pairs import Sample
from subsecond.model.target import RequestSpec
from subsecond.prove.sides import READS, SIDES, Side
from subsecond_agent import protocol

_COLLECT = "collect"
_FIXES = ({"fix": "collect-garbage"},)
"""Without it a light request pays for a heavy neighbour's garbage (reference: measuring, 3.1)."""


@dataclass
class TimedSides:
    """Two arms. Every request is sent with the garbage collector run before its clock starts."""

    arms: Mapping[Side, Arm]
    _marks: Iterator[int] = field(default_factory=itertools.count)
    _steered: dict[Side, str] = field(default_factory=dict)

    def start_afresh(self, seed: int) -> None:
        """New processes on the same data, both with the hash seed `seed`; who comes first alternates with it."""
        for side in SIDES if seed % 2 else SIDES[::-1]:
            self.arms[side].restart({"PYTHONHASHSEED": str(seed)})

    def ask(self, side: Side, spec: RequestSpec) -> Reply:
        """The answer. Raises SubsecondError where none comes."""
        return _reply(self._send(side, spec, protocol.MODE_TIMED)[0])

    def sample(self, side: Side, spec: RequestSpec) -> tuple[Reply, Sample]:
        """The answer and its seconds. Raises SubsecondError where no answer or no trace of it comes."""
        answer, mark = self._send(side, spec, protocol.MODE_TIMED)
        line = self.arms[side].app.trace_of(mark)
        if line is None:
            text = f"{side}, {spec.name}: the agent left no trace of an answer"
            raise SubsecondError("request-failed", text, exit_code=EXIT_FAILED)
        return _reply(answer), Sample(clock_of(line), float(line["seconds"]))

    def pool_limit(self, side: Side, spec: RequestSpec) -> int | None:
        """How many connections the pool may hand out, as a recorded run of the request shows it."""
        _, mark = self._send(side, spec, protocol.MODE_RECORDING)
        line = self.arms[side].app.trace_of(mark) or {"spans": []}
        limits = [span[5].get(protocol.DB_POOL_SIZE) for span in line["spans"] if span[0] == protocol.SPAN_CHECKOUT]
        return min((int(one) for one in limits if one), default=None)

    def _send(self, side: Side, spec: RequestSpec, mode: str) -> tuple[Answer, str]:
        app, mark = self.arms[side].app, f"s{next(self._marks)}"
        if self._steered.get(side) != app.app.token:  # another process has another spool
            app.put_trial(_COLLECT, _FIXES)
            self._steered[side] = app.app.token
        steered = spec.method in READS and mode == protocol.MODE_TIMED  # the agent takes trials with reads only
        answer = app.send(spec, mode, mark, _COLLECT if steered else "")
        if isinstance(answer, RequestFailed):
            raise SubsecondError("request-failed", f"{side}, {spec.name}: {answer.why}", exit_code=EXIT_FAILED)
        return answer, mark


def _reply(answer: Answer) -> Reply:
    return Reply(status=answer.status, headers=answer.headers, body=answer.body)
