"""Policies, customers, handlers, products."""
from decimal import Decimal

from sqlalchemy import func, select

from .db import business_date
from .http import ApiError
from .models import OPEN_STATUSES, Claim, Customer, Handler, HandlerStat, Payment, Policy, Product
from .serializers import claim_row, customer_row, money, person, policy_row, product_row


class PolicyService:
    def __init__(self, session):
        self.session = session

    def search(self, page, product=None, active_on=None, customer_id=None, text=None, limit_min=None):
        stmt = select(Policy)
        if product:
            stmt = stmt.join(Product, Product.id == Policy.product_id).where(Product.code == product)
        if customer_id is not None:
            stmt = stmt.where(Policy.customer_id == customer_id)
        found = []
        for policy in self.session.scalars(stmt.order_by(Policy.starts_on.desc(), Policy.id)):
            if active_on is not None:
                if policy.starts_on > active_on:
                    continue
                if policy.ends_on is not None and policy.ends_on < active_on:
                    continue
            if limit_min is not None and policy.cover_limit is not None and policy.cover_limit < limit_min:
                continue  # no limit is more than any limit
            if text and text.lower() not in policy.number.lower():
                continue
            found.append(policy)
        today = business_date()
        return [policy_row(p, today) for p in page.cut(found)], len(found)

    def detail(self, policy_id):
        policy = self.session.get(Policy, policy_id)
        if policy is None:
            raise ApiError(404, "not_found", "no such policy")
        data = policy_row(policy, business_date())
        data["claims"] = []
        paid = Decimal("0.00")
        for claim in policy.claims:
            data["claims"].append({"id": claim.id, "reference": claim.reference, "status": claim.status,
                                   "handler": person(claim.handler), "payments": len(claim.payments)})
            paid += claim.paid_total
        data["paid_total"] = money(paid)
        data["left"] = None if policy.cover_limit is None else money(policy.cover_limit - paid)
        data["loss_ratio"] = str(round(paid / policy.premium, 3)) if policy.premium else None
        return data


class CustomerService:
    def __init__(self, session):
        self.session = session

    def search(self, page, text=None, cities=(), vip=None, has_claims=None):
        stmt = select(Customer).order_by(Customer.name, Customer.id)
        rows = []
        for customer in self.session.scalars(stmt):
            if text and text.casefold() not in customer.name.casefold():
                continue
            if cities and (customer.city or "") not in cities:
                continue
            if vip is not None and customer.vip != vip:
                continue
            rows.append(customer)
        if has_claims is not None:
            with_claims = set(self.session.scalars(
                select(Policy.customer_id).join(Claim, Claim.policy_id == Policy.id).distinct()))
            rows = [c for c in rows if (c.id in with_claims) == has_claims]
        items = []
        for customer in page.cut(rows):
            item = customer_row(customer)
            item["policies"] = len(customer.policies)
            item["claims"] = sum(len(policy.claims) for policy in customer.policies)
            items.append(item)
        return items, len(rows)

    def detail(self, customer_id):
        customer = self.session.get(Customer, customer_id)
        if customer is None:
            raise ApiError(404, "not_found", "no such customer")
        today = business_date()
        data = customer_row(customer)
        data["policies"] = [policy_row(p, today) for p in customer.policies]
        data["premium_total"] = money(sum((p.premium for p in customer.policies), Decimal("0.00")))
        last = None
        for policy in customer.policies:
            for claim in policy.claims:
                if last is None or (claim.reported_at, claim.id) > (last.reported_at, last.id):
                    last = claim
        if last is not None:
            data["last_claim"] = {"reference": last.reference, "status": last.status}
        return data


class HandlerService:
    def __init__(self, session, user):
        self.session = session
        self.user = user

    def overview(self, branch_code=None, active=None):
        result = []
        for handler in self.session.scalars(select(Handler).order_by(Handler.name, Handler.id)):
            if branch_code and handler.branch.code != branch_code:
                continue
            if active is not None and handler.active != active:
                continue
            stat = self.session.get(HandlerStat, handler.id)
            oldest = self.session.scalar(
                select(func.min(Claim.reported_at)).where(Claim.handler_id == handler.id,
                                                          Claim.status.in_(OPEN_STATUSES)))
            row = {
                "id": handler.id,
                "name": handler.name,
                "branch": handler.branch.code,
                "role": handler.role,
                "open": stat.open_count if stat is not None else None,
                "closed": stat.closed_count if stat is not None else None,
                "oldest_open": oldest.date().isoformat() if oldest is not None else None,
            }
            if self.user.role == "supervisor":
                row["email"] = handler.email
            result.append(row)
        return result

    def worklist(self, top):
        """The user's open claims, the most urgent first; unset priority counts as 5."""
        claims = self.session.scalars(
            select(Claim).where(Claim.handler_id == self.user.id, Claim.status.in_(OPEN_STATUSES)).order_by(Claim.id)
        ).all()
        today = business_date()
        rows = []
        for claim in sorted(claims, key=lambda c: (-(5 if c.priority is None else c.priority), c.reported_at, c.id)):
            row = claim_row(claim)
            row["age_days"] = (today - claim.reported_at.date()).days
            last = self.session.scalar(select(Payment).where(Payment.claim_id == claim.id)
                                       .order_by(Payment.paid_on.desc(), Payment.id.desc()).limit(1))
            row["last_payment"] = money(last.amount) if last is not None else None
            rows.append(row)
        return rows[:top], len(rows)


class ProductService:
    def __init__(self, session):
        self.session = session

    def list(self, language, discontinued=None):
        rows = []
        for product in self.session.scalars(select(Product).order_by(Product.code)):
            if discontinued is None or product.discontinued == discontinued:
                rows.append(product_row(product, language))
        rows.sort(key=lambda r: (r["name"], r["id"]))
        return rows
