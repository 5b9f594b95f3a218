"""`subsecond explain KIND`: the manual page of a kind of bottleneck."""

from __future__ import annotations

import click


@click.command("explain")
@click.argument("kind", required=False)
@click.option("--json", "as_json", is_flag=True, help="JSON on standard output.")
def command(kind: str | None, as_json: bool) -> None:
    """Print the manual page of a kind: why it is slow, what to do, when it is fine, the rule that finds it.

    \b
    Examples:
      subsecond explain                 all kinds
      subsecond explain lazy-load
    """
    from subsecond import store
    from subsecond.diagnose.stage import kinds
    from subsecond.errors import SubsecondError, did_you_mean

    pages = kinds()
    if kind is not None and kind not in pages:
        raise SubsecondError("unknown-kind", f'no kind "{kind}"{did_you_mean(kind, pages)} known: {", ".join(pages)}')
    chosen = pages if kind is None else {kind: pages[kind]}
    if as_json:
        click.echo(store.to_json(chosen))
    elif kind is None:
        click.echo("\n".join(f"{name:20} {page.splitlines()[4]}" for name, page in pages.items()))
    else:
        click.echo(pages[kind])
