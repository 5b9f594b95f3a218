"""Claims: search, detail, life cycle."""
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Optional

from sqlalchemy import func, select

from .db import business_date, business_now
from .http import ApiError, parse_decimal
from .models import PAYMENT_KINDS, AuditEntry, Claim, ClaimTag, Handler, HandlerStat, Note, Payment, Policy, Tag
from .serializers import money

SORTS = ("reported", "reserve", "priority", "title", "paid")
NOTES_IN_DETAIL = 10


@dataclass
class ClaimFilter:
    statuses: list = field(default_factory=list)
    branch_id: Optional[int] = None
    handler: Optional[str] = None
    priority_min: Optional[int] = None
    reported_from: Optional[date] = None
    reported_to: Optional[date] = None
    reserve_min: Optional[Decimal] = None
    reserve_max: Optional[Decimal] = None
    text: Optional[str] = None
    tags: list = field(default_factory=list)
    unpaid: Optional[bool] = None
    sort: str = "reported"
    descending: bool = True


class ClaimSearch:
    def __init__(self, session, user):
        self.session = session
        self.user = user

    def _candidates(self, flt):
        stmt = select(Claim)
        if self.user.role == "handler":
            stmt = stmt.where(Claim.branch_id == self.user.branch_id)
        if flt.statuses:
            stmt = stmt.where(Claim.status.in_(flt.statuses))
        if flt.branch_id is not None:
            stmt = stmt.where(Claim.branch_id == flt.branch_id)
        if flt.handler == "none":
            stmt = stmt.where(Claim.handler_id.is_(None))
        elif flt.handler == "me":
            stmt = stmt.where(Claim.handler_id == self.user.id)
        elif flt.handler:
            stmt = stmt.where(Claim.handler_id == int(flt.handler))
        if flt.tags:
            ids = select(ClaimTag.claim_id).join(Tag, Tag.id == ClaimTag.tag_id).where(Tag.name.in_(flt.tags))
            stmt = stmt.where(Claim.id.in_(ids))
        return self.session.scalars(stmt.order_by(Claim.id)).all()

    @staticmethod
    def _matches(claim, flt):
        if flt.priority_min is not None and (claim.priority is None or claim.priority < flt.priority_min):
            return False
        if flt.reported_from is not None and claim.reported_at.date() < flt.reported_from:
            return False
        if flt.reported_to is not None and claim.reported_at.date() > flt.reported_to:
            return False
        if flt.reserve_min is not None and claim.reserve < flt.reserve_min:
            return False
        if flt.reserve_max is not None and claim.reserve > flt.reserve_max:
            return False
        if flt.unpaid is not None and flt.unpaid != (claim.paid_total == 0):
            return False
        if flt.text:
            needle = flt.text.casefold()
            if needle not in claim.title.casefold() and needle not in claim.reference.casefold():
                return False
        return True

    @staticmethod
    def _sort_key(flt):
        if flt.sort == "reserve":
            return lambda c: c.reserve
        if flt.sort == "priority":
            return lambda c: -1 if c.priority is None else c.priority
        if flt.sort == "title":
            return lambda c: c.title.casefold()
        if flt.sort == "paid":
            return lambda c: c.paid_total
        return lambda c: c.reported_at

    def run(self, flt, page):
        found = [c for c in self._candidates(flt) if self._matches(c, flt)]
        # ties stay in id order, whichever the direction
        found.sort(key=self._sort_key(flt), reverse=flt.descending)
        return page.cut(found), len(found)

    def status_counts(self):
        counts = {}
        for claim in self._candidates(ClaimFilter()):
            counts[claim.status] = counts.get(claim.status, 0) + 1
        return counts


