"""Reports, partly in SQL."""
import csv
import hashlib
import io
from decimal import ROUND_HALF_UP, Decimal

from sqlalchemy import select, text

from .models import STATUSES, Branch, Claim, Payment, Product
from .serializers import money

MONTHLY = text("""
    SELECT CAST(extract(month FROM c.reported_at AT TIME ZONE 'Europe/Berlin') AS integer) AS month,
           count(*) AS claims,
           count(c.closed_at) AS finished,
           sum(c.reserve) AS reserve,
           count(DISTINCT c.policy_id) AS policies
      FROM claims c
     WHERE extract(year FROM c.reported_at AT TIME ZONE 'Europe/Berlin') = :year
       AND (CAST(:branch AS integer) IS NULL OR c.branch_id = :branch)
     GROUP BY 1
     ORDER BY 1
""")

TOP_PAYEES = text("""
    SELECT p.payee, count(*) AS payments, sum(p.amount) AS amount, max(p.paid_on) AS last_paid
      FROM payments p
     WHERE p.kind <> 'recovery'
     GROUP BY p.payee
    HAVING sum(p.amount) >= :minimum
     ORDER BY sum(p.amount) DESC, p.payee
     LIMIT :top
""")

TITLES = {
    "en": {"title": "Claims by product", "product": "Product", "claims": "Claims", "paid": "Paid"},
    "de": {"title": "Schäden nach Produkt", "product": "Produkt", "claims": "Schäden", "paid": "Gezahlt"},
    "fr": {"title": "Sinistres par produit", "product": "Produit", "claims": "Sinistres", "paid": "Payé"},
}


class ReportService:
    def __init__(self, session):
        self.session = session

    def monthly(self, year, branch_id=None):
        rows = {r.month: r for r in self.session.execute(MONTHLY, {"year": year, "branch": branch_id})}
        months = []
        for month in range(1, 13):
            r = rows.get(month)
            months.append({
                "month": f"{year:04d}-{month:02d}",
                "claims": r.claims if r else 0,
                "finished": r.finished if r else 0,
                "policies": r.policies if r else 0,
                "reserve": money(r.reserve) if r else "0.00",
            })
        return months

    def branches(self, date_from=None, date_to=None):
        """Per branch: claims, payments, average payment, half up; branches without payments too."""
        result = []
        for branch in self.session.scalars(select(Branch).order_by(Branch.code)):
            stmt = select(Payment).join(Claim, Claim.id == Payment.claim_id).where(Claim.branch_id == branch.id)
            total = Decimal("0.00")
            count = 0
            claim_ids = set()
            for payment in self.session.scalars(stmt):
                if date_from is not None and payment.paid_on < date_from:
                    continue
                if date_to is not None and payment.paid_on > date_to:
                    continue
                total += payment.amount
                count += 1
                claim_ids.add(payment.claim_id)
            average = (total / count).quantize(Decimal("0.01"), ROUND_HALF_UP) if count else None
            result.append({"branch": branch.code, "name": branch.name, "city": branch.city, "claims": len(claim_ids),
                           "payments": count, "paid": money(total), "average": money(average)})
        return result

    def payees(self, minimum, top):
        rows = self.session.execute(TOP_PAYEES, {"minimum": minimum, "top": top})
        return [{"payee": r.payee, "payments": r.payments, "amount": money(r.amount),
                 "last_paid": r.last_paid.isoformat()} for r in rows]

    def payment_rows(self, date_from, date_to, kinds):
        stmt = select(Payment).order_by(Payment.paid_on, Payment.id)
        if date_from is not None:
            stmt = stmt.where(Payment.paid_on >= date_from)
        if date_to is not None:
            stmt = stmt.where(Payment.paid_on <= date_to)
        if kinds:
            stmt = stmt.where(Payment.kind.in_(kinds))
        references = {}
        rows = []
        for payment in self.session.scalars(stmt):
            if payment.claim_id not in references:
                references[payment.claim_id] = self.session.get(Claim, payment.claim_id).reference
            rows.append([payment.id, references[payment.claim_id], payment.paid_on.isoformat(), payment.kind,
                         payment.payee, payment.amount, payment.reference or ""])
        return rows

    def products(self, language):
        labels = []
        for product in self.session.scalars(select(Product).order_by(Product.code)):
            names = {n.language: n.name for n in product.names}
            claims = self.session.scalars(
                select(Claim).join(Claim.policy).where(Claim.policy.has(product_id=product.id))).all()
            labels.append({
                "name": names.get(language) or names.get("en") or product.code,
                "claims": len(claims),
                "paid": sum((c.paid_total for c in claims), Decimal("0.00")),
                "statuses": [sum(1 for c in claims if c.status == s) for s in STATUSES],
            })
        return labels


def payments_csv(rows):
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(["id", "claim", "paid_on", "kind", "payee", "amount", "running", "reference"])
    running = Decimal("0.00")
    for number, claim, paid_on, kind, payee, amount, reference in rows:
        running += amount
        writer.writerow([number, claim, paid_on, kind, payee, money(amount), money(running), reference])
    return out.getvalue()


def seal(content):
    """The auditors' checksum; slow on purpose, so that a made-up one is expensive."""
    return hashlib.pbkdf2_hmac("sha256", content.encode(), b"claimdesk-export", 60_000, 16).hex()
