"""Run in the application's folder: which functions each request calls. A list of requests on standard input.

Out: `{file: {first line of a function: [names of requests]}}`, files as they stand below the folder, templates too.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections import defaultdict
from pathlib import Path
from types import CodeType, FrameType

HERE = str(Path.cwd()) + "/"


def main() -> None:
    """Send each request once in this process and print what was called."""
    app = importlib.import_module(sys.argv[1]).app
    found: dict[str, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for one in json.load(sys.stdin):
        for code in _called(app, one):
            found[code.co_filename.removeprefix(HERE)][code.co_firstlineno].append(one["name"])
    print(json.dumps(found))


def _called(app, one) -> set[CodeType]:  # type: ignore[no-untyped-def]
    codes = set[CodeType]()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(HERE):
            codes.add(frame.f_code)

    with app.test_client() as client:
        sys.setprofile(note)
        try:
            client.open(one["url"], method=one["method"], headers=one["headers"], data=one["body"])
        finally:
            sys.setprofile(None)
    return codes


if __name__ == "__main__":
    main()
