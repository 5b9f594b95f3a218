"""A statement as it was sent, with its values: in memory for as long as the audit runs, never written."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """`values` are the `repr` of what was bound to the statement, in the order of its text."""

    fingerprint: str
    text: str
    values: tuple[str, ...] = ()

    @property
    def hash(self) -> str:
        """What a virtual fix knows the statement by."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
