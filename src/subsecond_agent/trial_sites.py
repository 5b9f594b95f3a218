"""For virtual fixes that change what a statement returns: is it one of theirs, and what does it return."""

from __future__ import annotations

import sys

from .callsite import chain
from .trial_cursor import SentError, hash_of, kind_of, place_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def asked_for(fix: Any, call: Any) -> bool:
    """Is it a read with one of the fix's texts, sent from one of its call sites (from anywhere when none is named)?"""
    if hash_of(call.statement) not in fix.parameters["statements"] or not kind_of(call.statement)[0]:
        return False
    if call.context._is_server_side:
        return False
    sites = fix.parameters["sites"]
    return sites is None or list(place_of(chain(sys._getframe(1))) or ()) in sites


def rows_of(call: Any) -> list[Any] | None:
    """Send the statement -> its rows. What the driver raises goes on to the app."""
    try:
        rows: list[Any] | None = call.send()
    except BaseException as error:
        raise SentError(error) from None
    return rows
