"""Run by the example's own interpreter, because it imports the application: prints the routes of a version as JSON.

A list of [rule, methods, endpoint]; HEAD and OPTIONS, which Flask adds, are left out.
"""

from __future__ import annotations

import importlib
import json
import sys


def main(version: str) -> None:
    """Prints the routes of `legacy` or `optimized`."""
    app = importlib.import_module(f"discovery.{version}.wsgi").app
    json.dump(
        [
            [rule.rule, sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}), rule.endpoint]
            for rule in app.url_map.iter_rules()
        ],
        sys.stdout,
    )


if __name__ == "__main__":
    main(sys.argv[1])
