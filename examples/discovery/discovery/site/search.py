"""`/`: the search with its 13 filters, results and pages."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from discovery.site import api, notices

FILTERS = ("city", "date", "start_time", "end_time", "capacity_min", "capacity_max", "category", "add_ons", "lat",
           "lng", "page", "page_size", "cache")  # fmt: skip
MORE = ("capacity_max", "add_ons", "lat", "lng", "page_size", "cache")
"""Filters in the part of the form that is folded away; how many of them are used is said."""
POPULAR = ("lisbon", "berlin", "london", "paris", "madrid", "amsterdam")
PAGES_AROUND = 2
CLOCKS = [f"{hour:02}:{minute:02}" for hour in range(6, 23) for minute in (0, 30)]


def add_to(site: Blueprint) -> None:
    """Adds the page."""
    site.add_url_rule("/", "search", search)


def search() -> str | tuple[str, int] | Response:
    """The form alone at first, with results once it was sent."""
    given = wanted(request.args)
    choices = api.get("/v1/filters").content
    context: dict[str, Any] = {"given": given, "choices": choices, "clocks": CLOCKS, "today": today(),
                               "more_used": sum(bool(given[name]) for name in MORE)}  # fmt: skip
    if not any(name in request.args for name in FILTERS):
        cities = {city["slug"]: city for city in choices.get("cities", [])}
        context["popular"] = [cities[slug] for slug in POPULAR if slug in cities]
        context["last"] = notices.last_search()
        return render_template("site/start.html", **context)
    answer = api.get("/v1/discovery", **given)
    if not answer.ok:
        return render_template("site/results.html", **context, problem=answer.error, found=None), answer.status
    found = answer.content
    if found["items"] == [] and 1 <= found["pages"] < found["page"]:
        return redirect(url_for("site.search", **{**request.args.to_dict(flat=False), "page": found["pages"]}))
    notices.keep_search(request.query_string.decode("ascii", "replace"))
    return render_template("site/results.html", **context, problem=None, found=found, pages=page_links(found))


def wanted(args: Any) -> dict[str, str]:
    """The filters as texts, "" where not given; ticked add-ons become the comma separated list of the API."""
    given = {name: (args.get(name) or "").strip() for name in FILTERS}
    given["add_ons"] = ",".join(part.strip() for part in args.getlist("add_ons") if part.strip())
    return given


def today() -> str:
    """The date that counts without one."""
    return dt.datetime.now(dt.UTC).date().isoformat()


def page_links(found: dict[str, Any]) -> list[int | None]:
    """Numbers of the pages to link: the first, the last, those around this one; None for a gap."""
    here, last = found["page"], found["pages"]
    near = range(here - PAGES_AROUND, here + PAGES_AROUND + 1)
    numbers = sorted({1, last, *(number for number in near if 1 <= number <= last)} - {0})
    links: list[int | None] = []
    for number in numbers:
        if links and number - (links[-1] or 0) > 1:
            links.append(None)
        links.append(number)
    return links
