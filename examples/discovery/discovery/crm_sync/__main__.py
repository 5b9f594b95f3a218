"""`python -m discovery.crm_sync`: the worker process, which finds the databases and the CRM as applications do."""

from __future__ import annotations

import asyncio
import logging
import sys

from discovery import settings
from discovery.crm_sync import worker


def main() -> int:
    """Works until it is told to stop; returns the exit code."""
    logging.basicConfig(format="%(asctime)s %(process)d %(levelname)s %(name)s %(message)s", level=logging.INFO)
    # Its own lines show every argument of every job.
    logging.getLogger("procrastinate").setLevel(logging.ERROR)
    try:
        urls = {settings.database_url("legacy"), settings.database_url("optimized")}
    except settings.NotRunningError as error:
        print(f"discovery: {error}", file=sys.stderr)
        return 1
    asyncio.run(worker.run([url.replace("postgresql+psycopg:", "postgresql:", 1) for url in sorted(urls)]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
