"""Blueprint: customers, invoices, refunds, revenue."""
from flask import Blueprint, Response, render_template_string, request

from courier import account_service as service, marshal, web
from courier.models import INVOICE_STATUSES

bp = Blueprint("accounts", __name__)

STATEMENT = """<!doctype html>
<html lang="{{ lang }}"><head><title>{{ customer.name }}</title></head><body>
<h1>{{ title }} {{ customer.name }}</h1>
<table>
{% for row in rows %}<tr><td>{{ row.on }}</td><td>{{ row.text }}</td><td>{{ '%.2f'|format(row.amount) }}</td><td>{{ '%.2f'|format(row.balance) }}</td></tr>
{% else %}<tr><td colspan="4">-</td></tr>
{% endfor %}</table>
<p class="{{ 'debit' if balance > 0 else 'credit' }}">{{ '%.2f'|format(balance) }}</p>
{% if customer.memo %}<p>{{ customer.memo }}</p>{% endif %}
</body></html>
"""
TITLES = {"en": "Statement for", "de": "Kontoauszug für", "hu": "Egyenleg:"}


@bp.get("/customers")
def index():
    web.require("clerk", "admin")
    rows = service.customers(
        request.args.get("q"), web.list_arg("city"), web.bool_arg("vip"),
        web.date_arg("joined_from"), web.int_arg("min_discount"),
        web.sort_arg(("id", "name", "joined", "limit"), "id"))
    page, size = web.page_args(25)
    items = []
    for customer in rows[(page - 1) * size:page * size]:
        item = marshal.customer_row(customer)
        item["invoices"] = len(customer.invoices)
        if web.bool_arg("with_balance"):
            item["balance"] = marshal.money(service.balance(customer))
        items.append(item)
    return web.respond(items, headers=web.page_headers(page, size, len(rows)))


@bp.get("/customers/<int(max=2147483647):customer_id>")
def detail(customer_id):
    customer = service.customer(web.current_user(), customer_id)
    lang = web.language()
    payload = marshal.customer_row(customer)
    payload.update(service.summary(customer))
    payload["last_created"] = marshal.stamp(payload["last_created"])
    payload["balance"] = marshal.money(service.balance(customer))
    payload["invoices"] = [marshal.invoice_row(i, lang, service.outstanding(i))
                           for i in customer.invoices]
    if web.is_staff():
        payload["memo"] = customer.memo
    return web.respond_with_etag(payload)


@bp.get("/customers/<int(max=2147483647):customer_id>/statement")
def statement(customer_id):
    customer = service.customer(web.current_user(), customer_id)
    lang = web.language()
    until = web.date_arg("until", web.today())
    rows, balance = service.statement(customer, until)
    html = render_template_string(STATEMENT, customer=customer, rows=rows, balance=balance,
                                  lang=lang, title=TITLES.get(lang, TITLES["en"]))
    response = Response(html, content_type="text/html; charset=utf-8")
    response.headers["Content-Language"] = lang
    response.headers["Vary"] = "Accept-Language, X-User"
    return response


@bp.get("/invoices")
def invoices():
    user = web.require("customer", "clerk", "admin")
    rows = service.invoices(user, {
        "statuses": web.list_arg("status", INVOICE_STATUSES),
        "issued_from": web.date_arg("from"), "issued_to": web.date_arg("to"),
        "min_total": web.decimal_arg("min_total"), "overdue": web.bool_arg("overdue"),
    }, web.sort_arg(("issued", "total", "number"), "-issued"))
    page, size = web.page_args()
    start = (page - 1) * size
    items = [marshal.invoice_row(i, web.language(), service.outstanding(i))
             for i in rows[start:start + size]]
    return web.respond({"items": items, "sum": marshal.money(sum((i.total for i in rows), service.ZERO))},
                       headers=web.page_headers(page, size, len(rows)))


def invoice_payload(invoice):
    payload = marshal.invoice_row(invoice, web.language(), service.outstanding(invoice))
    payload["lines"] = [marshal.line(entry) for entry in invoice.lines]
    payload["refunds"] = [marshal.refund(r) for r in invoice.refunds]
    return payload


@bp.get("/invoices/<int(max=2147483647):invoice_id>")
def invoice_detail(invoice_id):
    user = web.require("customer", "clerk", "admin")
    return web.respond_with_etag(invoice_payload(service.invoice(user, invoice_id)))


@bp.post("/invoices/<int(max=2147483647):invoice_id>/refunds")
def add_refund(invoice_id):
    user = web.require("customer", "clerk", "admin")
    invoice = service.invoice(user, invoice_id)
    refund = service.add_refund(user, invoice, web.json_body())
    return web.respond(marshal.refund(refund), 201, {"Location": f"/invoices/{invoice_id}"})


@bp.delete("/refunds/<int(max=2147483647):refund_id>")
def withdraw_refund(refund_id):
    user = web.require("customer", "clerk", "admin")
    return web.respond(invoice_payload(service.withdraw_refund(user, refund_id)))


@bp.get("/reports/revenue")
def revenue():
    web.require("clerk", "admin")
    group = request.args.get("group", "month")
    if group not in ("month", "city", "status"):
        raise web.bad("group")
    start, end = service.default_period()
    start = web.date_arg("from", start)
    end = web.date_arg("to", end)
    if start > end:
        raise web.ApiError(400, "from is after to", field="from")
    groups = service.revenue(group, start, end)
    rows = [{"group": key, "invoices": groups[key]["invoices"], "lines": groups[key]["lines"],
             "total": marshal.money(groups[key]["total"]), "refunded": marshal.money(groups[key]["refunded"])}
            for key in sorted(groups)]
    return web.respond({"from": start.isoformat(), "to": end.isoformat(), "rows": rows,
                        "total": marshal.money(sum((g["total"] for g in groups.values()), service.ZERO))})
