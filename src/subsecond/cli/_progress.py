"""Progress of long work on standard error: one moving line on a terminal, a line per request elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import TextIO

from subsecond.errors import printable


class Progress:
    """A context manager; leaves no half line behind."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._moving = out.isatty()
        self._width = 0

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._wipe()

    def say(self, line: str) -> None:
        """A line that stays."""
        self._wipe()
        self._out.write(f"{printable(line)}\n")
        self._out.flush()

    def request(self, name: str, done: int, of: int) -> None:
        """A request was sent for the `done`-th time of `of`."""
        if self._moving:
            line = printable(f"  {name}: {done} of {of} runs")
            self._out.write("\r" + line.ljust(self._width))
            self._width = len(line)
            self._out.flush()
        elif of > 1 and done in (0, of):
            self.say(f"  {name}: {'first run' if done == 0 else f'{of} runs done'}")

    def _wipe(self) -> None:
        if self._width:
            self._out.write("\r" + " " * self._width + "\r")
            self._width = 0
