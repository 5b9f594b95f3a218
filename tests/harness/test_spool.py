"""Reading the spool while it is written: torn lines, late lines, lines of nobody."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

from subsecond.harness.spool import Spool
from subsecond_agent import protocol


def trace(mark: str | None, name: str = "1", **more: object) -> dict[str, Any]:
    return {
        "type": "trace",
        "version": protocol.VERSION,
        "id": name,
        "mark": mark,
        "mode": "recording",
        "pid": 1,
        "first": False,
        "start": 1,
        "seconds": 0.1,
        "cpu_seconds": 0.1,
        "gc_seconds": 0,
        "method": "GET",
        "path": "/",
        "query": "",
        "route": None,
        "status": 200,
        "error": None,
        "dropped": 0,
        "counts": {"queries": 1},
        "waits": {"database": 0.5},
        "texts": ["SELECT 1"],
        "frames": [["/a.py", 3, "f"]],
        "stacks": [[0]],
        "spans": [["query", -1, 10, 20, 0, {protocol.DB_TEXT: 0}]],
        **more,
    }


def append(path: Path, *lines: object, end: str = "\n") -> None:
    with path.open("a") as out:
        out.write("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines) + end)


def test_hello_notes_and_traces(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    assert spool.trace_of("a", 0) is None
    append(
        tmp_path / "1-1.jsonl",
        {"type": "hello", "version": 1, "pid": 1, "server": "gunicorn"},
        trace("a"),
        trace(None, "2"),
    )
    append(
        tmp_path / "2-1.jsonl",
        {"type": "note", "version": 1, "pid": 2, "hook": "flask", "message": "off"},
        trace("b", "3"),
    )
    assert spool.trace_of("b", 0) == trace("b", "3")
    assert spool.trace_of("a", 0) == trace("a")
    assert spool.trace_of("a", 0) is None
    assert [hello["server"] for hello in spool.hellos] == ["gunicorn"]
    assert spool.notes == ["agent, hook flask: off (process 2)"]
    assert spool.unmarked == 1


def test_a_line_is_taken_when_it_is_whole(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    text = json.dumps(trace("a"))
    path = tmp_path / f"{os.getpid()}-1.jsonl"
    append(path, text[:50], end="")
    assert spool.trace_of("a", 0) is None
    assert spool.torn() == []  # its process lives and may yet end the line
    append(path, text[50:])
    assert spool.trace_of("a", 0) == trace("a")


def test_a_line_that_will_never_be_whole_is_told(tmp_path: Path) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    spool = Spool(tmp_path)
    append(tmp_path / f"{dead.pid}-1.jsonl", trace("a"), '{"type": "tra', end="")
    assert spool.trace_of("a", 0) == trace("a")
    assert spool.torn() == [f"{dead.pid}-1.jsonl: the last line is torn (13 bytes); its process died while it wrote"]


def test_what_is_no_line_of_ours_is_told(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    append(
        tmp_path / "1-1.jsonl",
        "garbage",
        "[1]",
        {"type": "trace", "version": 99},
        {"type": "trace", "version": 1},
        trace("a"),
    )
    assert spool.trace_of("a", 0) == trace("a")
    assert [note.split(":")[-1].strip() for note in spool.notes] == [
        "a line of 7 bytes is no JSON; left out",
        "a line of 3 bytes is no JSON; left out",
        "a line of version 99; wanted 1",
        "a trace without an id; left out",
    ]


def test_a_trace_that_is_not_whole_is_told(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    lacking = {key: value for key, value in trace("a").items() if key != "waits"}
    append(
        tmp_path / "1-1.jsonl",
        lacking,
        trace("b", stacks=[[1]]),
        trace("c", spans=[["query", 0, 1, 1, 0, {}]]),
        trace("d", spans=[["query", -1, 1, 1, 0, {protocol.DB_TEXT: 1}]]),
        trace(["e"]),  # type: ignore[arg-type]
    )
    spool.poll()
    assert [spool.trace_of(mark, 0) for mark in "abcd"] == [None] * 4
    assert [note.partition("(")[2] for note in spool.notes] == [
        "Object missing required field `waits`); left out",
        "a stack names a frame that is not there); left out",
        "span 0 names a parent or a stack that is not there); left out",
        "span 0 names a text that is not there); left out",
        "Expected `str | null`, got `array` - at `$.mark`); left out",
    ]


def test_a_trace_is_waited_for(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    writer = threading.Timer(0.2, append, [tmp_path / "1-1.jsonl", trace("a")])
    writer.start()
    begin = time.monotonic()
    assert spool.trace_of("a", 5) == trace("a")
    assert 0.1 < time.monotonic() - begin < 2
    writer.join()


def test_late_spans_join_their_trace(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    append(tmp_path / "1-1.jsonl", trace("a"))
    found = spool.trace_of("a", 0)
    assert found is not None
    late = trace("a", late=True, texts=["SELECT 2"], frames=[["/b.py", 4, "g"]])
    late["spans"].append(["query", 0, 30, 5, -1, {protocol.DB_TEXT: 0}])
    append(tmp_path / "1-1.jsonl", late, trace("a", "unknown", late=True))
    spool.poll()
    assert found["texts"] == ["SELECT 1", "SELECT 2"]
    assert found["stacks"] == [[0], [1]]
    assert found["spans"] == [
        ["query", -1, 10, 20, 0, {protocol.DB_TEXT: 0}],
        ["query", -1, 10, 20, 1, {protocol.DB_TEXT: 1}],
        ["query", 1, 30, 5, -1, {protocol.DB_TEXT: 1}],
    ]
    assert found["counts"] == {"queries": 2}
    assert found["waits"] == {"database": 1.0}
    assert spool.notes == ["late spans of an unknown trace unknown; left out"]
    assert spool.trace_of("a", 0) is None


def test_a_vanished_folder_is_no_error(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "gone")
    assert spool.trace_of("a", 0) is None
    assert spool.torn() == []
