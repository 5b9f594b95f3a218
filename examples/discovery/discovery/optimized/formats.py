"""Money and times of day as the responses write them."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


def money(amount: Decimal) -> str:
    """An amount with two decimals, halves rounded away from zero."""
    return str(amount.quantize(CENT, rounding=ROUND_HALF_UP))


def clock(time: dt.time | dt.datetime) -> str:
    """`HH:MM`, seconds cut off."""
    return f"{time.hour:02d}:{time.minute:02d}"
