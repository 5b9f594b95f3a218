"""Traces, metrics and structured logs of an application, sent to an OTLP collector where there is one.

Nothing personal goes there: of a request its method, its route (not the path, not a parameter), its status and how
long it took; of an exception its type.
"""

from __future__ import annotations

import os

from flask import Flask

from discovery.settings import Version

VARIABLE = "OTEL_EXPORTER_OTLP_ENDPOINT"


def install(app: Flask, version: Version) -> None:
    """Has every request of the application recorded; does nothing, and imports nothing, without a collector."""
    if os.environ.get(VARIABLE):
        from discovery.telemetry import export, requests

        requests.install(app, export.set_up(f"discovery-{version}"))
