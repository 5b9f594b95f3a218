"""Tests that share a server or a database run in one process.

They say so by `xdist_group`, but pytest 9 does not let pytest-xdist 3.8 see their marks (a test's id cannot be changed
any more), so the group is read from the file itself.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

_LONGEST_FIRST = (
    "examples/", "tests/end_to_end/", "tests/agent/", "tests/prove/", "tests/confirm/", "tests/test_detection_open.py",
    "tests/harness/", "tests/report/test_page.py", "tests/test_worker_jobs.py", "tests/test_observe", "tests/report/",
)  # fmt: skip
"""What starts servers and databases goes first; hundreds of quick tests fill the gaps at the end."""
_GROUP = re.compile(r"xdist_group\(\"?([\w-]+)")


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """The order in which groups are handed out (`--no-loadscope-reorder`)."""

    def rank(item: Any) -> int:
        found = (number for number, start in enumerate(_LONGEST_FIRST) if item.nodeid.startswith(start))
        return next(found, len(_LONGEST_FIRST))

    items.sort(key=rank)


@pytest.hookimpl(optionalhook=True)
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
