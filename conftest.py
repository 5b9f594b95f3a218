"""Tests that share a server or a database run in one process.

They say so by `xdist_group`, but pytest 9 does not let pytest-xdist 3.8 see their marks (a test's id cannot be changed
any more), so the group is read from the file itself.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

_GROUP = re.compile(r"xdist_group\(\"?([\w-]+)")


def pytest_xdist_make_scheduler(config: Any, log: Any) -> Any:
    """Files of one group go to one process, one after the other; any other file is a group of its own."""
    from xdist.scheduler.loadfile import LoadFileScheduling

    known: dict[str, str] = {}

    class ByGroup(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            if file not in known:
                found = _GROUP.search(Path(config.rootpath, file).read_text(encoding="utf-8"))
                known[file] = found[1] if found else file
            return known[file]

    return ByGroup(config, log)
