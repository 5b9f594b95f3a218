"""The figures as the result file holds them, and as a table to read."""

from __future__ import annotations

from typing import Any

from benchmarks._capture import agent
from benchmarks._capture.figures import AFTER, CLOCK, CPU, MANY, Estimate, Figures, Series, estimate, location
from benchmarks._capture.observers import WITH_CALL_SITES

Shares = dict[str, list[dict[str, list[dict[str, float]]]]]
"""where -> start -> mode -> request -> part -> percent of the request's seconds."""
SLOWDOWN_LIMIT = 1.08  # of the request's CPU at 500 queries; all limits: the design's budget for recording
PEER_LIMIT = 1 / 3  # of what a peer adds a query
PEER_STRETCH = 1 / 8
SHARE_LIMIT = 2.0  # percentage points
TITLES = {
    "nothing_again": "nothing again (noise of processes)",
    "ours_off_again": "ours taken out, again (noise)",
    "ours_off": "ours taken out, against nothing",
    "ours_timed": "ours, timed",
    "ours": "ours, recording",
    "opentelemetry": "OpenTelemetry",
    "sentry": "Sentry",
    "sentry_call_sites": "Sentry with call sites",
    "queryspy": "queryspy.record",
    "ddtrace": "ddtrace",
}


def figures_of(figures: Figures, shares: Shares, seen: dict[str, int], skipped: dict[str, str]) -> dict[str, Any]:
    """Everything that the result file says, apart from when and where."""
    rows = {name: row(figures, name) for name in TITLES if name in figures.costs}
    slowdown = figures.of(figures.times("ours", MANY))
    differences = {where: difference(found) for where, found in shares.items() if found}
    points = {where: found["points"] for where, found in differences.items()}
    worst = max(points, key=lambda where: points[where][0])
    result: dict[str, Any] = {
        "slowdown_500_queries": round(slowdown.value, 4),
        "slowdown_500_queries_interval": slowdown.rounded(4)[1:],
        "share_difference_points": points[worst][0],
        "share_difference_points_interval": points[worst][1:],
        "us_per_query": {name: found["us_per_query"][0] for name, found in rows.items()},
        "ratios": ratios(figures),
        "rows": rows,
        "shares": differences,
        "queries_seen_of_50": seen,
        "skipped": skipped,
    }
    result["budgets"] = budgets(result)
    return result


def row(figures: Figures, name: str) -> dict[str, Any]:
    """One variant: [figure, low, high] each; microseconds, and cost by the base's cost."""
    one = figures.added(name, 1)
    after = figures.series(name, lambda _, start, at: figures.costs[name][str(MANY)][start][at][AFTER])
    return {
        "against": figures.bases[name],
        "us_per_query": figures.of(figures.per_query(name)).rounded(2),
        "us_per_query_clock": figures.of(figures.per_query(name, CLOCK)).rounded(2),
        "us_per_request": figures.of(one, 1e6).rounded(1),
        "times": {size: figures.of(figures.times(name, int(size))).rounded(4) for size in figures.costs[name]},
        "cpu_ms": {size: round(cpu_ms(figures, name, size), 3) for size in figures.costs[name]},
        "us_after_response_500": figures.of(after, 1e6).rounded(0),
    }


def cpu_ms(figures: Figures, name: str, queries: str) -> float:
    """CPU of one request, in milliseconds."""
    own = figures.series(name, lambda _, start, at: figures.costs[name][queries][start][at][CPU])
    return figures.of(own, 1000).value


def ratios(figures: Figures) -> dict[str, list[float]]:
    """What ours adds a query by what each peer adds: [figure, low, high]."""
    ours = figures.per_query("ours")
    peers = [name for name in figures.costs if name in TITLES and not name.startswith(("ours", "nothing"))]
    return {name: figures.ratio(ours, figures.per_query(name)).rounded(3) for name in peers}


def difference(starts: list[dict[str, list[dict[str, float]]]]) -> dict[str, Any]:
    """How far recorded and timed runs of one request differ in where they say the time went, in percentage points."""
    parts = {part: of_pairs(paired(starts, part)) for part in agent.PARTS}
    noise = {part: of_pairs(unpaired(starts, part)) for part in agent.PARTS}
    worst = max(parts, key=lambda part: abs(parts[part].value))
    return {
        "points": absolute(parts[worst]),
        "part": worst,
        "noise_points": round(max(abs(found.value) for found in noise.values()), 2),
        "by_part": {part: found.rounded(2) for part, found in parts.items()},
        "percent": {mode: percent(starts, mode) for mode in (agent.TIMED, agent.RECORDING)},
    }


def paired(starts: list[dict[str, list[dict[str, float]]]], part: str) -> Series:
    """Recorded less timed, pair by pair."""
    return [
        [
            recorded[part] - timed[part]
            for timed, recorded in zip(start[agent.TIMED], start[agent.RECORDING], strict=True)
        ]
        for start in starts
    ]


