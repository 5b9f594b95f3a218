"""Findings with their code, trials and patches, and the manual pages of their kinds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from subsecond.model.attempt import Attempt
from subsecond.model.finding import Finding as Found
from subsecond.model.finding import Trial as Line
from subsecond.model.report_common import Spread
from subsecond.model.report_findings import Finding, Manual, Patch, Trial
from subsecond.model.trace import Trace
from subsecond.model.trial import TrialRecord, Trials
from subsecond.report.page.highlight import page_html, patch_html
from subsecond.report.page.marks import marked
from subsecond.report.page.sources import Draft
from subsecond.report.page.tables import Tables
from subsecond.report.page.units import ms, spread
from subsecond_agent import protocol

SHOWN_STATEMENTS = 8


class Findings:
    """Findings of the first audit as the page shows them."""

    def __init__(
        self,
        root: Path,
        *,
        runs: Mapping[str, Trace],
        words: Mapping[str, str],
        trials: Trials | None,
        tables: Tables,
    ) -> None:
        self._root = root
        self._runs = runs
        self._words = words
        self._tables = tables
        self._records: dict[str, list[TrialRecord]] = {}
        for record in trials.trials if trials else ():
            self._records.setdefault(record.finding, []).append(record)

    def one(self, found: Found, draft: Draft | None, attempts: Sequence[Attempt]) -> Finding:
        """A finding with the patch that was tried last, else the one that was drafted."""
        trials = tuple(self._trial(found, line) for line in found.trials)
        best = found.telling
        cause = found.cause
        places = [(found.file, found.line), *([(cause.file, cause.line)] if cause else [])]
        keys = [self._tables.excerpt(self._root, file, line) for file, line in places]
        return Finding(
            id=found.id,
            key=found.key,
            kind=found.kind,
            phase=found.phase,
            title=found.title,
            request=self._words.get(found.request, found.request),
            requests=tuple(self._words.get(name, name) for name in found.requests),
            place=self._tables.place(found.file, found.line, found.function),
            cause=self._tables.place(cause.file, cause.line, cause.function) if cause else None,
            queries=found.queries,
            ms=None if found.seconds is None else ms(found.seconds),
            share=None if found.share is None else round(found.share, 4),
            growth=None if found.growth is None else round(found.growth, 3),
            evidence=found.evidence,
            verdict=best.verdict if best else None,
            gain=_gain(best) if best and (best.stands_out or best.verdict == "refuted") else None,
            queries_saved=best.queries_saved if best and best.verdict == "confirmed" else None,
            trials=trials,
            untestable=found.untestable,
            code=tuple(key for key in dict.fromkeys(keys) if key is not None),
            statements=self._statements(found),
            patch=_patch(found, draft, attempts),
        )

    def _statements(self, found: Found) -> tuple[int, ...]:
        run = self._runs.get(found.request)
        spans = [run.spans[number] for number in marked(run, found)] if run else []
        numbers = [self._tables.statement(span) for span in spans if span.name == protocol.SPAN_QUERY]
        return tuple(dict.fromkeys(numbers))[:SHOWN_STATEMENTS]

    def _trial(self, found: Found, line: Line) -> Trial:
        record = next((one for one in self._records.get(found.id, ()) if one.trial == line), None)
        return Trial(
            request=self._words.get(line.request, line.request),
            virtual_fix=line.virtual_fix,
            verdict=line.verdict,
            why=line.why,
            fidelity=line.fidelity,
            gain=_gain(line),
            base_ms=ms(record.base_seconds) if record and record.base_seconds is not None else None,
            queries_saved=line.queries_saved,
            response_equal=line.response_equal,
            method=record.method if record and record.method != "none" else "",
            clock=record.clock if record and record.pairs else "",
            points=tuple((ms(base), ms(fix)) for base, fix in record.points) if record else (),
            promised=record.promised if record else {},
            saved=record.saved if record else {},
            differences=record.differences if record else (),
        )


def _gain(line: Line) -> Spread | None:
    if line.gain_seconds is None or line.low is None or line.high is None:
        return None
    return spread(line.gain_seconds, line.low, line.high)


def _patch(found: Found, draft: Draft | None, attempts: Sequence[Attempt]) -> Patch | None:
    tried = [one for one in attempts if one.key == found.key and one.patch]
    if tried:
        last = next((one for one in reversed(tried) if one.outcome == "kept"), tried[-1])
        return Patch(by=f"{last.proposer}, attempt {last.number}: {last.outcome}", patch_html=patch_html(last.patch))
    if draft is None:
        return None
    if draft.patch:
        return Patch(by=draft.by, patch_html=patch_html(draft.patch))
    return Patch(by=draft.by, why_none=draft.refusal)


def manual(pages: Mapping[str, str], kinds: set[str]) -> dict[str, Manual]:
    """The pages of the kinds that are named anywhere in the report."""
    return {
        kind: Manual(title=kind, page_html=page_html(text)) for kind, text in sorted(pages.items()) if kind in kinds
    }
