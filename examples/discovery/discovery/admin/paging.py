"""Pages of the administrators' lists: `page` and `page_size`, with the same rules as discovery's parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import request

from discovery.params import integer

PAGE_SIZE = 50
LARGEST_PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is wanted; pages count from 1."""

    number: int
    size: int

    @property
    def skipped(self) -> int:
        """Rows before the page."""
        return (self.number - 1) * self.size

    def answer(self, name: str, rows: Sequence[Any], total: int) -> dict[str, Any]:
        """The list's JSON: `{"page", "page_size", "total", "pages", NAME: rows}`."""
        return {
            "page": self.number,
            "page_size": self.size,
            "total": total,
            "pages": -(-total // self.size),
            name: rows,
        }


def wanted_page() -> Page:
    """The page that the request asks for; a larger size than allowed is cut. Raises InvalidParameter."""
    number = integer(request.args, "page") or 1
    return Page(number, min(integer(request.args, "page_size") or PAGE_SIZE, LARGEST_PAGE_SIZE))
