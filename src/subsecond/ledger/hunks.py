"""A diff as parts that can be left out one by one, and the smallest set of them that still fails."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


@dataclass(frozen=True, slots=True)
class Hunk:
    """One part of a diff: the head of its file and its own lines. `path` is the file after the change."""

    path: str
    head: str
    body: str
    """Of a file that is new, gone, renamed or binary all of it, since no part of that can stand alone."""

    @property
    def added(self) -> list[str]:
        """Its new lines."""
        return [line[1:] for line in self.body.splitlines() if line.startswith("+") and not line.startswith("+++ ")]

    def __str__(self) -> str:
        found = _HUNK.match(self.body)
        return f"{self.path}:{found[3]}" if found else self.path


def split(diff: str) -> list[Hunk]:
    """The hunks of a git diff, in order; each runs of changed lines as small as `git diff -U0` gives them."""
    found: list[Hunk] = []
    for part in re.split(r"(?m)^(?=diff --git )", diff):
        if not part.strip():
            continue
        pieces = re.split(r"(?m)^(?=@@ )", part)
        head, bodies = pieces[0], pieces[1:]
        path = _path(head)
        whole = not bodies or re.search(r"(?m)^(new file|deleted file|rename |GIT binary|Binary)", head)
        if whole:
            found.append(Hunk(path, part, ""))
        else:
            found += [Hunk(path, head, body) for body in bodies]
    return found


def join(hunks: Sequence[Hunk]) -> str:
    """A diff of these hunks alone, for `git apply --unidiff-zero --recount`."""
    text, last = "", None
    for one in hunks:
        if one.head != last:
            text += one.head
            last = one.head
        text += one.body
    return text


def _path(head: str) -> str:
    after = re.search(r"(?m)^\+\+\+ (?:b/)?(.+?)\t?$", head)
    if after and after[1] != "/dev/null":
        return after[1]
    named = re.search(r"^diff --git a/(.+) b/(.+)$", head, re.M)
    return named[2] if named else "?"


def smallest(parts: Sequence[Hunk], fails: Callable[[Sequence[Hunk]], bool | None]) -> list[Hunk]:
    """A set of parts that still fails and of which none can be left out (Zeller's ddmin).

    `fails` says of a set whether it fails as the whole did; None where it cannot be told (it does not apply, another
    failure), which counts as no. The whole is taken to fail. Quadratic in the number of parts at worst.
    """
    current, pieces = list(parts), 2
    while len(current) >= 2:
        size = max(1, len(current) // pieces)
        chunks = [current[start : start + size] for start in range(0, len(current), size)]
        found = next((chunk for chunk in chunks if fails(chunk) is True), None)
        if found is not None:
            current, pieces = found, 2
            continue
        rests = ([one for one in current if one not in chunk] for chunk in chunks)
        found = next((rest for rest in rests if len(chunks) > 2 and rest and fails(rest) is True), None)
        if found is not None:
            current, pieces = found, max(pieces - 1, 2)
            continue
        if size == 1:
            break
        pieces = min(len(current), pieces * 2)
    return current
