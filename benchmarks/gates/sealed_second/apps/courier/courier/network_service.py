"""Tariffs, prices, drivers and routes."""
from decimal import ROUND_HALF_UP, Decimal
from statistics import median

from sqlalchemy import or_, select

from courier import marshal, web
from courier.db import Session
from courier.models import Driver, Route, Tariff

CENT = Decimal("0.01")
INSURED_FROM = Decimal(100)
INSURANCE = Decimal("0.015")


def tariffs(on, zones):
    query = select(Tariff).where(Tariff.valid_from <= on,
                                 or_(Tariff.valid_to.is_(None), Tariff.valid_to >= on))
    if zones is not None:
        query = query.where(Tariff.zone.in_(zones))
    return list(Session.scalars(query.order_by(Tariff.zone, Tariff.max_weight_g, Tariff.id)))


def tariff_for(zone, weight, on):
    """The smallest tariff of the zone that carries the weight."""
    for tariff in tariffs(on, [zone]):
        if weight <= tariff.max_weight_g:
            return tariff
    return None


def price(tariff, weight, declared, discount):
    """Base price, started kilograms above the first, insurance, less the discount."""
    extra_kg = max(0, -(-(weight - 1000) // 1000))
    amount = tariff.base_price + tariff.per_kg * extra_kg
    amount = amount * (100 - discount) / 100
    if declared is not None and declared > INSURED_FROM:
        amount += (declared - INSURED_FROM) * INSURANCE
    return amount.quantize(CENT, ROUND_HALF_UP)


def drivers(active, hired_before, sort):
    query = select(Driver)
    if active is not None:
        query = query.where(Driver.active == active)
    if hired_before is not None:
        query = query.where(Driver.hired_on < hired_before)
    rows = list(Session.scalars(query.order_by(Driver.id)))
    field, descending = sort
    if field == "name":
        rows.sort(key=lambda d: (d.name, d.id), reverse=descending)
    elif field == "routes":
        rows.sort(key=lambda d: len(d.routes), reverse=descending)
    return rows


def driver_stats(driver, since):
    routes = [r for r in driver.routes if since is None or r.day >= since]
    km = sum((r.km for r in routes if r.km is not None), Decimal(0))
    measured = sum(1 for r in routes if r.km is not None)
    return {"routes": len(routes), "km": str(km.quantize(CENT)),
            "km_per_route": float(round(km / measured, 1)) if measured else None,
            "last_day": marshal.day(routes[-1].day) if routes else None}


def route(user, role, route_id):
    found = Session.get(Route, route_id)
    if found is None:
        raise web.ApiError(404, "no such route")
    if role == "driver" and found.driver_id != user.driver_id:
        raise web.ApiError(403, "not your route")
    return found


def routes(user, role, day_from, day_to, statuses, driver_id):
    query = select(Route)
    if role == "driver":
        query = query.where(Route.driver_id == user.driver_id)
    elif driver_id is not None:
        query = query.where(Route.driver_id.is_(None) if driver_id == 0 else Route.driver_id == driver_id)
    if day_from is not None:
        query = query.where(Route.day >= day_from)
    if day_to is not None:
        query = query.where(Route.day <= day_to)
    if statuses is not None:
        query = query.where(Route.status.in_(statuses))
    return list(Session.scalars(query.order_by(Route.day.desc(), Route.id)))


def punctuality(start, end, min_parcels):
    """Per driver: delivered parcels, share in time, hours from creation to delivery."""
    report = []
    for driver in Session.scalars(select(Driver).order_by(Driver.name, Driver.id)):
        hours, in_time, promised = [], 0, 0
        for tour in driver.routes:
            if not start <= tour.day <= end:
                continue
            for parcel in tour.parcels:
                if parcel.delivered_at is None:
                    continue
                seconds = (parcel.delivered_at - parcel.created_at).total_seconds()
                hours.append(seconds / 3600)
                if parcel.deliver_by is not None:
                    promised += 1
                    if parcel.delivered_at.date() <= parcel.deliver_by:
                        in_time += 1
        if len(hours) < min_parcels:
            continue
        report.append({
            "driver": driver.name, "id": driver.id, "delivered": len(hours),
            "in_time_percent": round(100 * in_time / promised, 1) if promised else None,
            "median_hours": round(median(hours), 2) if hours else None,
            "longest_hours": round(max(hours), 2) if hours else None,
        })
    return report
