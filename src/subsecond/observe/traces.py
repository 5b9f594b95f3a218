"""A spool line -> a trace: indices resolved, values redacted, files relative to the project."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from subsecond.harness.requests import without_secrets
from subsecond.model.frame import Frame
from subsecond.model.trace import Mode, Span, Trace, Value
from subsecond.observe.deep import deep_of, profile_of
from subsecond.observe.offset import offset_of
from subsecond.sql.fingerprint import fingerprint, redacted
from subsecond_agent import protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction:
    """How values leave the spool: as keyed hashes (equal values, equal hash, within one audit), or as they are."""

    key: bytes
    keep_values: bool = False

    def values(self, text: str) -> str:
        """The values of a statement."""
        return text if self.keep_values else hmac.new(self.key, text.encode(), hashlib.sha256).hexdigest()[:16]

    def statement(self, text: str) -> str:
        """A statement whose literals are values too."""
        return text if self.keep_values else redacted(text)

    def query(self, text: str) -> str:
        """A query string; values of keys that sound secret are hidden always."""
        return without_secrets("?" + text)[1:]


def trace_of(
    line: Mapping[str, Any], request: str, client_seconds: float | None, root: Path, redaction: Redaction
) -> Trace:
    """The trace of one spool line (`subsecond_agent.protocol` says its shape)."""
    frames = [Frame(file=_shown(file, root), line=number, function=name) for file, number, name in line["frames"]]
    stacks = [tuple(frames[index] for index in stack) for stack in line["stacks"]]
    return Trace(
        request=request,
        mode=cast(Mode, line["mode"]),
        id=line["id"],
        pid=line["pid"],
        start=line["start"],
        seconds=line["seconds"],
        client_seconds=client_seconds,
        cpu_seconds=line["cpu_seconds"],
        gc_seconds=line["gc_seconds"],
        method=line["method"],
        path=line["path"],
        query=redaction.query(line["query"]),
        route=line["route"],
        status=line["status"],
        error=line["error"],
        first=line["first"],
        counts=dict(line["counts"]),
        waits=dict(line["waits"]),
        spans=tuple(_span(raw, line["texts"], stacks, redaction) for raw in line["spans"]),
        deep=deep_of(line, stacks, lambda file: _shown(file, root), redaction.values),
        profile=profile_of(line, stacks),
    )


def _span(raw: Sequence[Any], texts: Sequence[str], stacks: Sequence[tuple[Frame, ...]], redaction: Redaction) -> Span:
    name, parent, start, duration, stack, attributes = raw
    kept: dict[str, Value] = dict(attributes)
    if protocol.DB_TEXT in kept:
        text = texts[cast(int, kept[protocol.DB_TEXT])]
        kept[protocol.DB_TEXT] = redaction.statement(text)
        kept[protocol.FINGERPRINT] = fingerprint(text)
        if (skipped := offset_of(text, attributes.get(protocol.PARAMETERS))) is not None:
            kept[protocol.OFFSET] = skipped
        if redacted(text) != text:  # values that stand in the text itself are values too
            kept[protocol.PARAMETERS] = f"{kept.get(protocol.PARAMETERS, '')}\0{text}"
    if protocol.PARAMETERS in kept:
        kept[protocol.PARAMETERS] = redaction.values(str(kept[protocol.PARAMETERS]))
    if not redaction.keep_values:
        # without arguments a template may be a finished text, with personal data in it
        kept.pop(protocol.LOG_TEMPLATE, None)
    return Span(
        name=name,
        parent=parent if parent >= 0 else None,
        start=start / 1e6,
        seconds=duration / 1e6,
        stack=stacks[stack] if stack >= 0 else (),
        attributes=kept,
    )


def _shown(file: str, root: Path) -> str:
    path = Path(file)
    return str(path.relative_to(root)) if path.is_relative_to(root) else file


def traces_of_jobs(lines: Sequence[Mapping[str, Any]], root: Path, redaction: Redaction) -> list[Trace]:
    """The traces of workers' jobs; they are named after the job, since no request of the target was sent for them."""
    return [trace_of(line, f"job {line['job']['name']}", None, root, redaction) for line in lines]
