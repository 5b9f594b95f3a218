"""The report's page in a browser: first paint, delay of what a reader does, memory, at 5,000 and 50,000 spans.

All spans are in one recorded run of a report of 20 endpoints in two versions: the worst case for the waterfall. Each
start is a fresh browser window on a file; the two sizes take turns. See README.md.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks._result import alone, arguments, write
from subsecond.report.page.html import page
from tests.report.made_report import made

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--enable-precise-memory-info"]
SIZES = (5_000, 50_000)
STARTS, QUICK_STARTS = 7, 1
SCROLLS = 30
KIB = 1024

_DELAY = """(act) => new Promise((done) => {
    const begin = performance.now();
    act();
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - begin)));
})"""
"""Milliseconds from an action to the end of the frame that shows it."""


def main() -> int:
    """Measures, prints the table and writes the result."""
    given = arguments(__doc__ or "")
    if not os.access(CHROMIUM, os.X_OK):
        print("no-chromium: apt-get install chromium, or CHROMIUM=/path/to/chromium", file=sys.stderr)
        return 2
    load = os.getloadavg()[0]
    with alone(), tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        pages = {size: Path(folder) / f"{size}.html" for size in SIZES}
        for size, path in pages.items():
            path.write_bytes(page(made(spans=size)))
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        runs: dict[int, list[dict[str, float]]] = {size: [] for size in SIZES}
        for _ in range(QUICK_STARTS if given.quick else STARTS):
            for size, path in pages.items():
                runs[size].append(_one(browser, path))
        version = browser.version
        browser.close()
        figures: dict[str, Any] = {
            "browser": f"Chromium {version}, headless",
            "starts": len(runs[SIZES[0]]),
            "spans": {
                str(size): _summary(runs[size]) | {"page_kib": pages[size].stat().st_size // KIB} for size in SIZES
            },
        }
    _show(figures["spans"])
    if not given.no_write:
        print(write("report_page", load, figures, quick=given.quick))
    return 0


def _one(browser: Browser, path: Path) -> dict[str, float]:
    """One start: milliseconds of each thing, MiB of the heap after a garbage collection, nodes of the document."""
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    shown = context.new_page()
    shown.goto(f"{path.as_uri()}#overview")
    shown.wait_for_selector("html[data-ready]")
    painted = shown.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    ready = shown.evaluate("performance.getEntriesByName('subsecond-ready')[0].startTime")
    figures = {"first_paint_ms": painted, "ready_ms": ready}
    figures["open_waterfall_ms"] = _delay(shown, "location.hash = '#waterfall/request-0/legacy'")
    shown.wait_for_selector("[role=treegrid]")
    figures["unfold_ms"] = _delay(shown, "document.querySelector('.row.fold .twist').click()")
    scroll = "document.querySelector('[role=treegrid]').scrollTop += 2000"
    figures["scroll_worst_ms"] = max(_delay(shown, scroll) for _ in range(SCROLLS))
    figures["filter_ms"] = _delay(shown, "document.querySelector('.chip').click()")
    figures["open_diagram_ms"] = _delay(shown, "location.hash = '#architecture/flow-request-0-legacy'")
    shown.wait_for_selector(".stage")
    figures["step_ms"] = _delay(shown, "document.querySelector('.controls [aria-label=Step]').click()")
    devtools = context.new_cdp_session(shown)
    devtools.send("HeapProfiler.collectGarbage")
    devtools.send("Performance.enable")
    metrics = {one["name"]: one["value"] for one in devtools.send("Performance.getMetrics")["metrics"]}
    figures["heap_mib"] = metrics["JSHeapUsedSize"] / KIB**2
    context.close()
    return figures


def _delay(shown: Page, action: str) -> float:
    return float(shown.evaluate(f"({_DELAY})(() => {{ {action} }})"))


def _summary(runs: list[dict[str, float]]) -> dict[str, float]:
    return {key: round(statistics.median(run[key] for run in runs), 1) for key in runs[0]}


def _show(spans: dict[str, dict[str, float]]) -> None:
    sizes = list(spans)
    print(f"{'':20}" + "".join(f"{int(size):>12,}" for size in sizes) + f"{'ratio':>8}")
    for key in spans[sizes[0]]:
        low, high = (spans[size][key] for size in sizes)
        print(f"{key:20}{low:12,.1f}{high:12,.1f}{high / low if low else 0:8.2f}")


if __name__ == "__main__":
    raise SystemExit(main())
