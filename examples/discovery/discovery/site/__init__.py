"""The site for people: pages made on the server over the platform's own JSON API, usable without JavaScript."""

from __future__ import annotations

from flask import Blueprint, Flask

from discovery.site import account, admin, bookings, forms, guard, location, search, shown


def install(app: Flask) -> None:
    """Adds the pages. They ask the API of the same application, as any other client would."""
    site = Blueprint("site", __name__, template_folder="templates", static_folder="static", static_url_path="/assets")
    guard.protect(site)
    for part in (search, location, bookings, account, admin):
        part.add_to(site)
    shown.add_to(site)
    site.context_processor(forms.for_templates)
    app.register_blueprint(site)
