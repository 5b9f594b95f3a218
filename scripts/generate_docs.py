"""Writes docs/findings/ (a page a kind, from the detector's docstring), docs/fixers.md (from the fixers') and
docs/schemas/ (from the dataclasses).

With `--check` writes nothing and exits 1 where a committed page is stale.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from subsecond import store
from subsecond.diagnose.stage import kinds
from subsecond.fix.stage import manual
from subsecond.model.audit import Audit
from subsecond.model.report import Report
from subsecond.model.trace import Trace
from subsecond.model.trial import Trials

DOCS = Path(__file__).resolve().parent.parent / "docs"


def pages() -> dict[Path, str]:
    """Every generated file with its text."""
    made = {DOCS / "findings" / f"{kind}.md": text for kind, text in kinds().items()}
    index = "".join(f"- [{path.stem}]({path.name})\n" for path in sorted(made))
    made[DOCS / "findings" / "README.md"] = f"# Kinds of findings\n\n{index}"
    made[DOCS / "fixers.md"] = manual()
    for name, noun in (("findings", Audit), ("trace", Trace), ("trials", Trials), ("report", Report)):
        made[DOCS / "schemas" / f"{name}.schema.json"] = json.dumps(store.schema(noun), indent=2, sort_keys=True) + "\n"
    return made


def main() -> int:
    """Generate, or check."""
    wanted = pages()
    present = set((DOCS / "findings").glob("*.md")) | set((DOCS / "schemas").glob("*.json"))
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    stale += sorted(present - set(wanted))
    if "--check" in sys.argv:
        for path in stale:
            print(f"{path.relative_to(DOCS.parent)} is stale: run `make docs`", file=sys.stderr)
        return 1 if stale else 0
    for path in present - set(wanted):
        path.unlink()
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
