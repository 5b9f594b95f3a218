"""How we write times and money."""

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal


def hhmm(value: dt.time | dt.datetime) -> str:
    """14:30"""
    return value.strftime("%H:%M")


def money(value: Decimal) -> str:
    """Two decimals, half a cent goes up."""
    return str(value.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP))