class ClaimDesk:
    """What a handler does with one claim."""

    def __init__(self, session, user):
        self.session = session
        self.user = user

    def load(self, claim_id):
        claim = self.session.get(Claim, claim_id)
        if claim is None:
            raise ApiError(404, "not_found", "no such claim")
        if self.user.role == "handler" and claim.branch_id != self.user.branch_id:
            raise ApiError(403, "forbidden", "claim of another branch")
        return claim

    def visible_notes(self, claim):
        notes = []
        for note in claim.notes:
            if note.private and note.author_id != self.user.id and self.user.role != "supervisor":
                continue
            notes.append(note)
        return notes[:NOTES_IN_DETAIL]

    def audit(self, claim, action, detail=None):
        self.session.add(AuditEntry(actor_id=self.user.id, action=action, claim_id=claim.id, detail=detail,
                                    at=business_now()))

    def writable(self, claim_id):
        if self.user.role == "auditor":
            raise ApiError(403, "forbidden", "auditors only read")
        return self.load(claim_id)

    def _stat(self, handler_id):
        if handler_id is None:
            return None
        stat = self.session.get(HandlerStat, handler_id)
        if stat is None:
            stat = HandlerStat(handler_id=handler_id, open_count=0, closed_count=0)
            self.session.add(stat)
        return stat

    def create(self, body):
        if self.user.role == "auditor":
            raise ApiError(403, "forbidden", "auditors only read")
        title = body.get("title")
        if not isinstance(title, str) or not title.strip():
            raise ApiError(422, "invalid", "title is required", field="title")
        number = body.get("policy")
        policy = self.session.scalar(select(Policy).where(Policy.number == str(number)))
        if policy is None:
            raise ApiError(422, "invalid", "no such policy", field="policy")
        try:
            occurred = date.fromisoformat(str(body.get("occurred_on")))
        except ValueError:
            raise ApiError(422, "invalid", "occurred_on must be a date", field="occurred_on")
        if occurred > business_date():
            raise ApiError(422, "invalid", "occurred_on is in the future", field="occurred_on")
        if occurred < policy.starts_on or (policy.ends_on is not None and occurred > policy.ends_on):
            raise ApiError(422, "not_covered", "the policy was not in force", field="occurred_on")
        reserve = parse_decimal(body.get("reserve", "500.00"), "reserve", 422)
        priority = body.get("priority")
        if priority is not None and (type(priority) is not int or not 0 <= priority <= 9):
            raise ApiError(422, "invalid", "priority is 0 to 9", field="priority")
        next_id = self.session.scalar(select(func.coalesce(func.max(Claim.id), 0))) + 1
        claim = Claim(id=next_id, reference=f"C-{next_id:06d}", policy_id=policy.id, branch_id=self.user.branch_id,
                      handler_id=self.user.id, status="new", priority=priority, title=title.strip(),
                      description=body.get("description"), occurred_on=occurred, reported_at=business_now(),
                      reserve=reserve, paid_total=Decimal("0.00"), version=1)
        self.session.add(claim)
        self.session.flush()
        self._stat(self.user.id).open_count += 1
        self.audit(claim, "create", claim.reference)
        self.session.commit()
        return claim

    def change(self, claim_id, body, if_match):
        claim = self.writable(claim_id)
        if if_match is not None and if_match.strip('"') != str(claim.version):
            raise ApiError(412, "stale", "the claim was changed by someone else", version=claim.version)
        changed = []
        if "title" in body:
            if not isinstance(body["title"], str) or not body["title"].strip():
                raise ApiError(422, "invalid", "title is required", field="title")
            if body["title"].strip() != claim.title:
                claim.title = body["title"].strip()
                changed.append("title")
        if "description" in body:
            if body["description"] is not None and not isinstance(body["description"], str):
                raise ApiError(422, "invalid", "description is text", field="description")
            if body["description"] != claim.description:
                claim.description = body["description"]
                changed.append("description")
        if "priority" in body:
            priority = body["priority"]
            if priority is not None and (type(priority) is not int or not 0 <= priority <= 9):
                raise ApiError(422, "invalid", "priority is 0 to 9", field="priority")
            if priority != claim.priority:
                claim.priority = priority
                changed.append("priority")
        if "reserve" in body:
            reserve = parse_decimal(body["reserve"], "reserve", 422)
            if reserve < 0:
                raise ApiError(422, "invalid", "reserve is not negative", field="reserve")
            if reserve != claim.reserve:
                claim.reserve = reserve
                changed.append("reserve")
        if changed:
            claim.version += 1
            self.audit(claim, "change", ",".join(changed))
        self.session.commit()
        return claim

    def close(self, claim_id, reason, rejected=False):
        claim = self.writable(claim_id)
        if not claim.is_open:
            raise ApiError(409, "not_open", "the claim is not open", status=claim.status)
        if claim.paid_total > claim.reserve and self.user.role != "supervisor":
            raise ApiError(409, "overpaid", "a supervisor must close this claim",
                           over=money(claim.paid_total - claim.reserve))
        claim.status = "rejected" if rejected else "closed"
        claim.closed_at = business_now()
        claim.version += 1
        stat = self._stat(claim.handler_id)
        if stat is not None:
            stat.open_count = max(0, stat.open_count - 1)
            stat.closed_count += 1
        self.audit(claim, "reject" if rejected else "close", reason)
        self.session.commit()
        return claim

    def pay(self, claim_id, body):
        claim = self.writable(claim_id)
        kind = body.get("kind", "indemnity")
        if kind not in PAYMENT_KINDS:
            raise ApiError(422, "invalid", "unknown kind", field="kind")
        amount = parse_decimal(body.get("amount"), "amount", 422).quantize(Decimal("0.01"))
        if amount == 0 or (amount < 0) != (kind == "recovery"):
            raise ApiError(422, "invalid", "only recoveries are negative", field="amount")
        payee = body.get("payee")
        if not isinstance(payee, str) or not payee.strip():
            raise ApiError(422, "invalid", "payee is required", field="payee")
        if not claim.is_open:
            raise ApiError(409, "not_open", "the claim is not open", status=claim.status)
        limit = claim.policy.cover_limit
        if limit is not None and claim.paid_total + amount > limit:
            raise ApiError(422, "over_limit", "the cover limit would be exceeded",
                           left=money(limit - claim.paid_total))
        next_id = self.session.scalar(select(func.coalesce(func.max(Payment.id), 0))) + 1
        payment = Payment(id=next_id, claim_id=claim.id, kind=kind, payee=payee.strip(), amount=amount,
                          paid_on=business_date(), reference=body.get("reference"))
        self.session.add(payment)
        claim.paid_total += amount
        claim.version += 1
        if claim.status == "new":
            claim.status = "open"
        self.audit(claim, "pay", f"{kind} {money(amount)}")
        self.session.commit()
        return payment, claim

    def add_note(self, claim_id, body):
        claim = self.writable(claim_id)
        text = body.get("body")
        if not isinstance(text, str) or not text.strip():
            raise ApiError(422, "invalid", "body is required", field="body")
        next_id = self.session.scalar(select(func.coalesce(func.max(Note.id), 0))) + 1
        note = Note(id=next_id, claim_id=claim.id, author_id=self.user.id, body=text,
                    private=bool(body.get("private", False)), created_at=business_now())
        self.session.add(note)
        self.audit(claim, "note", None)
        self.session.commit()
        return note

    def delete_note(self, claim_id, note_id):
        claim = self.writable(claim_id)
        note = self.session.get(Note, note_id)
        if note is None or note.claim_id != claim.id:
            raise ApiError(404, "not_found", "no such note")
        if note.author_id != self.user.id and self.user.role != "supervisor":
            raise ApiError(403, "forbidden", "only the author or a supervisor deletes a note")
        self.session.delete(note)
        self.audit(claim, "delete_note", str(note_id))
        self.session.commit()
        return self.session.scalar(select(func.count(Note.id)).where(Note.claim_id == claim_id))

    def payments(self, claim, kind=None, paid_from=None):
        rows = []
        for payment in claim.payments:
            if kind and payment.kind != kind:
                continue
            if paid_from is not None and payment.paid_on < paid_from:
                continue
            rows.append(payment)
        return rows

    def timeline(self, claim):
        """Everything that happened, oldest first."""
        events = []
        for payment in claim.payments:
            events.append((payment.paid_on.isoformat(), 2, payment.id, "payment", payment.payee, money(payment.amount)))
        for note in claim.notes:
            if note.private and note.author_id != self.user.id and self.user.role != "supervisor":
                continue
            events.append((note.created_at.date().isoformat(), 1, note.id, "note", note.author.name, note.body))
        stmt = select(AuditEntry).where(AuditEntry.claim_id == claim.id).order_by(AuditEntry.id)
        for entry in self.session.scalars(stmt):
            actor = self.session.get(Handler, entry.actor_id)
            events.append((entry.at.date().isoformat(), 3, entry.id, entry.action, actor.name, entry.detail))
        events.sort(key=lambda e: e[:3])
        return events
