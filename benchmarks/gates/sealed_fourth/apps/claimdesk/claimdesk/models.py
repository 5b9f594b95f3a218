from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Optional

from sqlalchemy import DateTime, ForeignKey, Numeric, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

STATUSES = ("new", "open", "waiting", "closed", "rejected")
OPEN_STATUSES = ("new", "open", "waiting")
PAYMENT_KINDS = ("indemnity", "expense", "recovery")
ROLES = ("handler", "supervisor", "auditor")
LANGUAGES = ("en", "de", "fr")


class Base(DeclarativeBase):
    pass


class Setting(Base):
    __tablename__ = "settings"
    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[str] = mapped_column(String(200))


class Branch(Base):
    __tablename__ = "branches"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(10), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    city: Mapped[Optional[str]] = mapped_column(String(80))


class Handler(Base):
    __tablename__ = "handlers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    email: Mapped[Optional[str]] = mapped_column(String(120))
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"))
    role: Mapped[str] = mapped_column(String(20))
    language: Mapped[Optional[str]] = mapped_column(String(5))
    active: Mapped[bool]

    branch: Mapped[Branch] = relationship()


class HandlerStat(Base):
    __tablename__ = "handler_stats"
    handler_id: Mapped[int] = mapped_column(ForeignKey("handlers.id"), primary_key=True)
    open_count: Mapped[int]
    closed_count: Mapped[int]


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[Optional[str]] = mapped_column(String(120))
    city: Mapped[Optional[str]] = mapped_column(String(80))
    vip: Mapped[bool]

    policies: Mapped[list[Policy]] = relationship(back_populates="customer", order_by="Policy.id")


class Product(Base):
    __tablename__ = "products"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    excess: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    discontinued: Mapped[bool]

    names: Mapped[list[ProductName]] = relationship(order_by="ProductName.language")


class ProductName(Base):
    __tablename__ = "product_names"
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), primary_key=True)
    language: Mapped[str] = mapped_column(String(5), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))


class Policy(Base):
    __tablename__ = "policies"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[Optional[date]]
    premium: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    cover_limit: Mapped[Optional[Decimal]] = mapped_column(Numeric(12, 2))

    customer: Mapped[Customer] = relationship(back_populates="policies")
    product: Mapped[Product] = relationship()
    claims: Mapped[list[Claim]] = relationship(back_populates="policy", order_by="Claim.id")


class Tag(Base):
    __tablename__ = "tags"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)


class ClaimTag(Base):
    __tablename__ = "claim_tags"
    claim_id: Mapped[int] = mapped_column(ForeignKey("claims.id"), primary_key=True)
    tag_id: Mapped[int] = mapped_column(ForeignKey("tags.id"), primary_key=True)


class Claim(Base):
    __tablename__ = "claims"
    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    policy_id: Mapped[int] = mapped_column(ForeignKey("policies.id"), index=True)
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"))
    handler_id: Mapped[Optional[int]] = mapped_column(ForeignKey("handlers.id"), index=True)
    status: Mapped[str] = mapped_column(String(20))
    priority: Mapped[Optional[int]]
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[Optional[str]] = mapped_column(Text)
    occurred_on: Mapped[date]
    reported_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    closed_at: Mapped[Optional[datetime]] = mapped_column(DateTime(timezone=True))
    reserve: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    paid_total: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    version: Mapped[int]

    policy: Mapped[Policy] = relationship(back_populates="claims")
    branch: Mapped[Branch] = relationship()
    handler: Mapped[Optional[Handler]] = relationship()
    payments: Mapped[list[Payment]] = relationship(order_by="Payment.paid_on, Payment.id")
    notes: Mapped[list[Note]] = relationship(back_populates="claim", order_by="Note.created_at.desc(), Note.id.desc()")
    tags: Mapped[list[Tag]] = relationship(secondary="claim_tags", order_by="Tag.name")

    @property
    def is_open(self):
        return self.status in OPEN_STATUSES


class Payment(Base):
    __tablename__ = "payments"
    id: Mapped[int] = mapped_column(primary_key=True)
    claim_id: Mapped[int] = mapped_column(ForeignKey("claims.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    payee: Mapped[str] = mapped_column(String(120))
    amount: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    paid_on: Mapped[date]
    reference: Mapped[Optional[str]] = mapped_column(String(60))

    claim: Mapped[Claim] = relationship(viewonly=True)


class Note(Base):
    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    claim_id: Mapped[int] = mapped_column(ForeignKey("claims.id"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("handlers.id"))
    body: Mapped[str] = mapped_column(Text)
    private: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    claim: Mapped[Claim] = relationship(back_populates="notes")
    author: Mapped[Handler] = relationship()


class AuditEntry(Base):
    __tablename__ = "audit_entries"
    id: Mapped[int] = mapped_column(primary_key=True)
    actor_id: Mapped[int] = mapped_column(ForeignKey("handlers.id"))
    action: Mapped[str] = mapped_column(String(40))
    claim_id: Mapped[int] = mapped_column(ForeignKey("claims.id"), index=True)
    detail: Mapped[Optional[str]] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
