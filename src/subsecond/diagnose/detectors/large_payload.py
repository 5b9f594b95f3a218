"""Detector of large-payload."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from subsecond.diagnose.detector import detector, place, spot
from subsecond.diagnose.evidence import answering, grouped, queries
from subsecond.model.facts import Facts
from subsecond.model.finding import Suspicion
from subsecond.model.trace import Span, Trace
from subsecond_agent import protocol

MIN_BYTES = 500_000
"""2.5 s on the slow mobile line that Lighthouse measures by (1.6 Mbit/s), half a second on one of 8 Mbit/s."""


@detector
class LargePayload:
    """The response is so large that its way to the client takes longer than its making.

    Why it is slow: each byte is fetched, made an object of, serialised, perhaps compressed, sent, and parsed by the
    client. On this machine the way costs nothing; on a telephone half a megabyte takes seconds.

    What to do: pages, with a largest size; leave out fields that nobody shows in a list (long texts, nested objects:
    the detail's business); let clients name the fields they want; compress in the server in front (gzip makes a fifth
    of JSON); send `ETag` so that what has not changed is not sent again; stream an export as lines.

    When it is fine: it is a download; it goes to a service in the same rack; it is asked for once and kept.

    Rule: the body of a response below 300 was 500,000 bytes or more, as this tool received it (it asks for no
    compression). Call site: the place that answers the request; as evidence, the statements that brought most rows.
    It has no seconds: the line to the client is not part of what is measured here.
    """

    phase: ClassVar[int | None] = None

    def find(self, traces: Sequence[Trace], facts: Facts) -> Iterator[Suspicion]:
        told: set[str] = set()
        for trace in traces:
            size, good = trace.body_bytes or 0, trace.status is not None and trace.status < 300
            if trace.request in told or not good or size < MIN_BYTES:
                continue
            told.add(trace.request)
            yield Suspicion(
                kind="large-payload",
                phase=self.phase,
                request=trace.request,
                title=f"the response has {size / 1e6:,.1f} MB",
                site=place(answering(trace, facts.root)),
                fingerprint=trace.route or trace.path,
                seconds=0.0,
                evidence=tuple(_sources(trace)),
                untestable="what its clients need of it is not known here, nor the line that it goes over",
            )


def _sources(trace: Trace) -> Iterator[str]:
    """The places whose statements brought most rows."""
    by_place = grouped(queries(trace), lambda span: span.site)
    for site, spans in sorted(by_place.items(), key=lambda item: -_rows(item[1]))[:3]:
        if _rows(spans):
            yield f"{_rows(spans):,} rows fetched at {spot(site)}"


def _rows(spans: Sequence[Span]) -> int:
    return sum(rows for span in spans if isinstance(rows := span.attributes.get(protocol.DB_ROWS), int))
