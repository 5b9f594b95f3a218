"""The figures as a table for the terminal and as RESULTS.md."""

from __future__ import annotations

from typing import Any

ROWS = (
    ("queries", "statements a request"),
    ("sessions", "connection check-outs a request"),
    ("session_sites", "places that open a session"),
    ("rows", "rows read a request"),
    ("seconds_median", "seconds, one client"),
    ("seconds_8_clients", "seconds, 8 clients (4 requests a worker)"),
    ("errors_20_clients", "errors, 20 clients"),
    ("cpu_app", "CPU seconds, application"),
    ("cpu_database", "CPU seconds, database"),
)
MARK = "<!-- below this line: results of other runs; `bench --write-results` leaves them alone -->"
TITLES = {"discovery": "API 1 · GET /v1/discovery", "detail": "API 2 · GET /v1/locations/{id}/detail"}
# What the case study says, in our words: (row, before, after).
TOLD: dict[str, tuple[tuple[str, str, str], ...]] = {
    "discovery": (("seconds_median", "10-12 s", "below 1 s"), ("queries", "not told", "8")),
    "detail": (
        ("seconds_median", "10-12 s", "about 1 s"),
        ("queries", "30-40", "about 5"),
        ("session_sites", "5", "1"),
    ),
}


def value(figures: dict[str, Any], row: str) -> str:
    """One figure as people read it."""
    found = figures[row]
    if found is None:
        return "none answered" if row.startswith("seconds") else "not measured"
    if row == "errors_20_clients":
        return f"{found} of {figures['requests_20_clients']}"
    if isinstance(found, float):
        return f"{found:.1f}" if found >= 10 else f"{found:.2f}" if found >= 1 else f"{found:.3f}"
    return f"{found:,}"


def conditions(result: dict[str, Any]) -> str:
    """What the figures were taken under."""
    return (
        f"{result['date']}, {result['scale']} data, {result['rtt_ms']:g} ms to the database, "
        f"load average {result['load_average']:g} before and {result['load_average_after']:g} after, "
        f"5 M steps of a plain Python loop in {result['loop_seconds'][0]:g} s before and "
        f"{result['loop_seconds'][1]:g} s after"
    )


def terminal(result: dict[str, Any]) -> str:
    """A table of both endpoints."""
    lines = [conditions(result), result["machine"]]
    for name, versions in result["endpoints"].items():
        lines += ["", f"{TITLES[name]:44}" + "".join(f"{version:>16}" for version in versions)]
        lines += [
            f"  {label:42}" + "".join(f"{value(figures, row):>16}" for figures in versions.values())
            for row, label in ROWS
        ]
    if "response_cache" in result:
        lines += ["", _hits(result["response_cache"])]
    return "\n".join(lines)


def _told(name: str, row: str, which: int) -> str:
    return next((entry[which] for entry in TOLD[name] if entry[0] == row), "")


def _table(name: str, versions: dict[str, dict[str, Any]]) -> list[str]:
    lines = [
        "| | legacy | optimized | case study, before | case study, after |",
        "|---|--:|--:|--:|--:|",
    ]
    for row, label in ROWS:
        ours = f"{value(versions['legacy'], row)} | {value(versions['optimized'], row)}"
        lines.append(f"| {label} | {ours} | {_told(name, row, 1)} | {_told(name, row, 2)} |")
    return lines


def _ratio(versions: dict[str, dict[str, Any]]) -> str:
    before, after = versions["legacy"]["seconds_median"], versions["optimized"]["seconds_median"]
    return f"One client: {before / after:.0f} times as fast." if before and after else ""


def kept(before: str) -> str:
    """What stands below the mark in an earlier RESULTS.md: results of other runs, which stay."""
    return before.partition(MARK)[2].strip()


def _hits(figures: dict[str, Any]) -> str:
    return (
        f"Answers from the response cache, {figures['requests']} requests of one client, {figures['errors']} errors: "
        f"median {_milliseconds(figures['seconds_median'])}, 95 % within "
        f"{_milliseconds(figures['seconds_95_percent'])}, the longest {_milliseconds(figures['seconds_longest'])}."
    )


def _response_cache(figures: dict[str, Any]) -> list[str]:
    return [
        "",
        "## Response cache",
        "",
        f"{_hits(figures)} The goal is below 10 ms.",
        "",
        f"Discovery of the optimized version through its web server; taken on {figures['date']} on the same machine,"
        f" load average {figures['load_average']:g}. All other figures on this page are of answers made anew.",
    ]


def _milliseconds(seconds: float | None) -> str:
    return "not measured" if seconds is None else f"{seconds * 1000:.1f} ms"


def markdown(result: dict[str, Any], others: str = "") -> str:
    """RESULTS.md; others: what is to stand below, written by other runs."""
    command = f"python -m discovery bench --scale {result['scale']} --rtt {result['rtt_ms']:g}ms"
    lines = [
        "# What the two versions cost",
        "",
        f"Written by `{command}{' --quick' if result['quick'] else ''} --write-results` down to the mark near the end;"
        " do not edit that part.",
        "",
        f"- Taken: {conditions(result)}.",
        f"- Machine: {result['machine']}.",
        "- Two gunicorn workers (gevent) a version, a pool of 5 connections a worker without overflow, a copy of the"
        " database each; legacy without indexes, optimized with them.",
        "- Every packet to the database is held for the round trip, BEGIN and ROLLBACK too.",
        f"- Seed {result['seed']}, date {result['bench_date']} (no holiday), the largest city and its first location.",
    ]
    for name, versions in result["endpoints"].items():
        counts = versions["legacy"]["requests_median"], versions["optimized"]["requests_median"]
        lines += ["", f"## {TITLES[name]}", "", *_table(name, versions), ""]
        lines += [f"{_ratio(versions)} Medians of {counts[0]} and {counts[1]} requests.".strip()]
    if "response_cache" in result:
        lines += _response_cache(result["response_cache"])
    lines += [
        "",
        "## How to read it",
        "",
        "The last two columns are the figures of the team whose story this example retells, on their machines and their"
        " data; an empty cell was not told. Ours were not bent towards theirs.",
        "",
        "- *Check-outs* are how often a request takes a connection from the pool; *places* are the functions that do.",
        "- *8 clients* run against servers that take at most four requests a worker: with more, the legacy version of"
        " API 2 waits for itself (see the next line).",
        "- *20 clients* run against gunicorn's default. A request that holds one connection while it waits for another"
        " can stop a whole worker; an error is any answer but 200, or none within 60 s.",
        "- Statements and rows are PostgreSQL's own count (`pg_stat_statements`), without BEGIN, ROLLBACK, DEALLOCATE.",
        "",
        MARK,
        "",
    ]
    if others:
        lines += [others, ""]
    return "\n".join(lines)
