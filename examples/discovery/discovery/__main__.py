"""`python -m discovery`: enters the example's own virtual environment, then runs the command."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str]) -> int:
    """Run one command; returns the exit code."""
    if sys.version_info < (3, 11):  # noqa: UP036  (whatever Python the user calls)
        print(f"discovery: needs Python 3.11 or newer, this is {sys.version.split()[0]}", file=sys.stderr)
        return 2
    from discovery.ground import environment
    from discovery.ground.failure import Failure

    folder = Path(os.environ.get("DISCOVERY_VENV") or ROOT / ".venv")
    try:
        environment.enter(folder, ROOT / "requirements.lock", arguments, ROOT)
        try:
            from discovery.ground import commands
        except ModuleNotFoundError as error:
            if (error.name or "").startswith("discovery"):
                raise
            environment.mend(folder, arguments, ROOT, error.name or "a package")
        return commands.run(arguments)
    except Failure as failure:
        print(failure.text(), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("discovery: interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
