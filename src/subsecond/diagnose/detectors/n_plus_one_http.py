"""Detector of n-plus-one-http."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from subsecond.diagnose.detector import chain, detector, place, seconds
from subsecond.diagnose.evidence import grouped
from subsecond.model.facts import Facts
from subsecond.model.finding import Suspicion
from subsecond.model.trace import Span, Trace
from subsecond_agent import protocol

MIN_CALLS = 3


@detector
class NPlusOneHttp:
    """Another service is called once per row.

    Why it is slow: each call takes milliseconds to seconds, one after the other, and the slowest of them decides.

    What to do: the service's call for many; a cache for what changes seldom; at least all of them at the same time,
    on one kept connection, with a time-out.

    When it is fine: never more than a handful, or in a job that nobody waits for.

    Rule: at least 3 calls of one server from one chain of own frames in one request. Call site: the place that calls.
    """

    phase: ClassVar[int | None] = None

    def find(self, traces: Sequence[Trace], facts: Facts) -> Iterator[Suspicion]:
        for trace in traces:
            calls = [span for span in trace.spans if span.name == protocol.SPAN_HTTP]
            for (server, _), spans in grouped(calls, lambda span: (_server(span), span.stack)).items():
                if len(spans) < MIN_CALLS:
                    continue
                yield Suspicion(
                    kind="n-plus-one-http",
                    phase=self.phase,
                    request=trace.request,
                    title=f"{len(spans)} calls of {server} from one place",
                    site=place(spans[0].site),
                    fingerprint=server,
                    seconds=seconds(spans),
                    evidence=(f"called by {chain(spans[0])}",),
                    untestable="another service's answers are not given again: it may count what it is asked",
                )


def _server(span: Span) -> str:
    port = span.attributes.get(protocol.SERVER_PORT)
    return f"{span.attributes.get(protocol.SERVER_ADDRESS, '?')}{f':{port}' if port else ''}"
