from flask import Blueprint, Response, g, jsonify, render_template_string
from flask.views import MethodView

from .auth import current_language, require_user
from .db import business_date, get_session, release
from .http import ApiError, Page, bool_arg, date_arg, decimal_arg, int_arg, list_arg, paged_response, str_arg
from .models import PAYMENT_KINDS, STATUSES
from .serializers import money
from .service_office import CustomerService, HandlerService, PolicyService, ProductService
from .service_reports import TITLES, ReportService, payments_csv, seal

office_bp = Blueprint("office", __name__)
reports_bp = Blueprint("reports", __name__, url_prefix="/reports")

PRODUCTS_PAGE = """<!doctype html>
<html lang="{{ language }}"><head><title>{{ t.title }}</title></head><body>
<h1>{{ t.title }} ({{ today }})</h1>
<table>
<tr><th>{{ t.product }}</th><th>{{ t.claims }}</th><th>{{ t.paid }}</th>{% for s in statuses %}<th>{{ s }}</th>{% endfor %}</tr>
{% for row in rows %}<tr><td>{{ row.name }}</td><td>{{ row.claims }}</td><td>{{ money(row.paid) }}</td>\
{% for n in row.statuses %}<td>{{ n }}</td>{% endfor %}</tr>
{% endfor %}</table>
</body></html>
"""


class PolicyList(MethodView):
    decorators = [require_user()]

    def get(self):
        page = Page.from_request(25)
        items, total = PolicyService(get_session()).search(
            page,
            product=str_arg("product"),
            active_on=date_arg("active_on"),
            customer_id=int_arg("customer"),
            text=str_arg("q"),
            limit_min=decimal_arg("limit_min"),
        )
        return paged_response(items, total, page)


class PolicyItem(MethodView):
    decorators = [require_user()]

    def get(self, policy_id):
        return jsonify(PolicyService(get_session()).detail(policy_id))


class CustomerList(MethodView):
    decorators = [require_user()]

    def get(self):
        page = Page.from_request()
        items, total = CustomerService(get_session()).search(
            page, text=str_arg("q"), cities=list_arg("city"), vip=bool_arg("vip"), has_claims=bool_arg("has_claims"))
        return paged_response(items, total, page)


class CustomerItem(MethodView):
    decorators = [require_user()]

    def get(self, customer_id):
        return jsonify(CustomerService(get_session()).detail(customer_id))


class HandlerList(MethodView):
    decorators = [require_user()]

    def get(self):
        rows = HandlerService(get_session(), g.user).overview(str_arg("branch"), bool_arg("active"))
        return jsonify({"handlers": rows})


class Worklist(MethodView):
    decorators = [require_user("handler", "supervisor")]

    def get(self):
        rows, total = HandlerService(get_session(), g.user).worklist(int_arg("top", 10, minimum=0))
        response = jsonify({"user": g.user.name, "claims": rows, "total": total})
        response.headers["X-Total-Count"] = str(total)
        response.headers["Vary"] = "X-User"
        return response


class ProductList(MethodView):
    decorators = [require_user()]

    def get(self):
        language = current_language()
        response = jsonify({"language": language,
                            "products": ProductService(get_session()).list(language, bool_arg("discontinued"))})
        response.headers["Content-Language"] = language
        response.headers["Vary"] = "X-User, X-Language"
        return response


class MonthlyReport(MethodView):
    decorators = [require_user("supervisor", "auditor")]

    def get(self):
        year = int_arg("year", minimum=1)
        if year is None:
            year = business_date().year
        if year > 9999:
            raise ApiError(400, "bad_parameter", "year is out of range", parameter="year")
        return jsonify({"year": year, "months": ReportService(get_session()).monthly(year, int_arg("branch"))})


class BranchReport(MethodView):
    decorators = [require_user("supervisor", "auditor")]

    def get(self):
        date_from, date_to = date_arg("from"), date_arg("to")
        if date_from is not None and date_to is not None and date_from > date_to:
            raise ApiError(400, "bad_parameter", "from is after to", parameter="from")
        return jsonify({"branches": ReportService(get_session()).branches(date_from, date_to)})


class PayeeReport(MethodView):
    decorators = [require_user("supervisor", "auditor")]

    def get(self):
        minimum = decimal_arg("minimum")
        return jsonify({"payees": ReportService(get_session()).payees(
            0 if minimum is None else minimum, min(int_arg("top", 20, minimum=0), 200))})


class PaymentsCsv(MethodView):
    decorators = [require_user("supervisor", "auditor")]

    def get(self):
        today = business_date()
        date_from = date_arg("from", today.replace(day=1))
        date_to = date_arg("to", today)
        rows = ReportService(get_session()).payment_rows(date_from, date_to, list_arg("kind", PAYMENT_KINDS))
        release()
        content = payments_csv(rows)
        response = Response(content, mimetype="text/csv")
        response.headers["Content-Disposition"] = f'attachment; filename="payments-{date_from}-{date_to}.csv"'
        response.headers["X-Row-Count"] = str(len(rows))
        response.headers["X-Seal"] = seal(content)
        return response


class ProductsPage(MethodView):
    decorators = [require_user()]

    def get(self):
        language = current_language()
        rows = ReportService(get_session()).products(language)
        today = business_date()
        release()
        html = render_template_string(PRODUCTS_PAGE, t=TITLES[language], language=language, rows=rows,
                                      today=today.isoformat(), statuses=STATUSES, money=money)
        return Response(html, headers={"Content-Language": language})


office_bp.add_url_rule("/policies", view_func=PolicyList.as_view("policies"))
office_bp.add_url_rule("/policies/<int:policy_id>", view_func=PolicyItem.as_view("policy"))
office_bp.add_url_rule("/customers", view_func=CustomerList.as_view("customers"))
office_bp.add_url_rule("/customers/<int:customer_id>", view_func=CustomerItem.as_view("customer"))
office_bp.add_url_rule("/handlers", view_func=HandlerList.as_view("handlers"))
office_bp.add_url_rule("/handlers/me/worklist", view_func=Worklist.as_view("worklist"))
office_bp.add_url_rule("/products", view_func=ProductList.as_view("products"))
reports_bp.add_url_rule("/monthly", view_func=MonthlyReport.as_view("monthly"))
reports_bp.add_url_rule("/branches", view_func=BranchReport.as_view("branches"))
reports_bp.add_url_rule("/payees", view_func=PayeeReport.as_view("payees"))
reports_bp.add_url_rule("/payments.csv", view_func=PaymentsCsv.as_view("payments_csv"))
reports_bp.add_url_rule("/products.html", view_func=ProductsPage.as_view("products_page"))
