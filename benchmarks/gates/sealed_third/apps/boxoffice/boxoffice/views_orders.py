"""Orders, tickets, promo codes."""
from flask import g, jsonify
from flask.views import MethodView

from . import config
from .db import with_session
from .errors import Conflict, Forbidden, Invalid, NotFound
from .money import money
from .params import (
    bool_arg,
    choice_arg,
    current_user,
    date_arg,
    decimal_arg,
    int_arg,
    json_body,
    language,
    list_arg,
    page_args,
    paged,
    require_role,
    text_arg,
)
from .repositories import AuditRepository, OrderRepository, PromoRepository, SettingRepository
from .serializers import OrderSerializer, PromoSerializer
from .services import CheckInService, OrderService, promo_discount


class OrderListView(MethodView):
    decorators = [with_session]

    def get(self):
        user = current_user()
        user_id = user.id
        if user.role == "staff":
            user_id = int_arg("user")
        page = page_args()
        orders, total = OrderRepository(g.session).search(
            page,
            choice_arg("sort", tuple(OrderRepository.SORTS), "-placed"),
            user_id=user_id,
            statuses=list_arg("status", config.ORDER_STATUSES),
            event_id=int_arg("event"),
            channel=text_arg("channel"),
            min_total=decimal_arg("min_total"),
            max_total=decimal_arg("max_total"),
            placed_from=date_arg("placed_from"),
            placed_to=date_arg("placed_to"),
            has_promo=bool_arg("has_promo"),
            note=text_arg("note"),
        )
        response = paged(OrderSerializer(language()).many(orders), page, total)
        response.headers["Cache-Control"] = "private, no-store"
        return response

    def post(self):
        user = current_user()
        order = OrderService(g.session).place(user, json_body())
        payload = {
            "id": order.id,
            "status": order.status,
            "total": money(order.total),
            "discount": money(order.discount),
            "tickets": [ticket.code for line in order.lines for ticket in line.tickets],
        }
        response = jsonify(payload)
        response.status_code = 201
        response.headers["Location"] = f"/orders/{order.id}"
        return response


class OrderView(MethodView):
    decorators = [with_session]

    def get(self, order_id):
        user = current_user()
        order = OrderRepository(g.session).get(order_id)
        if order is None:
            raise NotFound("no such order")
        if order.user_id != user.id and user.role not in ("staff", "finance"):
            raise Forbidden("not your order")
        response = jsonify(OrderSerializer(language()).full(order))
        response.headers["Cache-Control"] = "private, no-store"
        return response


class OrderCancelView(MethodView):
    decorators = [with_session]

    def post(self, order_id):
        user = current_user()
        reason = json_body().get("reason")
        if reason is not None and not isinstance(reason, str):
            raise Invalid("reason must be a string", field="reason")
        return jsonify(OrderService(g.session).cancel(user, order_id, reason))


class CheckInView(MethodView):
    decorators = [with_session]

    def post(self, code):
        require_role("staff")
        gate = json_body().get("gate", "main")
        if not isinstance(gate, str) or not gate.strip():
            raise Invalid("gate must be a string", field="gate")
        return jsonify(CheckInService(g.session).scan(code, gate.strip()))


class PromoListView(MethodView):
    decorators = [with_session]

    def get(self):
        require_role("staff", "finance")
        day = date_arg("active_on")
        kind = choice_arg("kind", ("percent", "amount"), None)
        exhausted = bool_arg("exhausted")
        prefix = text_arg("prefix", "").upper()
        page = page_args()
        found = []
        for promo in PromoRepository(g.session).all():
            if day is not None and not promo.active_on(day):
                continue
            if kind == "percent" and promo.percent is None:
                continue
            if kind == "amount" and promo.amount is None:
                continue
            if exhausted is not None and promo.exhausted != exhausted:
                continue
            if not promo.code.startswith(prefix):
                continue
            found.append(promo)
        return paged(PromoSerializer().many(page.cut(found)), page, len(found))


class PromoQuoteView(MethodView):
    decorators = [with_session]

    def get(self, code):
        total = decimal_arg("total")
        if total is None or total < 0:
            raise Invalid("total is needed and must not be negative", field="total")
        promo = PromoRepository(g.session).by_code(code)
        if promo is None:
            raise NotFound("no such promo code")
        today = SettingRepository(g.session).today()
        discount = promo_discount(promo, total, int_arg("event"), today)
        return jsonify({
            "code": promo.code,
            "total": money(total),
            "discount": money(discount),
            "payable": money(total - discount),
        })


class PromoView(MethodView):
    decorators = [with_session]

    def delete(self, code):
        user = require_role("staff", "finance")
        repo = PromoRepository(g.session)
        promo = repo.lock_by_code(code)
        if promo is None:
            raise NotFound("no such promo code")
        if promo.used > 0 or repo.orders_using(promo.id):
            raise Conflict("promo code was used", used=promo.used)
        repo.delete(promo)
        AuditRepository(g.session).add(user, "promo.deleted", "promo", promo.id, promo.code)
        g.session.commit()
        return jsonify({"deleted": promo.code})
