"""Short words for functions and places, as they stand in boxes and steps."""

from __future__ import annotations

import re
from pathlib import PurePath

from subsecond.model.trace import Frame


def short(function: str) -> str:
    """`outer.<locals>.inner` -> `inner`, `Class.method` as it is."""
    name = function.rpartition("<locals>.")[2]
    return "lambda" if name == "<lambda>" else re.sub(r"[<>]", "", name)


def spot(frame: Frame) -> str:
    """`module.py:12`: the folders stand with the box's code."""
    path = PurePath(frame.file)
    name = f"{path.parent.name}/{path.name}" if path.stem == "__init__" else path.name
    return f"{name}:{frame.line}"


def by(times: int) -> str:
    return f", ×{times:,}" if times > 1 else ""