def unpaired(starts: list[dict[str, list[dict[str, float]]]], part: str) -> Series:
    """The same between timed requests: what differs although nothing does."""
    timed = [[shares[part] for shares in start[agent.TIMED]] for start in starts]
    return [[one - other for one, other in zip(start[::2], start[1::2], strict=False)] for start in timed]


def of_pairs(series: Series) -> Estimate:
    """Figure and interval of a series whose starts are equally long."""
    return estimate(lambda draw: location(series, draw), len(series), len(series[0]))


def absolute(found: Estimate) -> list[float]:
    """Size of a difference, with the interval turned the same way."""
    sign = -1 if found.value < 0 else 1
    low, high = sorted((sign * found.low, sign * found.high))
    return [round(abs(found.value), 2), round(low, 2), round(high, 2)]


def percent(starts: list[dict[str, list[dict[str, float]]]], mode: str) -> dict[str, float]:
    return {
        part: round(of_pairs([[shares[part] for shares in start[mode]] for start in starts]).value, 2)
        for part in agent.PARTS
    }


def budgets(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Each budget with its figure, its limit and whether it holds."""
    slowdown = [result["slowdown_500_queries"], *result["slowdown_500_queries_interval"]]
    share = [result["share_difference_points"], *result["share_difference_points_interval"]]
    found = [judged("recording, CPU at 500 queries, times without", slowdown, SLOWDOWN_LIMIT)]
    per_query = {name: row["us_per_query"] for name, row in result["rows"].items()}
    rivals = [name for name in WITH_CALL_SITES if name in per_query]
    cheapest = min(rivals, key=lambda name: per_query[name][0], default="")
    for peer, limit in (("opentelemetry", PEER_LIMIT), (cheapest, PEER_LIMIT), ("opentelemetry", PEER_STRETCH)):
        if peer in result["ratios"]:
            what = f"{'stretch: ' * (limit == PEER_STRETCH)}a query, ours by {TITLES[peer]}"
            found.append(judged(what, result["ratios"][peer], limit, measurable=per_query[peer][1] > 0))
    quiet = max(where["noise_points"] for where in result["shares"].values()) <= SHARE_LIMIT
    found.append(judged("shares of time, recorded against timed, points", share, SHARE_LIMIT, measurable=quiet))
    return found


def judged(what: str, figure: list[float], limit: float, *, measurable: bool = True) -> dict[str, Any]:
    """A budget holds when the figure is within it; whether its whole interval is, is said beside.

    measurable: False when what the figure is divided by has not risen above the noise, or the noise is above the limit.
    """
    value, low, high = figure
    if not measurable:
        verdict = "not measurable in this run: noise"
    elif value > limit:
        verdict = "does not hold" if low > limit else "does not hold, but its interval reaches within"
    else:
        verdict = "holds" if high <= limit else "holds, but its interval reaches beyond"
    return {"budget": what, "figure": figure, "limit": round(limit, 3), "verdict": verdict}


def table(result: dict[str, Any]) -> str:
    """The whole result, to be read by people."""
    lines = [
        f"{'observer':<36} {'CPU us/query':>22} {'clock':>8} {'us/request':>10} {'CPU times, 1/50/500 queries':>28}"
    ]
    for name, found in result["rows"].items():
        value, low, high = found["us_per_query"]
        times = " / ".join(f"{found['times'][queries][0]:.2f}" for queries in sorted(found["times"], key=int))
        spread = f"{value:.1f} ({low:.1f} .. {high:.1f})"
        clock, request = found["us_per_query_clock"][0], found["us_per_request"][0]
        lines.append(f"{TITLES[name]:<36} {spread:>22} {clock:>8.1f} {request:>10.0f} {times:>28}")
    return "\n".join([*lines, "", *shares_table(result["shares"]), "", *budgets_table(result)])


def shares_table(shares: dict[str, Any]) -> list[str]:
    """Percent of the request's seconds, as timed and as recorded runs tell."""
    lines = [f"{'shares of time':<24}" + "".join(f"{part:>10}" for part in agent.PARTS)]
    for where, found in shares.items():
        for mode, percents in found["percent"].items():
            title = f"{where.replace('_', ' ')}, {mode}"
            lines.append(f"{title:<24}" + "".join(f"{percents[part]:>9.2f}%" for part in agent.PARTS))
        points, noise = found["points"][0], found["noise_points"]
        lines.append(f"  largest difference {points} points ({found['part']}); between timed runs alone {noise}")
    return lines


def budgets_table(result: dict[str, Any]) -> list[str]:
    lines = ["budgets"]
    for budget in result["budgets"]:
        value, low, high = budget["figure"]
        measured = f"{value:.3f} ({low:.3f} .. {high:.3f})"
        lines.append(f"  {budget['budget']:<62} {measured:>26}  limit {budget['limit']:<6} {budget['verdict']}")
    for name, why in result["skipped"].items():
        lines.append(f"  skipped: {TITLES.get(name, name)}: {why}")
    lines.append(f"  {len(result['skipped'])} observers skipped")
    return lines
