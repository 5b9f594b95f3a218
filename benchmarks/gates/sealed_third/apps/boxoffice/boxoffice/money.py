"""Decimal money: two places, half up."""
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
TENTH = Decimal("0.1")
ZERO = Decimal("0.00")


def cents(value):
    return Decimal(value).quantize(CENT, rounding=ROUND_HALF_UP)


def money(value):
    """The way amounts leave the API: a string with two places, or null."""
    if value is None:
        return None
    return str(cents(value))


def percent_of(total, percent):
    return cents(total * percent / 100)


def share(part, whole):
    """A percentage with one place as a string, null when there is no whole."""
    if not whole:
        return None
    return str((Decimal(part) * 100 / Decimal(whole)).quantize(TENTH, rounding=ROUND_HALF_UP))
