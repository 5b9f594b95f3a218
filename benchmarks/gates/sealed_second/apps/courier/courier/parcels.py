"""Blueprint: parcels."""
import csv
import hashlib
import io

from flask import Blueprint, Response, request

from courier import marshal, parcel_service as service, web
from courier.db import release
from courier.models import PARCEL_STATUSES

bp = Blueprint("parcels", __name__)

SIGNING_KEY = b"courier-manifest"


def read_filters():
    return {
        "status": web.list_arg("status", PARCEL_STATUSES),
        "customer": web.int_arg("customer"),
        "city": request.args.get("city"),
        "min_weight": web.int_arg("min_weight"),
        "max_weight": web.int_arg("max_weight"),
        "min_value": web.decimal_arg("min_value"),
        "priority": web.int_arg("priority"),
        "created_from": web.date_arg("created_from"),
        "created_to": web.date_arg("created_to"),
        "tags": web.list_arg("tags"),
        "routed": web.bool_arg("routed"),
    }


@bp.get("/parcels")
def index():
    user = web.current_user()
    role = web.current_role()
    filters = read_filters()
    filters["q"] = request.args.get("q")
    sort = web.sort_arg(service.SORTS, "-created")
    page, size = web.page_args()
    rows, total = service.search(user, role, filters, sort, page, size)
    items = [marshal.parcel_row(p, web.language(), role, web.today()) for p in rows]
    return web.respond({"items": items, "page": page, "page_size": size, "total": total},
                       headers=web.page_headers(page, size, total))


@bp.get("/parcels.csv")
def manifest():
    user = web.require("customer", "clerk", "admin")
    lang = web.language()
    filters = read_filters()
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";" if lang == "de" else ",")
    writer.writerow(["code", "recipient", "city", "kg", "price", "status", "created", "note"])
    count = 0
    for p in service.export(user, web.current_role(), filters, request.args.get("q")):
        price = marshal.money(p.price)
        writer.writerow([p.code, p.recipient, p.city, marshal.kilograms(p.weight_g),
                         price.replace(".", ",") if lang == "de" else price,
                         marshal.label(p.status, lang), marshal.day(p.created_at.date()), p.note])
        count += 1
    release()
    text = out.getvalue()
    signature = hashlib.pbkdf2_hmac("sha256", text.encode(), SIGNING_KEY, 60000).hex()
    response = Response(text, content_type="text/csv; charset=utf-8")
    response.headers["X-Row-Count"] = str(count)
    response.headers["X-Signature"] = signature
    response.headers["Content-Disposition"] = 'attachment; filename="parcels.csv"'
    return response


@bp.get("/parcels/<code>")
def detail(code):
    user = web.current_user()
    role = web.current_role()
    parcel = service.by_code(user, role, code)
    return web.respond_with_etag(marshal.parcel_detail(parcel, web.language(), role, web.today()))


@bp.get("/parcels/<code>/events")
def events(code):
    user = web.current_user()
    parcel = service.by_code(user, web.current_role(), code)
    order = request.args.get("order", "asc")
    if order not in ("asc", "desc"):
        raise web.bad("order")
    rows = service.events(parcel, web.list_arg("kind"), web.date_arg("since"), order == "desc")
    limit = web.int_arg("limit", low=0)
    total = len(rows)
    if limit is not None:
        rows = rows[:limit]
    return web.respond([marshal.event(e) for e in rows], headers={"X-Total-Count": str(total)})


@bp.post("/parcels")
def create():
    user = web.require("customer", "clerk", "admin")
    parcel = service.create(user, web.json_body())
    payload = marshal.parcel_detail(parcel, web.language(), web.current_role(), web.today())
    return web.respond(payload, 201, {"Location": f"/parcels/{parcel.code}"})


@bp.patch("/parcels/<code>")
def change(code):
    user = web.require("customer", "clerk", "admin")
    parcel = service.by_code(user, web.current_role(), code)
    parcel = service.change(user, parcel, web.json_body())
    return web.respond_with_etag(
        marshal.parcel_detail(parcel, web.language(), web.current_role(), web.today()))


@bp.post("/parcels/<code>/events")
def scan(code):
    user = web.require("driver", "clerk", "admin")
    role = web.current_role()
    parcel = service.by_code(user, role, code)
    parcel = service.scan(user, parcel, web.json_body())
    return web.respond(marshal.parcel_detail(parcel, web.language(), role, web.today()), 201,
                       {"Location": f"/parcels/{code}/events"})
