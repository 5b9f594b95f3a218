"""Requests asked again for twice, four and eight times as much: GET only, within seconds, counts and rows alone."""

from __future__ import annotations

import itertools
import re
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from subsecond.harness.send import RequestFailed
from subsecond.harness.session import AuditedApp
from subsecond.model.growth import Grown
from subsecond.observe.remarks import written
from subsecond.observe.stage import Observation
from subsecond.observe.traces import Redaction, trace_of

FACTORS = (1, 2, 4, 8)
"""Four sizes over a factor of 8: from three, noise gave exponents between 1.7 and 3.4 (reference: observing, section
4); counts have none, but may level off at a limit of the app's, which two points would not show."""
MOST_SECONDS = 10.0
"""That the runs for one parameter may take, should the request grow as the parameter does."""


def grown(app: AuditedApp, observed: Sequence[Observation], root: Path, redaction: Redaction) -> tuple[Grown, ...]:
    """Recordings of requests with larger numbers for each parameter that the app asked for and the request sent."""
    marks = (f"g{number}" for number in itertools.count(1))
    return tuple(one for seen in observed for one in _of(app, seen, root, redaction, marks))


def _of(app: AuditedApp, seen: Observation, root: Path, redaction: Redaction, marks: Iterator[str]) -> Iterator[Grown]:
    if seen.failure is not None or not seen.answers or seen.spec.method != "GET" or written(seen) is not None:
        return
    if statistics.median(seen.answers) * sum(FACTORS) > MOST_SECONDS:
        return
    asked = {
        one.name
        for trace in seen.of("deep")
        for one in (trace.deep.asked if trace.deep is not None else ())
        if one.name is not None and one.present and one.source in ("args", "values")
    }
    url = seen.spec.url
    for name in sorted(asked):
        sent = re.search(rf"[?&]{re.escape(name)}=(\d{{1,6}})(?=&|$)", url)
        if sent is None or int(sent[1]) < 1:
            continue
        for factor in FACTORS:
            size = int(sent[1]) * factor
            mark = next(marks)
            answer = app.send(
                replace(seen.spec, url=f"{url[: sent.start(1)]}{size}{url[sent.end(1) :]}"), "recording", mark
            )
            if isinstance(answer, RequestFailed) or answer.status >= 400:
                break  # beyond what the app allows: the sizes before it stay, and are too few to be fitted
            line = app.trace_of(mark)
            if line is None:
                break
            trace = trace_of(line, seen.spec.name, answer.seconds, root, redaction)
            yield Grown(request=seen.spec.name, parameter=name, size=size, trace=trace)
