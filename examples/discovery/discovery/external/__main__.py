"""`python -m discovery.external auth|cache|crm|otlp --port N`: one of the systems outside the platform, by hand.

They find their files in $DISCOVERY_VAR, and the platform by what `python -m discovery up` wrote there.
"""

from __future__ import annotations

import argparse
import os

from discovery.ground import gunicorn
from discovery.settings import DEFAULT_PORTS


def main() -> None:
    """Becomes the web server of the system."""
    parser = argparse.ArgumentParser(prog="python -m discovery.external", description=__doc__)
    parser.add_argument("name", choices=gunicorn.EXTERNAL)
    parser.add_argument("--port", type=int, metavar="N", help="default: the one that `up` gives it")
    given = parser.parse_args()
    command = gunicorn.external(given.name, given.port or DEFAULT_PORTS[given.name])
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
