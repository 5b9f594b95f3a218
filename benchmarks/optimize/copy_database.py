"""Makes another copy of the platform's data and prints nothing: `copy-discovery-database NAME [CANDIDATES]`.

Installed into the exported application's environment, where the candidates that it serves cannot change it.
"""

import json
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql


def main(name: str, candidates: str | None = None) -> None:
    """Copy the sealed template of the scale that the platform runs with; nobody is connected to it.

    `candidates`: the setting `discovery.max_candidates` of the copy, where lists are to be short.
    """
    state = json.loads((Path(os.environ["DISCOVERY_VAR"]) / "run" / "state.json").read_text())
    template = f"discovery_template_{state['scale']}"
    with psycopg.connect(state["postgres"]["url"], autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
    if candidates is not None:
        url = urlsplit(state["postgres"]["url"])._replace(path=f"/{name}").geturl()
        with psycopg.connect(url) as connection:
            connection.execute("UPDATE config SET value = %s WHERE key = 'max_candidates'", [candidates])


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (OSError, psycopg.Error) as problem:
        sys.exit(f"copy-discovery-database: {str(problem).splitlines()[0]}")
