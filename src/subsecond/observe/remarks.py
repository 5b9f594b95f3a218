"""What a reader must know of the runs: that they differ, left no trace, were sent elsewhere, or wrote data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from subsecond import durations
from subsecond.harness.requests import SAFE_METHODS
from subsecond.observe.stage import Observation
from subsecond.sql.fingerprint import WRITING, operation, tables
from subsecond_agent import protocol

LARGE_COMMITS = 0.1
"""Of a request's seconds."""
SHOWN_PLACES = 3


def remarks(seen: Sequence[Observation]) -> list[str]:
    """One sentence each, in the order of the requests."""
    return [sentence for one in seen for sentence in _of(one)]


def _of(seen: Observation) -> Iterator[str]:
    for sentence in (unsteady(seen), untraced(seen), redirected(seen), written(seen), committing(seen), unlooked(seen)):
        if sentence:
            yield sentence


def unsteady(seen: Observation) -> str | None:
    """A sentence where two runs of one request did not count the same."""
    counts = {tuple(sorted(trace.counts.items())) for trace in seen.traces}
    if len(counts) < 2:
        return None
    numbers = sorted({trace.counts.get(protocol.COUNT_QUERIES, 0) for trace in seen.traces})
    return f"{seen.spec.name}: runs differ ({', '.join(map(str, numbers))} statements): a cache, or data that changes"


def untraced(seen: Observation) -> str | None:
    """A sentence where runs were answered without leaving a trace."""
    if not seen.untraced:
        return None
    why = "something around the Flask app answered, or the agent is off in that process"
    return f"{seen.spec.name}: {_many_runs(seen.untraced)} left no trace and could not be counted: {why}"


def _many_runs(number: int) -> str:
    return "1 run" if number == 1 else f"{number} runs"


def unlooked(seen: Observation) -> str | None:
    """A sentence where it is not known which columns are read, which functions called, which lines hot."""
    if seen.unlooked:
        return f"{seen.spec.name}: not looked into deeply: {seen.unlooked}; kinds that need it are not looked for"
    partly = next((trace.deep.why for trace in seen.of("deep") if trace.deep and trace.deep.why), None)
    return f"{seen.spec.name}: its functions were not all looked into: {partly}" if partly else None


def committing(seen: Observation) -> str | None:
    """A sentence where commits take much of the request: they are no statements, so no row of the table shows them."""
    for trace in seen.of("recording")[:1]:
        ended = [span for span in trace.spans if span.attributes.get(protocol.OUTCOME) == "commit"]
        spent = sum(float(span.attributes.get(protocol.END_SECONDS) or 0.0) for span in ended)
        if not ended or spent < LARGE_COMMITS * trace.seconds:
            continue
        begun = Counter(f"{span.site.file}:{span.site.line}" for span in ended if span.site)
        places = ", ".join(f"{place} ({number} ×)" for place, number in begun.most_common(SHOWN_PLACES))
        many = f"{len(ended)} commits take" if len(ended) > 1 else "a commit takes"
        return (
            f"{seen.spec.name}: {many} {spent / trace.seconds:.0%} of the request ({durations.text(spent)}), begun at "
            f"{places}; what belongs together needs one"
        )
    return None


def redirected(seen: Observation) -> str | None:
    """A sentence where the answer was none but the way to another page: mostly to a login."""
    if seen.failure or not seen.status or not 300 <= seen.status < 400:
        return None
    place = f" to {urlsplit(seen.location).path}" if seen.location else ""
    return (
        f"{seen.spec.name}: the answer is only a redirection ({seen.status}{place}), which is not followed; where a "
        "login is missing, put it above as a # @setup request"
    )


def written(seen: Observation) -> str | None:
    """A sentence where a request that should only read wrote."""
    if seen.spec.method not in SAFE_METHODS:
        return None
    texts = {
        str(span.attributes.get(protocol.DB_TEXT, ""))
        for trace in seen.of("recording")
        for span in trace.spans
        if span.name == protocol.SPAN_QUERY
    }
    writes = {f"{operation(text).lower()} {' '.join(tables(text)[:1])}" for text in texts if operation(text) in WRITING}
    if not writes:
        return None
    return f"{seen.spec.name}: this {seen.spec.method} writes ({', '.join(sorted(writes))}), in each of its runs"
