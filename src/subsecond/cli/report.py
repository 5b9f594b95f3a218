"""`subsecond report`: everything that is known, as one page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from subsecond.model.report import Report
    from subsecond.model.report_views import View

_FILE = click.Path(dir_okay=False, allow_dash=True)


@click.command("report")
@click.option("--output", type=click.Path(dir_okay=False), help="The page (default: .subsecond/report.html).")
@click.option("--compare", type=click.Path(exists=True, file_okay=False), metavar="DIR",
              help="Another audited project to hold against this one, which is then the legacy side.")  # fmt: skip
@click.option("--svg", type=click.Path(file_okay=False), metavar="DIR", help="Also write each diagram as SVG.")
@click.option("--mermaid", type=click.Path(file_okay=False), metavar="DIR", help="Also write each as Mermaid C4.")
@click.option("--sarif", type=_FILE, metavar="FILE", help="Also write the findings as SARIF 2.1.0; -: print them.")
@click.option("--markdown", type=_FILE, metavar="FILE", help="Also write a summary for a pull request; -: print it.")
@click.option("--json", "as_json", is_flag=True, help="The report's data on standard output; no page is written.")
@click.option("--open", "opens", is_flag=True, help="Open the page in the browser.")
@click.option("--serve", is_flag=True, help="Serve the page on this machine and follow what `optimize` does.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port of --serve (default: any free one).")
@click.option("--no-patches", is_flag=True, help="Do not draft patches, which takes seconds for each finding.")
@click.option("--cwd", type=click.Path(exists=True, file_okay=False), default=".", help="Folder of the project.")
def command(
    *, output: str | None, compare: str | None, svg: str | None, mermaid: str | None, sarif: str | None,
    markdown: str | None, as_json: bool, opens: bool, serve: bool, port: int, no_patches: bool, cwd: str,
) -> None:  # fmt: skip
    """Write one self-contained page: overview, architecture, waterfall, findings, plan, proof and ledger.

    It opens from disk, offline, and asks no network for anything. With --compare it draws both versions beside each
    other, and what the second one no longer does as ghosts.

    \b
    Example:
      subsecond report --open
      subsecond report --compare ../optimized --svg docs/diagrams
      subsecond report --markdown - --sarif findings.sarif
    """
    from importlib.metadata import version

    from subsecond import store
    from subsecond.cli._sources import drafts, sources
    from subsecond.report.page.data import report
    from subsecond.report.page.html import page
    from subsecond.report.page.markdown import markdown as summary
    from subsecond.report.page.sarif import sarif as scanned

    root, other = Path(cwd).resolve(), Path(compare).resolve() if compare else None
    _one_on_standard_output(sarif, markdown, as_json)
    if serve and (as_json or output):
        raise click.UsageError("--serve writes no file; leave --json and --output out")
    proposed = {} if no_patches else drafts(root, store.read_audit(root), lambda line: click.echo(line, err=True))

    def made() -> Report:
        return report(sources(root, other, proposed, live=serve))

    if serve:
        _follow(root, made, port, opens)
        return
    found = made()
    if sarif:
        _put(sarif, store.to_json(scanned(found, version("subsecond"))))
    if markdown:
        _put(markdown, summary(found).rstrip("\n"))
    for folder, form in ((svg, "svg"), (mermaid, "mmd")):
        if folder:
            _draw(Path(folder), form, found.views)
    if as_json:
        click.echo(store.to_json(found, indent=0))
        return
    path = Path(output).absolute() if output else store.folder(root) / "report.html"
    if not path.parent.is_dir():
        raise click.UsageError(f"--output {output}: there is no folder {path.parent}")
    store.write_bytes(path, page(found))
    click.echo(str(path), err="-" in (sarif, markdown))
    if opens:
        _open(path.as_uri())


def _open(address: str) -> None:
    """Like `python -m webbrowser`: $BROWSER is asked first. click's own way knows files by xdg-open only."""
    import webbrowser

    if not webbrowser.open(address):
        click.echo("report: no browser could be started; BROWSER=/path names one", err=True)


def _one_on_standard_output(sarif: str | None, markdown: str | None, as_json: bool) -> None:
    if sum((sarif == "-", markdown == "-", as_json)) > 1:
        raise click.UsageError("only one of --json, --sarif - and --markdown - can go to standard output")


def _put(file: str, text: str) -> None:
    from subsecond import store

    if file == "-":
        click.echo(text)
    else:
        store.write(Path(file).absolute(), [text])


def _draw(folder: Path, form: str, views: tuple[View, ...]) -> None:
    """Each diagram as a file of its own, named by its id."""
    from subsecond import store
    from subsecond.report.page.mermaid import mermaid
    from subsecond.report.page.svg import svg

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise store.not_writable(folder, problem) from None
    for view in views:
        text = svg(view) if form == "svg" else mermaid(view)
        store.write(folder / f"{view.id}.{form}", [text.rstrip("\n")])
    click.echo(f"{len(views)} diagrams in {folder}", err=True)


def _follow(root: Path, made: Callable[[], Report], port: int, opens: bool) -> None:
    from subsecond import store
    from subsecond.report.page.serve import HOST, Followed, server

    with server(Followed(root / store.FOLDER, made), port) as serving:
        address = f"http://{HOST}:{serving.server_port}/"
        click.echo(f"{address}  (Ctrl-C ends it)")
        if opens:
            _open(address)
        serving.serve_forever()
