"""The committed page was built from the committed sources; told without Node."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FRONTEND = ROOT / "frontend"
SCHEMA = ROOT / "docs" / "schemas" / "report.schema.json"
PAGE = ROOT / "src" / "subsecond" / "report" / "static" / "report.html"
SOURCES = ("package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "contract.mjs", "index.html")
"""With everything below `src/`: what `vite.config.ts` hashes."""


def test_the_page_was_built_from_these_sources() -> None:
    inside = [path.relative_to(FRONTEND).as_posix() for path in (FRONTEND / "src").rglob("*") if path.is_file()]
    hashed = hashlib.sha256()
    for name in sorted([*SOURCES, *inside]):
        hashed.update(f"{name}\0".encode() + (FRONTEND / name).read_bytes() + b"\0")
    hashed.update(SCHEMA.read_bytes())
    built = re.search(r'<meta name="subsecond-source" content="([0-9a-f]{64})">', PAGE.read_text(encoding="utf-8"))
    assert built and built[1] == hashed.hexdigest(), "frontend/ has changed since the page was built: run `make page`"


def test_the_types_were_made_from_this_schema() -> None:
    contract = (FRONTEND / "src" / "contract.ts").read_text(encoding="utf-8")
    wanted = hashlib.sha256(SCHEMA.read_bytes()).hexdigest()
    assert f"// schema sha256 {wanted}" in contract, (
        "the report's schema has changed: run `npm run contract` in frontend/"
    )
