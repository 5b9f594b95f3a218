"""Sends one event to the CRM."""

from __future__ import annotations

import json
import logging
import urllib.error
import urllib.request
from typing import Any

from discovery import settings

TIMEOUT = 5.0  # seconds for the CRM to answer; a slow one is asked again
log = logging.getLogger("discovery.crm_sync")


class CrmError(Exception):
    """The CRM did not take the event; it must be sent again."""


def send(*, event: dict[str, Any]) -> None:
    """Sends the event; raises CrmError unless the CRM says that it has it, now or since an earlier try."""
    request = urllib.request.Request(
        f"{settings.crm_url()}/events",
        data=json.dumps(event).encode(),
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            status = answer.status
    except urllib.error.HTTPError as error:
        raise CrmError(f"the CRM answered {error.code}") from None
    except OSError as error:
        raise CrmError(f"the CRM cannot be reached: {error}") from None
    log.info("told the CRM: %s booking=%d event=%s (%d)", event["kind"], event["booking"]["id"], event["id"], status)
