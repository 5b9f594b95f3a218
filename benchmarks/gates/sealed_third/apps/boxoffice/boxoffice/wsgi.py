"""The WSGI application: gunicorn boxoffice.wsgi:app"""
from flask import Flask

from .errors import register_errors
from .money import money
from .views_events import (
    AvailabilityView,
    EventListView,
    EventView,
    ProgrammeView,
    VenueListView,
    VenueView,
)
from .views_orders import (
    CheckInView,
    OrderCancelView,
    OrderListView,
    OrderView,
    PromoListView,
    PromoQuoteView,
    PromoView,
)
from .views_reports import (
    AttendanceView,
    CustomersView,
    PayoutListView,
    SalesCsvView,
    SalesReportView,
)

ROUTES = [
    ("/events", EventListView),
    ("/events/<int:event_id>", EventView),
    ("/events/<int:event_id>/availability", AvailabilityView),
    ("/venues", VenueListView),
    ("/venues/<int:venue_id>", VenueView),
    ("/programme", ProgrammeView),
    ("/orders", OrderListView),
    ("/orders/<int:order_id>", OrderView),
    ("/orders/<int:order_id>/cancel", OrderCancelView),
    ("/tickets/<code>/check-in", CheckInView),
    ("/promo-codes", PromoListView),
    ("/promo-codes/<code>", PromoView),
    ("/promo-codes/<code>/quote", PromoQuoteView),
    ("/reports/sales", SalesReportView),
    ("/reports/sales.csv", SalesCsvView),
    ("/reports/attendance", AttendanceView),
    ("/reports/customers", CustomersView),
    ("/payouts", PayoutListView),
]


def create_app():
    app = Flask(__name__)
    app.jinja_env.filters["money"] = money
    register_errors(app)
    for rule, view in ROUTES:
        name = rule.strip("/").replace("/", "_") or "root"
        app.add_url_rule(rule, view_func=view.as_view(name.replace(".", "_")))
    return app


app = create_app()
