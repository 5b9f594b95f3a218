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


def shown(width: int) -> str:
    out = io.StringIO()
    group = QueryGroup(
        fingerprint="select name from forums", count=3, rows=3, seconds=0.1, line=18, function="index",
        file="/srv/a-long-way/venv/lib/python3.12/site-packages/forum/templates/very/deep/in/the/package/posts.html",
    )  # fmt: skip
    once = Interval(median=1.0, low=1.0, high=1.0)
    result = RequestResult(name="GET /", method="GET", url="/", status=200, seconds=once, groups=(group,))
    finding = Finding(
        id="F1", key="k", kind="lazy-load", phase=2, request="GET /", requests=("GET /",), title="x", file=group.file,
        line=18, function="index",
    )  # fmt: skip
    show_audit(Audit(requests=(result,), findings=(finding,)), Console(file=out, width=width))
    return out.getvalue()


def test_an_installed_app_s_paths_leave_room_for_the_rest() -> None:
    narrow, wide = shown(80), shown(200)
    assert "site-packages" not in narrow + wide
    assert "queries  rows" in narrow and "package/posts.html:18" in narrow and "select name" in narrow
    assert wide.count("forum/templates/very/deep/in/the/package/posts.html:18") == 2
    assert narrow.count("GET /\n  ") == 1
