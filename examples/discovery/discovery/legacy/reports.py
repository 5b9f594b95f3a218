"""Reports for the operations team, as CSV on stdout.

python -m discovery.legacy.reports occupancy 2026-03-02
python -m discovery.legacy.reports add-ons
"""

# TODO move to the reporting database

import argparse
import csv
import datetime as dt
import sys
from collections import Counter
from typing import TextIO

from discovery.legacy.addons import all_add_ons, links_of_items
from discovery.legacy.db import Session
from discovery.legacy.occupancy import occupancy_of_day
from discovery.models import ACTIVE, Item


def occupancy_report(day: dt.date, out: TextIO) -> None:
    """One line per item that somebody booked that day."""
    writer = csv.writer(out)
    writer.writerow(["item_id", "attendees", "bookings"])
    for item_id, numbers in occupancy_of_day(day).items():
        writer.writerow([item_id, numbers["attendees"], numbers["bookings"]])


def add_on_report(out: TextIO) -> None:
    """One line per add-on with the number of active items that offer it."""
    with Session() as session:
        item_ids = [item.id for item in session.query(Item).filter(Item.status == ACTIVE).all()]
        offers = Counter(link.add_on_id for link in links_of_items(session, item_ids))
        writer = csv.writer(out)
        writer.writerow(["add_on", "items"])
        for add_on in sorted(all_add_ons(session).values(), key=lambda add_on: add_on.id):
            writer.writerow([add_on.slug, offers[add_on.id]])


def main() -> None:
    """Runs the report named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m discovery.legacy.reports")
    reports = parser.add_subparsers(dest="report", required=True)
    occupancy = reports.add_parser("occupancy", help="people per item on a day")
    occupancy.add_argument("day", type=dt.date.fromisoformat, help="YYYY-MM-DD")
    reports.add_parser("add-ons", help="how many items offer which add-on")
    args = parser.parse_args()
    if args.report == "occupancy":
        occupancy_report(args.day, sys.stdout)
    else:
        add_on_report(sys.stdout)


if __name__ == "__main__":
    main()
