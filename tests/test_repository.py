"""What holds the repository together: documented errors, walked registries, locks without hosts, a sealed agent."""

from __future__ import annotations

import re
from pathlib import Path

import subsecond.errors
from subsecond.diagnose.detector import detector
from subsecond.diagnose.stage import kinds
from subsecond_agent import protocol

ROOT = Path(__file__).parent.parent
SLUG = re.compile(r'(?:SubsecondError|super\(\)\.__init__|Problem)\(\s*"([a-z]+(?:-[a-z]+)*)"')


def test_every_error_is_explained_and_every_explained_error_exists() -> None:
    raised = {slug for path in (ROOT / "src/subsecond").rglob("*.py") for slug in SLUG.findall(path.read_text())}
    rows = re.findall(r"^\| ([a-z-]+(?:, [a-z-]+)*) \|", (ROOT / "docs/errors.md").read_text(), re.MULTILINE)
    assert {slug for row in rows for slug in row.split(", ")} - {"slug"} == raised


def test_every_kind_has_its_manual_and_a_phase() -> None:
    assert list(kinds()) == list(detector.items())
    for kind, found in detector.items().items():
        page = (ROOT / "docs/findings" / f"{kind}.md").read_text()
        assert page == kinds()[kind]
        for part in ("Why it", "What to do:", "When it is fine:", "Rule:"):
            assert part in page, f"{kind} lacks {part!r}"
        assert found.phase is None or 0 <= found.phase <= 5


def test_locks_name_no_host_and_hash_everything() -> None:
    for lock in (*ROOT.glob("requirements*.lock"), ROOT / "examples/discovery/requirements.lock"):
        text = lock.read_text()
        assert not re.search(r"https?://|--index|--extra-index|--find-links", text), lock
        pinned = re.findall(
            r"^[a-z0-9._-]+==[^\\\n]+\\\n((?:    --hash=sha256:[0-9a-f]{64}[ \\]*\n)+)", text, re.MULTILINE
        )
        assert len(pinned) == len(re.findall(r"^[A-Za-z0-9._-]+==", text, re.MULTILINE)) > 5, lock


def test_the_product_does_not_know_the_example() -> None:
    for path in (ROOT / "src").rglob("*.py"):
        assert not re.search(r"daypass|add_?on|discovery\.(legacy|optimized)", path.read_text(), re.IGNORECASE), path


def test_modules_stay_small() -> None:
    long = {path.name: n for path in (ROOT / "src").rglob("*.py") if (n := len(path.read_text().splitlines())) > 400}
    assert not long


def test_the_vocabulary_is_spelled_once() -> None:
    names = [
        value for key, value in vars(protocol).items() if key.isupper() and isinstance(value, str) and "." in value
    ]
    for path in (ROOT / "src").rglob("*.py"):
        if path.name != "protocol.py":
            quoted = set(re.findall(r'"([a-z_]+(?:\.[a-z_]+)+)"', path.read_text()))
            assert not quoted & set(names), f"{path} spells {quoted & set(names)}; use the protocol's name"


def test_an_error_offers_what_is_near() -> None:
    assert subsecond.errors.did_you_mean("reqests", ["requests", "run"]) == '; did you mean "requests"?'
    assert subsecond.errors.did_you_mean("xyz", ["requests", "run"]) == ""
