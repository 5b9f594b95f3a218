"""What it took to make one request quick: attempts and minutes, for a comparison of two runs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """Attempts about one request, in the order in which requests were begun.

    `request` is empty where nothing says what an attempt was about. `refused`: no gate was asked, because a constraint
    or the proposer said no. `seconds` are those of the gates. `known`: constraints there before its first attempt.
    """

    request: str
    kept: int
    reverted: int
    refused: int
    lost: int
    seconds: float
    known: int

    @property
    def attempts(self) -> int:
        """All of them."""
        return self.kept + self.reverted + self.refused + self.lost
