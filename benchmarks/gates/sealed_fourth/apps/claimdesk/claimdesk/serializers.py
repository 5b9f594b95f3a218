"""Hand-made JSON shapes."""


def money(value):
    if value is None:
        return None
    return f"{value:.2f}"


def moment(value):
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if value is not None else None


def day(value):
    return value.isoformat() if value is not None else None


def person(handler):
    if handler is None:
        return None
    return {"id": handler.id, "name": handler.name}


def claim_row(claim):
    row = {
        "id": claim.id,
        "reference": claim.reference,
        "title": claim.title,
        "status": claim.status,
        "priority": claim.priority,
        "policy": claim.policy.number,
        "customer": claim.policy.customer.name,
        "handler": person(claim.handler),
        "branch": claim.branch.code,
        "occurred_on": day(claim.occurred_on),
        "reported_at": moment(claim.reported_at),
        "reserve": money(claim.reserve),
        "paid_total": money(claim.paid_total),
        "tags": [tag.name for tag in claim.tags],
    }
    if claim.closed_at is not None:
        row["closed_at"] = moment(claim.closed_at)
    return row


def payment_row(payment):
    row = {
        "id": payment.id,
        "kind": payment.kind,
        "payee": payment.payee,
        "amount": money(payment.amount),
        "paid_on": day(payment.paid_on),
    }
    if payment.reference is not None:
        row["reference"] = payment.reference
    return row


def note_row(note):
    return {
        "id": note.id,
        "author": person(note.author),
        "body": note.body,
        "private": note.private,
        "created_at": moment(note.created_at),
    }


def claim_detail(claim, notes):
    data = claim_row(claim)
    data["description"] = claim.description
    data["version"] = claim.version
    data["cover_limit"] = money(claim.policy.cover_limit)
    data["payments"] = [payment_row(p) for p in claim.payments]
    data["notes"] = [note_row(n) for n in notes]
    return data


def product_row(product, language):
    names = {n.language: n.name for n in product.names}
    return {
        "id": product.id,
        "code": product.code,
        "name": names.get(language) or names.get("en") or product.code,
        "excess": money(product.excess),
        "discontinued": product.discontinued,
    }


def policy_row(policy, today):
    return {
        "id": policy.id,
        "number": policy.number,
        "customer": {"id": policy.customer.id, "name": policy.customer.name},
        "product": policy.product.code,
        "starts_on": day(policy.starts_on),
        "ends_on": day(policy.ends_on),
        "premium": money(policy.premium),
        "cover_limit": money(policy.cover_limit),
        "active": policy.starts_on <= today and (policy.ends_on is None or policy.ends_on >= today),
    }


def customer_row(customer):
    row = {"id": customer.id, "name": customer.name, "city": customer.city, "vip": customer.vip}
    if customer.email:
        row["email"] = customer.email
    return row


def audit_row(entry):
    return {"id": entry.id, "action": entry.action, "actor_id": entry.actor_id, "detail": entry.detail,
            "at": moment(entry.at)}
