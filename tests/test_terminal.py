"""The report at a terminal: hostile texts from the app, its database and its requests stay texts."""

from __future__ import annotations

import io

from rich.console import Console

from subsecond.cli._progress import Progress
from subsecond.model.audit import Audit, Interval, QueryGroup, RequestResult
from subsecond.model.finding import Finding, Place
from subsecond.report.terminal import finding_text, show_audit

EVIL = "[bold]\x1b]0;title\x07\x9b2J\x1b[31m\u202e[/bold]"
FINDING = Finding(
    id="F1", key=EVIL, kind="lazy-load", phase=2, request=EVIL, requests=(EVIL,), title=EVIL, file=EVIL, line=1,
    function=EVIL, cause=Place(file=EVIL, line=1, function=EVIL), evidence=(EVIL,),
)  # fmt: skip
GROUP = QueryGroup(fingerprint=EVIL, count=1, rows=1, seconds=0.1, file=EVIL, line=1, function=EVIL, lazy_load=EVIL)
FINE = RequestResult(
    name=EVIL, method="GET", url=EVIL, status=200, seconds=Interval(median=1.0, low=1.0, high=1.0), groups=(GROUP,)
)
FAILED = RequestResult(name=EVIL, method="GET", url=EVIL, status=500, seconds=None, error=EVIL)


def test_no_text_steers_the_terminal() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, color_system=None, width=400)
    show_audit(Audit(requests=(FINE, FAILED), findings=(FINDING,), notes=(EVIL,)), console)
    console.print(finding_text(FINDING, whole=True))
    with Progress(out) as progress:
        progress.say(EVIL)
        progress.request(EVIL, 0, 1)
    shown = out.getvalue()
    assert shown.count("[bold]") == shown.count("[/bold]") >= 19
    assert not [c for c in shown if not c.isprintable() and c not in "\n\r"]
