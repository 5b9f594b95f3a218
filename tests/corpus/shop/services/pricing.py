"""Prices as people read them."""

from sqlalchemy.orm import Session

from shop.services.settings import read_setting, remembered_setting


def format_price(session: Session, cents: int) -> str:
    """A price with the currency of the shop."""
    decimals = int(read_setting(session, "decimals"))
    currency = read_setting(session, "currency")
    return f"{cents / 100:.{decimals}f} {currency}"


def format_price_quickly(session: Session, cents: int) -> str:
    """A price with the currency of the shop, which is read once."""
    decimals = int(remembered_setting(session, "decimals"))
    currency = remembered_setting(session, "currency")
    return f"{cents / 100:.{decimals}f} {currency}"
