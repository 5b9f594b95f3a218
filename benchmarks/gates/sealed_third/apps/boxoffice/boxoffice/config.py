"""Settings of the application; everything that is not in the database."""
import os
from datetime import date

DATABASE_URL = os.environ.get("BOXOFFICE_DATABASE_URL", "postgresql:///boxoffice")
POOL_SIZE = 5
POOL_TIMEOUT = 8

PAGE_SIZE = 20
MAX_PAGE_SIZE = 100
MAX_PAGE = 10000

LANGUAGES = ("en", "de")
DEFAULT_LANGUAGE = "en"

MAX_TICKETS_PER_ORDER = 10

# reports without from/to cover all seasons
FIRST_DAY = date(2023, 1, 1)
LAST_DAY = date(2025, 12, 31)

EVENT_STATUSES = ("draft", "published", "cancelled", "archived")
ORDER_STATUSES = ("reserved", "paid", "cancelled", "refunded")
PAYOUT_STATUSES = ("open", "paid", "held")
