"""The stage: finding -> patch, or a refusal with its reason. Fixers for the kind are asked one after the other."""

from __future__ import annotations

import difflib
import inspect
import re
from dataclasses import dataclass
from pathlib import Path

from subsecond.fix.fixer import Code, Draft, RefusedError, fixer
from subsecond.model.audit import Audit
from subsecond.model.finding import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """A drafted patch, as a git diff from the repository's top; or why there is none."""

    fixer: str = ""
    patch: str | None = None
    draft: Draft | None = None
    refusal: str = ""


def fix(finding: Finding, audit: Audit, code: Code, prefix: str = "") -> Fixed:
    """The patch for a finding. `prefix`: the project's folder from the repository's top, with a `/` at its end."""
    reasons = []
    for name, kind in fixer.items().items():
        if finding.kind not in kind.kinds:
            continue
        try:
            draft = kind().draft(finding, audit, code)
            return Fixed(fixer=name, patch=difference(draft, code.root, prefix), draft=draft)
        except RefusedError as refused:
            reasons.append(f"{name}: {refused}")
    return Fixed(refusal="; ".join(reasons) or f"no fixer mends {finding.kind}")


def mended(kind: str) -> bool:
    """Whether there is a fixer for a kind of finding at all."""
    return any(kind in one.kinds for one in fixer.items().values())


def manual() -> str:
    """A page about all fixers, from their docstrings: what each writes, and what must hold."""
    parts = [
        "# Fixers\n\nPatches that `fix`, and `optimize` without `--assistant`, write; SQLAlchemy and Flask first.\n"
    ]
    for name, kind in fixer.items().items():
        text = re.sub(r" \(catalogue [^)]*\)", "", inspect.cleandoc(kind.__doc__ or ""))
        mends = ", ".join(f"[{one}](findings/{one}.md)" for one in kind.kinds)
        parts.append(f"## {name}\nFor {mends}.\n\n{text}\n")
    return "\n".join(parts)


def difference(draft: Draft, root: Path, prefix: str) -> str:
    """The draft as a git diff."""
    parts = []
    for file, after in sorted(draft.files.items()):
        path, name = root / file, f"{prefix}{file}"
        before = path.read_text(encoding="utf-8") if path.exists() else None
        if before == after:
            continue
        head = f"diff --git a/{name} b/{name}\n"
        if before is None:
            head += "new file mode 100644\n"
        elif after is None:
            head += "deleted file mode 100644\n"
        lines = difflib.unified_diff(
            _lines(before), _lines(after), "/dev/null" if before is None else f"a/{name}",
            "/dev/null" if after is None else f"b/{name}",
        )  # fmt: skip
        parts.append(
            head + "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
        )
    return "".join(parts)


def _lines(text: str | None) -> list[str]:
    return [] if text is None else text.splitlines(keepends=True)
