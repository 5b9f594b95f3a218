"""Settings, taxes and what is written down while the shop runs."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from shop.models.foundation import Base


class Setting(Base):
    """One value of the configuration."""

    __tablename__ = "settings"
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class TaxRate(Base):
    """Value added tax of a country, in percent."""

    __tablename__ = "tax_rates"
    country: Mapped[str] = mapped_column(primary_key=True)
    percent: Mapped[int]


class AuditEntry(Base):
    """Who looked at what."""

    __tablename__ = "audit_entries"
    id: Mapped[int] = mapped_column(primary_key=True)
    what: Mapped[str]


class PageView(Base):
    """How often a book's page was opened."""

    __tablename__ = "page_views"
    book_id: Mapped[int] = mapped_column(ForeignKey("books.id"), primary_key=True)
    views: Mapped[int]
