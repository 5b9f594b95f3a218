"""What an app may send and leave behind: statements and spool lines, damaged in any way, never end the tool."""

from __future__ import annotations

import copy
import json
import random
import re
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from subsecond.harness.spool import Spool
from subsecond.observe.traces import Redaction, trace_of
from subsecond.sql.fingerprint import abridged, fingerprint, operation, redacted, tables
from tests.long.figures import Run
from tests.long.mutation import bytes_changed, chances, changed, damaged, fuzz

pytestmark = pytest.mark.long
HERE = Path(__file__).parent
STATEMENTS: list[str] = json.loads((HERE / "statements.json").read_text())
"""Sent by both versions of the example and by the agent's test app, and a few of every sort of token."""
STATEMENT_PIECES = [
    "'", "''", '"', "`", "\\", "$$", "$a$", "$1", "%s", "%(a)s", "%%", "?", "?1", ":a", "::", "::int", "--", "/*",
    "*/", "(", ")", ", ", " IN (", "NULL", "IS NULL", "-1", "1.5e", "0x1", ".", "E'", ";", " select ", " from ",
    " where ", "in (select ? where ", " != ", "(?, ?)", "\n", "a.b.c", "- -",
]  # fmt: skip
JOINED = re.compile(r"--|/\*|\w:|::")
"""No statement of a driver's: a comment or a number in the middle of something, which is another thing without it."""
SLOWEST_SECONDS = 5.0
"""Of CPU, for the longest statement, of 12,000 characters; most take well under a millisecond."""
LINES = (HERE / "spool.jsonl").read_text().splitlines()
"""Lines of real requests: a hello, nine traces, a late line, a note."""
VALUES: list[Any] = [
    None, True, -1, 0, 10**6, 10**30, 1.5, "", "x", "\ud800", [], [[]], [0], [[-1]], {}, {"a": []}, {"queries": "x"},
    [["query", 5, 0, 0, 99, {}]], [["query", -1, 0, 0, 0, {"db.query.text": 99}]], [["/a.py", "x", None]],
]  # fmt: skip


def test_fuzz_of_statements(run: Run) -> None:
    """Damaged real statements: a fingerprint is always made, and is the same after the values were taken out."""
    seen, slowest = 0, 0.0

    @fuzz(text=damaged(STATEMENTS, STATEMENT_PIECES))
    def check(text: str) -> None:
        nonlocal seen, slowest
        seen += 1
        begin = time.process_time()
        made, without = fingerprint.__wrapped__(text), redacted(text)
        slowest = max(slowest, time.process_time() - begin)
        assert slowest < SLOWEST_SECONDS, len(text)
        operation(text), tables(text), abridged(made)
        assert redacted(without) == without
        if not JOINED.search(text):
            assert fingerprint.__wrapped__(without) == made

    check()
    run.figures |= {"statements": seen, "slowest": f"{slowest * 1000:.0f} ms"}


def broken(chance: random.Random) -> bytes:
    """A line with values of other kinds somewhere in it, or with keys left out."""
    whole = {"": json.loads(chance.choice(LINES))}
    for _ in range(chance.randint(1, 3)):
        holder, key = place_in(chance, whole)
        if chance.random() < 0.85:
            holder[key] = copy.deepcopy(chance.choice(VALUES))
        elif key != "":
            del holder[key]
    return json.dumps(whole[""]).encode()


def place_in(chance: random.Random, whole: dict[str, Any]) -> tuple[Any, Any]:
    """A list or an object somewhere in a line, and an index or a key of it."""
    holder: Any = whole
    key: Any = ""
    for _ in range(chance.randrange(6)):
        inner = holder[key]
        if not isinstance(inner, dict | list) or not inner:
            break
        holder, key = inner, chance.choice(list(inner) if isinstance(inner, dict) else range(len(inner)))
    return holder, key


LINE_PIECES = ["{", "}", "[", "]", ",", '"', ":", "null", "-1", "1e999", "99999", "\\ud800", "\\n"]
ENCODED = [line.encode() for line in LINES]
MARKS = [line["mark"] for line in map(json.loads, LINES) if "mark" in line]


def one_line(chance: random.Random) -> bytes:
    """A line as it was, or damaged in one of three ways."""
    match chance.randrange(4):
        case 0:
            return chance.choice(ENCODED)
        case 1:
            return bytes_changed(chance, chance.choice(ENCODED))
        case 2:
            return changed(chance, chance.choice(LINES), LINE_PIECES).encode(errors="replace")
        case _:
            return broken(chance)


def marks_in(content: bytes) -> list[str]:
    """Marks that the tool might ask for."""
    return [mark for mark in MARKS if mark.encode() in content]


def test_fuzz_of_spool_lines(quick_path: Path, run: Run) -> None:
    """Real spool lines, damaged, of other kinds, torn and cut in two by a poll: left out and told."""
    seen = kept = left_out = 0

    @fuzz(chance=chances())
    def check(chance: random.Random) -> None:
        nonlocal seen, kept, left_out
        seen += 1
        folder = quick_path / "spool"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        content = b"\n".join(one_line(chance) for _ in range(chance.randint(1, 5))) + chance.choice((b"\n", b""))
        torn = chance.randint(0, len(content))
        spool = Spool(folder)
        with (folder / "1-1.jsonl").open("ab", buffering=0) as file:
            for part in (content[:torn], content[torn:]):
                file.write(part)
                spool.poll()
        spool.torn()
        for mark in marks_in(content):
            line = spool.trace_of(mark, 0)
            if line is not None:
                kept += 1
                trace_of(line, "r", 1.0, Path("/srv"), Redaction(key=b"k"))
        left_out += len(spool.notes)
        assert all("\n" not in note for note in spool.notes)

    check()
    run.figures |= {"spools": seen, "traces read": kept, "notes about lines left out": left_out}
