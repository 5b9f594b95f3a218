"""Blueprint: tariffs, quotes, drivers, routes, punctuality."""
import datetime as dt

from flask import Blueprint, Response, request

from courier import marshal, network_service as service, web

bp = Blueprint("network", __name__)

ROUTE_STATUSES = ("open", "running", "done")


@bp.get("/tariffs")
def tariffs():
    lang = web.language() if request.headers.get("X-User") else "en"
    rows = service.tariffs(web.date_arg("on", web.today()), web.list_arg("zone"))
    return web.respond([marshal.tariff(t, lang) for t in rows],
                       headers={"Cache-Control": "public, max-age=300", "Content-Language": lang,
                                "Vary": "Accept-Language, X-User"})


@bp.get("/quote")
def quote():
    zone = request.args.get("zone")
    weight = web.int_arg("weight", low=0)
    if not zone or weight is None:
        raise web.bad("zone" if not zone else "weight", "required")
    declared = web.decimal_arg("value")
    if declared is not None and (declared < 0 or declared > 1000000):
        raise web.bad("value")
    discount = 0
    if request.headers.get("X-User") is not None:
        user = web.current_user()
        if user.customer is not None:
            discount = user.customer.discount
    tariff = service.tariff_for(zone, weight, web.date_arg("on", web.today()))
    if tariff is None:
        raise web.ApiError(404, "no tariff")
    price = service.price(tariff, weight, declared, discount)
    return web.respond({"tariff": tariff.code, "price": marshal.money(price), "discount": discount,
                        "insured": declared is not None and declared > service.INSURED_FROM,
                        "per_kg": float(tariff.per_kg)})


@bp.get("/drivers")
def drivers():
    web.require("clerk", "admin")
    since = web.date_arg("since")
    items = []
    for driver in service.drivers(web.bool_arg("active"), web.date_arg("hired_before"),
                                  web.sort_arg(("id", "name", "routes"), "id")):
        item = marshal.driver(driver)
        item.update(service.driver_stats(driver, since))
        items.append(item)
    return web.respond(items, headers={"X-Total-Count": str(len(items))})


@bp.get("/routes")
def routes():
    user = web.require("driver", "clerk", "admin")
    day_to = web.date_arg("to", web.today())
    day_from = web.date_arg("from", day_to - dt.timedelta(days=7))
    items = []
    for tour in service.routes(user, web.current_role(), day_from, day_to,
                               web.list_arg("status", ROUTE_STATUSES), web.int_arg("driver")):
        items.append({
            "id": tour.id, "name": tour.name, "day": marshal.day(tour.day), "status": tour.status,
            "driver": tour.driver.name if tour.driver else None,
            "stops": len(tour.parcels),
            "weight_kg": marshal.kilograms(sum(p.weight_g for p in tour.parcels)),
            "km": None if tour.km is None else float(tour.km),
        })
    return web.respond(items, headers={"X-Total-Count": str(len(items))})


@bp.get("/routes/<int(max=2147483647):route_id>")
def route_detail(route_id):
    user = web.require("driver", "clerk", "admin")
    tour = service.route(user, web.current_role(), route_id)
    lang = web.language()
    stops = sorted(tour.parcels, key=lambda p: (p.stop_no is None, p.stop_no or 0, p.id))
    payload = {"id": tour.id, "name": tour.name, "day": marshal.day(tour.day), "status": tour.status,
               "km": None if tour.km is None else float(tour.km),
               "stops": [marshal.stop(p, lang) for p in stops],
               "cities": sorted({p.city for p in stops if p.city})}
    if tour.driver is not None:
        payload["driver"] = marshal.driver(tour.driver)
    if request.args.get("format") == "text":
        text = "\n".join(f"{s['stop'] or '-'}\t{s['recipient']}\t{s['city']}" for s in payload["stops"])
        return Response(text + "\n", content_type="text/plain; charset=utf-8")
    return web.respond_with_etag(payload)


@bp.get("/reports/punctuality")
def punctuality():
    web.require("clerk", "admin")
    end = web.date_arg("to", web.today())
    start = web.date_arg("from", end - dt.timedelta(days=14))
    rows = service.punctuality(start, end, web.int_arg("min_parcels", 1, low=0))
    return web.respond({"from": marshal.day(start), "to": marshal.day(end), "drivers": rows})
