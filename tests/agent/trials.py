"""Write trials as the tool does, and run them."""

from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any

from tests.agent.served import TOKEN, Served


def write(spool: Path, name: str, content: Any, mode: int = 0o600) -> Path:
    """`<spool>/trials/<name>.json`, written whole; content is a text, or an object to be written as JSON."""
    folder = spool / "trials"
    folder.mkdir(mode=0o700, exist_ok=True)
    file = folder / f"{name}.json"
    part = folder / f"{name}.part"
    part.write_text(content if isinstance(content, str) else json.dumps(content))
    part.chmod(mode)
    os.replace(part, file)
    return file


def run(served: Served, path: str, *fixes: dict[str, Any], mode: str = "recording", name: str = "") -> dict[str, Any]:
    """Ask for `path` with these fixes switched on; the trace, with status and body. name: a trial written before."""
    name = name or f"t{time.monotonic_ns()}"
    if fixes:
        write(served.spool, name, {"version": 1, "fixes": list(fixes)})
    mark = f"m{time.monotonic_ns()}"
    status, body = served.get(path, {"X-Subsecond": f"{TOKEN}:{mode}:{mark}:{name}"})
    trace: dict[str, Any] = served.wait(lambda line: line.get("mark") == mark and not line.get("late"))
    return {**trace, "body": body, "answered": status}


def compared(
    served: Served, path: str, *fixes: dict[str, Any], mode: str = "timed"
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Traces of a request: untouched, with the fixes, and really mended (`?fixed=1`). All bodies are equal."""
    base = served.traced(path, mode)
    trial = run(served, path, *fixes, mode=mode)
    mended = served.traced(path + ("&" if "?" in path else "?") + "fixed=1", mode)
    assert trial["answered"] == 200, (trial, served.log.read_text()[-3000:])
    assert trial["trial"]["state"] == "ok", trial["trial"]
    assert base["body"] == trial["body"] == mended["body"], (path, base["body"], trial["body"], trial["trial"])
    return base, trial, mended


def acted(trace: dict[str, Any]) -> list[int]:
    """How often each fix acted; none may have been refused."""
    assert trace["trial"]["state"] == "ok", trace["trial"]
    assert trace["trial"]["refused"] == [None] * len(trace["trial"]["acted"]), trace["trial"]
    numbers: list[int] = trace["trial"]["acted"]
    return numbers


def queries(trace: dict[str, Any]) -> int:
    number: int = trace["counts"]["queries"]
    return number


def hashes(served: Served, path: str, *parts: str) -> list[str]:
    """Hashes of the statements that a request sends and that hold one of these parts (all of them, without any)."""
    texts = served.traced(path)["texts"]
    found = [text for text in texts if not parts or any(part in text for part in parts)]
    assert found, texts
    return [hashlib.sha256(text.encode()).hexdigest()[:16] for text in found]
