"""The command line: one file per verb, imported only when that verb is called."""

from __future__ import annotations

import errno
import importlib
import pkgutil
import signal
import sys
from types import FrameType

import click

from subsecond.errors import EXIT_USAGE, SubsecondError, did_you_mean


class _Verbs(click.Group):
    """Finds a verb by its file's name, so that `--help` and the others do not pay for it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command = importlib.import_module(f"{__name__}.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        known = self.list_commands(ctx)
        if args and args[0] not in known:
            raise SubsecondError(
                "unknown-verb", f'no verb "{args[0]}"{did_you_mean(args[0], known)} known: {", ".join(known)}'
            )
        return super().resolve_command(ctx, args)


@click.command(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="subsecond")
def group() -> None:
    """Makes slow web APIs fast, with proof.

    \b
    Example:
      subsecond doctor            what it sees in the project, what will be recorded
      subsecond audit             run the requests, record everything, name what is slow
      subsecond show F1           one finding with its evidence
    """


def main() -> None:
    """Entry point: one clear line and an exit code for whatever goes wrong."""
    signal.signal(signal.SIGTERM, _terminated)
    try:
        sys.exit(group(standalone_mode=False) or 0)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.ClickException as error:
        click.echo(f"subsecond: usage: {error.format_message()} (see --help)", err=True)
        sys.exit(EXIT_USAGE)
    except SubsecondError as error:
        click.echo(f"subsecond: {error}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # the reader (head, less) has gone: not our failure, and nobody is left to tell
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        place = f"{error.filename}: " if error.filename else ""
        full = SubsecondError("no-space", f"{place}{error.strerror}; make room and run it again")
        click.echo(f"subsecond: {full}", err=True)
        sys.exit(full.exit_code)
    except (KeyboardInterrupt, click.exceptions.Abort):
        click.echo("subsecond: interrupted: stopped what was started; nothing is half written", err=True)
        sys.exit(128 + signal.SIGINT)


def _terminated(number: int, frame: FrameType | None) -> None:
    # as an exception it runs every `finally`, so that the app under audit is stopped too
    raise KeyboardInterrupt
