"""The one exception that the command line turns into a line and an exit code."""

from __future__ import annotations


class Failure(Exception):  # noqa: N818
    """Something a user can mend. The first line says what and where, the others add detail."""

    def __init__(self, line: str, *details: str) -> None:
        super().__init__(line)
        self.line = line
        self.details = details

    def text(self) -> str:
        """What goes to standard error."""
        return "\n".join([f"discovery: {self.line}", *(f"  {detail}" for detail in self.details)])
