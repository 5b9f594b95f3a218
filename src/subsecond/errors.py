"""The one exception that the command line catches: what, where, how to mend, and a slug the docs explain."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_USAGE = 2


class SubsecondError(Exception):
    """A user's mistake or a state of the world that stops the work.

    `slug` names it in `docs/errors.md`; `exit_code` is 2 for bad usage, input or environment, 1 where a
    request or a gate failed. The message is one line: what, where, and how to mend it.
    """

    def __init__(self, slug: str, message: str, *, exit_code: int = EXIT_USAGE) -> None:
        self.slug = slug
        self.message = printable(message)
        super().__init__(self.message)
        self.exit_code = exit_code

    def __str__(self) -> str:
        return f"{self.slug}: {self.message}"


def printable(text: str) -> str:
    """Text as one line: what would break the line or steer a terminal (a user's text may hold it) as an escape."""
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean "x"?`, or an empty string where nothing known is near."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f'; did you mean "{near[0]}"?' if near else ""
