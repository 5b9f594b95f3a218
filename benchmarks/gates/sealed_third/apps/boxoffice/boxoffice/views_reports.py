"""Reports for staff and finance: aggregates, the CSV export and payouts."""
import csv
import io
from datetime import timedelta

from flask import Response, g, jsonify
from flask.views import MethodView
from sqlalchemy import text

from . import config
from .db import with_session
from .errors import Forbidden
from .money import ZERO, cents, money, share
from .params import (
    choice_arg,
    current_user,
    date_arg,
    day_start,
    decimal_arg,
    int_arg,
    list_arg,
    page_args,
    paged,
    require_role,
)
from .repositories import EventRepository, PayoutRepository, TicketRepository
from .serializers import PayoutSerializer

GROUPS = {
    "event": "e.id || ' ' || e.title",
    "genre": "coalesce(e.genre, '(none)')",
    "day": "to_char(o.placed_at, 'YYYY-MM-DD')",
    "channel": "o.channel",
}

SALES_SQL = """
SELECT {key} AS key, count(DISTINCT o.id) AS orders, sum(l.quantity) AS tickets,
       sum(l.quantity * l.unit_price) AS revenue
FROM orders o
JOIN order_lines l ON l.order_id = o.id
JOIN events e ON e.id = o.event_id
WHERE o.status = 'paid' AND o.placed_at >= :since AND o.placed_at < :until
GROUP BY 1
ORDER BY revenue DESC, key
"""

CUSTOMERS_SQL = """
SELECT u.id, u.name, u.email, count(o.id) AS orders, coalesce(sum(o.total), 0) AS spent,
       max(o.placed_at) AS last_order
FROM users u
LEFT JOIN orders o ON o.user_id = u.id AND o.status = 'paid'
WHERE u.role = 'customer'
GROUP BY u.id, u.name, u.email
HAVING count(o.id) >= :min_orders
ORDER BY spent DESC, u.id
LIMIT :limit
"""

CSV_SQL = """
SELECT o.id, o.placed_at, e.title, c.name, l.quantity, l.unit_price, p.code, o.note
FROM orders o
JOIN order_lines l ON l.order_id = o.id
JOIN categories c ON c.id = l.category_id
JOIN events e ON e.id = o.event_id
LEFT JOIN promo_codes p ON p.id = o.promo_id
WHERE o.status IN ('paid', 'refunded') AND o.placed_at >= :since AND o.placed_at < :until
ORDER BY o.placed_at, o.id, l.id
"""


def period():
    """from/to as datetimes; to is inclusive."""
    first = date_arg("from") or config.FIRST_DAY
    last = date_arg("to") or config.LAST_DAY
    return {"since": day_start(first), "until": day_start(last) + timedelta(days=1)}


class SalesReportView(MethodView):
    decorators = [with_session]

    def get(self):
        require_role("staff", "finance")
        group = choice_arg("group", tuple(GROUPS), "event")
        min_revenue = decimal_arg("min_revenue")
        rows = g.session.execute(text(SALES_SQL.format(key=GROUPS[group])), period()).all()
        total = sum((row.revenue for row in rows), ZERO)
        items = []
        for row in rows:
            if min_revenue is not None and row.revenue < min_revenue:
                continue
            items.append({
                "key": row.key,
                "orders": row.orders,
                "tickets": row.tickets,
                "revenue": money(row.revenue),
                "average": money(row.revenue / row.orders),
                "share": share(row.revenue, total),
            })
        return jsonify({"group": group, "rows": items, "revenue": money(total)})


class AttendanceView(MethodView):
    decorators = [with_session]

    def get(self):
        require_role("staff", "finance")
        limit = int_arg("limit", 30, minimum=1, maximum=200)
        min_rate = decimal_arg("min_rate")
        repo = TicketRepository(g.session)
        events = EventRepository(g.session).search(
            statuses=["published", "archived"], starts_from=date_arg("from"), starts_to=date_arg("to"),
        )
        rows = []
        for event in events:
            sold = repo.sold_for_event(event.id)
            admitted = repo.admitted_for_event(event.id)
            if min_rate is not None and (sold == 0 or admitted * 100 < min_rate * sold):
                continue
            rows.append({
                "event": event.id,
                "title": event.title,
                "date": event.starts_at.date().isoformat(),
                "sold": sold,
                "admitted": admitted,
                "no_shows": sold - admitted,
                "rate": share(admitted, sold),
            })
            if len(rows) == limit:
                break
        return jsonify({"rows": rows, "count": len(rows)})


class CustomersView(MethodView):
    decorators = [with_session]

    def get(self):
        require_role("staff", "finance")
        rows = g.session.execute(text(CUSTOMERS_SQL), {
            "min_orders": int_arg("min_orders", 1, minimum=0, maximum=10000),
            "limit": int_arg("limit", 10, minimum=0, maximum=500),
        })
        items = []
        for rank, row in enumerate(rows, start=1):
            item = {
                "rank": rank,
                "id": row.id,
                "name": row.name,
                "orders": row.orders,
                "spent": money(row.spent),
                "last_order": row.last_order.isoformat() if row.last_order is not None else None,
            }
            if row.email:
                item["email"] = row.email
            items.append(item)
        return jsonify(items)


class SalesCsvView(MethodView):
    """The export is large: the session is given back before the text is made."""

    @with_session
    def load(self):
        require_role("staff", "finance")
        return g.session.execute(text(CSV_SQL), period()).all()

    def get(self):
        rows = self.load()
        out = io.StringIO()
        writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
        writer.writerow(["order", "placed_at", "event", "category", "quantity", "unit_price", "amount", "promo", "note"])
        total = ZERO
        for row in rows:
            amount = row.quantity * row.unit_price
            total += amount
            writer.writerow([
                row.id, row.placed_at.strftime("%Y-%m-%d %H:%M"), row.title, row.name, row.quantity,
                money(row.unit_price), money(amount), row.code or "-", " ".join((row.note or "").split()),
            ])
        writer.writerow(["total", "", "", "", sum(row.quantity for row in rows), "", money(total), "", ""])
        response = Response(out.getvalue(), content_type="text/csv; charset=utf-8")
        response.headers["Content-Disposition"] = 'attachment; filename="sales.csv"'
        response.headers["X-Row-Count"] = str(len(rows))
        return response


class PayoutListView(MethodView):
    decorators = [with_session]

    def get(self):
        user = current_user()
        if user.role == "finance":
            organiser_id = int_arg("organiser")
        elif user.role == "organiser" and user.organiser_id is not None:
            organiser_id = user.organiser_id
        else:
            raise Forbidden("payouts are for finance and organisers")
        page = page_args()
        min_net = decimal_arg("min_net")
        payouts = PayoutRepository(g.session).search(
            organiser_id=organiser_id,
            statuses=list_arg("status", config.PAYOUT_STATUSES),
            year=int_arg("year"),
        )
        rows = PayoutSerializer().with_running(payouts)
        if min_net is not None:
            rows = [row for row, payout in zip(rows, payouts) if payout.net >= min_net]
            payouts = [payout for payout in payouts if payout.net >= min_net]
        totals = {
            "gross": money(sum((payout.gross for payout in payouts), ZERO)),
            "fees": money(sum((payout.fees for payout in payouts), ZERO)),
            "net": money(cents(sum((payout.net for payout in payouts), ZERO))),
            "paid": sum(1 for payout in payouts if payout.status == "paid"),
        }
        return paged(page.cut(rows), page, len(rows), totals=totals)
