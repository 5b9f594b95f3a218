"""A kept attempt as the text of a pull request."""

from __future__ import annotations

from subsecond.model.attempt import Attempt
from subsecond.model.finding import Finding
from subsecond.model.trace import shown_file


def summary(attempt: Attempt, finding: Finding) -> str:
    """Markdown: what was wrong and where, what each gate saw, which files change, how to measure and to take back."""
    lines = [
        f"# {finding.kind}: {_plain(finding.title)}",
        "",
        f"`{shown_file(finding.file)}:{finding.line}` in `{finding.function}`, seen in {', '.join(finding.requests)}.",
    ]
    if finding.cause is not None:
        lines.append(f"Cause: `{shown_file(finding.cause.file)}:{finding.cause.line}` in `{finding.cause.function}`.")
    cost = [f"{finding.queries} statements"] if finding.queries else []
    cost += [f"{finding.seconds * 1000:.1f} ms of database time"] if finding.seconds else []
    if cost:
        lines.append(f"Recorded cost in one request: {', '.join(cost)}.")
    lines += ["", "| gate | verdict | why |", "|---|---|---|"]
    lines += [
        f"| {one.gate} | {one.verdict} | {_plain(one.why).replace('|', chr(92) + '|')} |" for one in attempt.gates
    ]
    lines += ["", "Files:", *(f"- `{path}`: +{added} -{removed}" for path, added, removed in changed(attempt.patch))]
    lines += [
        "",
        f"Proposed by {attempt.proposer}; attempt {attempt.number}, commit `{attempt.commit}`.",
        "",
        "To measure it again: `subsecond audit`. To take it back: `git revert` that commit.",
    ]
    return "\n".join(lines)


def changed(patch: str) -> list[tuple[str, int, int]]:
    """(file, lines added, lines removed) of a unified diff, in its order."""
    found: dict[str, list[int]] = {}
    path = ""
    for line in patch.splitlines():
        if line.startswith("diff --git "):
            path = line.rpartition(" b/")[2]
            found[path] = [0, 0]
        elif path and line[:1] in "+-" and line[:4] not in ("+++ ", "--- "):
            found[path][line[0] == "-"] += 1
    return [(file, added, removed) for file, (added, removed) in found.items()]


def _plain(text: str) -> str:
    return " ".join(text.split())
