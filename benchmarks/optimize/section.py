"""`results/optimize.json` as the section of the example's RESULTS.md: each run beside the case study's own table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

TITLES = {"assistant": "A coding assistant in the chair", "fixers": "The fixers alone"}
ENDPOINTS = {"discovery": "API 1 · GET /v1/discovery", "detail": "API 2 · GET /v1/locations/{id}/detail"}
ROWS = (
    ("queries", "statements a request"),
    ("session_sites", "places that open a session"),
    ("rows", "rows read a request"),
    ("seconds", "seconds, one client, uncached"),
    ("errors_20_clients", "errors, 20 clients"),
)
TOLD = {
    ("discovery", "seconds"): ("10-12 s", "below 1 s"),
    ("discovery", "queries"): ("not told", "8"),
    ("detail", "seconds"): ("10-12 s", "about 1 s"),
    ("detail", "queries"): ("30-40", "about 5"),
    ("detail", "session_sites"): ("5", "1"),
}
"""What the case study says of its own two endpoints: before, after."""


def section(result: dict[str, Any]) -> str:
    """Markdown of all runs of the file."""
    lines = ["## Made quick by `subsecond optimize`", "", f"Taken {result['date']} by `python -m benchmarks.optimize`."]
    for name, title in TITLES.items():
        if name in result["runs"]:
            lines += ["", f"### {title}", "", *_run(result["runs"][name])]
    return "\n".join(lines)


def _run(run: dict[str, Any]) -> Iterator[str]:
    under = run["conditions"]
    yield (
        f"{run['kept']} steps kept, {run['reverted']} reverted, {len(run['refused'])} refused, "
        f"{run['minutes']:g} minutes in all. Measured on the {under['scale']} data with {under['rtt_ms']:g} ms to the "
        "database, load average "
        f"{under['load_average']:g} before and {under['load_average_after']:g} after."
    )
    for endpoint, sides in run["endpoints"].items():
        yield from ("", ENDPOINTS.get(endpoint, endpoint), "")
        yield "| | before | after | by hand | case study, before | case study, after |"
        yield "|---|--:|--:|--:|--:|--:|"
        for figure, label in ROWS:
            values = [_shown(sides[side], figure) for side in ("before", "after", "hand_optimized")]
            yield f"| {' | '.join([label, *values, *TOLD.get((endpoint, figure), ('', ''))])} |"
    if run["refused"]:
        yield from ("", "Refused:", "")
        reasons = Counter(f"{one['kind']}: {one['why']}" for one in run["refused"])
        yield from (f"- {text}" + (f" ({count} times)" if count > 1 else "") for text, count in reasons.items())


def _shown(side: dict[str, Any], figure: str) -> str:
    found = side[figure]
    if found is None:
        return "none answered"
    if figure == "errors_20_clients":
        return f"{found} of {side['requests_20_clients']}"
    return f"{found:.3g}" if isinstance(found, float) else f"{found:,}"
