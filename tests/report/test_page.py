"""The report's page in a real Chromium: budgets, every tab, diagrams, keyboard, themes, hostile texts, live mode."""

from __future__ import annotations

import http.server
import os
import re
import shutil
import threading
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path

import msgspec
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from subsecond.model.report import Report
from subsecond.model.report_views import View
from subsecond.report.page.html import page
from tests.report.made_report import EVIL, made, nothing

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
MISSING = "no Chromium: the report's page is not tried (apt-get install chromium, or CHROMIUM=/path)"
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
]  # fmt: skip
BUILT = Path(str(resources.files("subsecond.report"))) / "static" / "report.html"
TABS = ("overview", "architecture", "waterfall", "findings", "plan", "proof")
DESK, PHONE = (1280, 860), (390, 844)
KIB = 1024
STEP_MS = 450
MOST_NODES = 2_500
"""DOM nodes of a tab (reference: report, section 2)."""


@dataclass
class Window:
    """A page of the browser with all it asked for and complained about."""

    page: Page
    path: Path
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def go(self, place: str) -> Page:
        """Opens a place of the report by its hash and waits until it is painted."""
        self.page.goto("about:blank")
        self.page.goto(f"{self.path.as_uri()}#{place}")
        self.page.wait_for_selector("html[data-ready]")
        return self.page


@dataclass
class Windows:
    """Opens windows on reports; each stays quiet or the test fails."""

    browser: Browser
    made: list[Window] = field(default_factory=list)

    def open(self, path: Path, size: tuple[int, int] = DESK, **options: object) -> Window:
        context = self.browser.new_context(viewport={"width": size[0], "height": size[1]}, **options)  # type: ignore[arg-type]
        window = Window(context.new_page(), path)
        window.page.on("request", lambda request: window.asked.append(request.url))
        window.page.on("console", lambda line: window.complaints.append(line.text))
        window.page.on("pageerror", lambda error: window.complaints.append(str(error)))
        window.page.on("dialog", lambda dialog: window.complaints.append(f"a dialog: {dialog.message}"))
        self.made.append(window)
        return window

    def close(self) -> None:
        for window in self.made:
            window.page.context.close()
            assert window.complaints == []
            assert {url for url in window.asked if not url.startswith(("file:", "about:", "data:", "blob:"))} == set()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser; tests are skipped, with the reason, where there is none."""
    if not os.access(CHROMIUM, os.X_OK):
        pytest.skip(MISSING)
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield found
        found.close()


@pytest.fixture
def windows(browser: Browser) -> Iterator[Windows]:
    opened = Windows(browser)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def report() -> Report:
    return made()


@pytest.fixture(scope="module")
def full(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """20 endpoints, 5,000 spans, 60 findings, hostile texts."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_bytes(page(report))
    return path


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same kinds of things, each a few times: axe looks at every element."""
    path = tmp_path_factory.mktemp("small") / "report.html"
    path.write_bytes(page(made(endpoints=5, spans=400, findings=8)))
    return path


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    path = tmp_path / "nothing.html"
    path.write_bytes(page(nothing()))
    return path


def view(report: Report, name: str) -> View:
    return next(one for one in report.views if one.id == name)


# --- budgets (reference: report, section 2) ---------------------------------------------------------------------------


def test_the_page_stays_within_its_budgets(full: Path) -> None:
    bare = BUILT.read_text(encoding="utf-8")
    script = re.findall(r"<script type=\"module\">(.*?)</script>", bare, re.DOTALL)
    assert len(bare.encode()) <= 260 * KIB
    assert len(script) == 1 and len(script[0].encode()) <= 90 * KIB
    assert full.stat().st_size <= 600 * KIB
    assert len(page(made(spans=50_000))) <= 1_500 * KIB


def test_nothing_in_the_page_points_elsewhere() -> None:
    bare = BUILT.read_text(encoding="utf-8")
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', bare)
    assert policy and policy[1].startswith("default-src 'none'; script-src 'sha256-") and "unsafe" not in policy[1]
    assert not re.search(r"(?:src|href)=[\"']?(?:https?:)?//", bare)
    assert not re.search(r"url\(\s*[\"']?(?:https?:)?//", bare)
    assert not re.search(
        r"<[a-z][^<>]*\s(?:style|on[a-z]+)=", re.sub(r"<script.*?</script>", "", bare, flags=re.DOTALL)
    )


# --- every tab --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_each_tab_opens_by_its_hash_and_fits(windows: Windows, full: Path, size: tuple[int, int]) -> None:
    window = windows.open(full, size)
    for tab in TABS:
        shown = window.go(tab)
        assert shown.get_by_role("tab", selected=True).first.inner_text().lower().startswith(tab)
        assert shown.locator("#panel").inner_text().strip()
        assert shown.evaluate("document.querySelectorAll('*').length") <= MOST_NODES, tab
        wide = shown.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{tab} is {wide} px too wide at {size[0]} px"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(windows: Windows, small: Path, theme: str) -> None:
    """Themes differ in colours alone, so dark is asked about those; every place is asked about all else once."""
    window = windows.open(small, color_scheme=theme, bypass_csp=True)
    shown = window.go("overview")
    rules = {"resultTypes": ["violations"]} | ({"runOnly": ["color-contrast"]} if theme == "dark" else {})
    places = [*TABS, "architecture/flow-request-0-legacy/box-t1", "waterfall/request-0/legacy/span-7"]
    for place in places:
        shown.evaluate("place => { location.hash = place; }", place)
        shown.locator(f"#tab-{place.partition('/')[0]}[aria-selected=true]").wait_for()
        found = Axe().run(shown, options=rules)
        assert found.violations_count == 0, f"{place}, {theme}: {found.generate_report()}"


def test_hostile_texts_stay_texts(windows: Windows, small: Path) -> None:
    window = windows.open(small)
    shown = window.go("overview")
    assert shown.title().startswith("subsecond report: </script><script>")
    for tab in TABS:
        shown = window.go(tab)
        text = shown.evaluate("document.body.textContent")
        assert EVIL in text, tab
        assert shown.evaluate("document.images.length") == 0
        assert shown.evaluate("document.scripts.length") == 1, "one script: the page's own"


def test_an_empty_report_says_what_to_run(windows: Windows, empty: Path) -> None:
    window = windows.open(empty)
    commands = {
        "overview": "subsecond audit", "architecture": "subsecond audit", "waterfall": "subsecond audit",
        "findings": "subsecond audit", "plan": "subsecond plan", "proof": "subsecond optimize",
    }  # fmt: skip
    for tab, command in commands.items():
        assert command in window.go(tab).locator("#panel").inner_text()


def test_other_versions_and_damaged_data_are_refused_with_a_sentence(windows: Windows, tmp_path: Path) -> None:
    path = tmp_path / "other.html"
    path.write_bytes(page(replace(nothing(), version=2)))
    assert "version 1, and the data is of version 2" in windows.open(path).go("overview").locator("main").inner_text()
    path.write_bytes(page(nothing()).replace(b"H4sI", b"H5sI", 1))
    assert "damaged" in windows.open(path).go("overview").locator("main").inner_text()
    path.write_bytes(BUILT.read_bytes())
    assert "carries no data" in windows.open(path).go("overview").locator("main").inner_text()


# --- diagrams ---------------------------------------------------------------------------------------------------------


def test_diagrams_show_all_boxes_arrows_and_steps_in_recorded_order(
    windows: Windows, small: Path, report: Report
) -> None:
    window = windows.open(small)
    shown = window.go("architecture/flow-request-3-legacy")
    for number, side in enumerate(("legacy", "optimised")):
        of = view(report, f"flow-request-3-{side}")
        stage = shown.locator(".stage").nth(number)
        assert stage.locator("button[data-box]").evaluate_all("all => all.map(one => one.dataset.box)") == [
            b.id for b in of.boxes
        ]
        assert stage.locator("path[data-arrow]").evaluate_all("all => all.map(one => one.dataset.arrow)") == [
            a.id for a in of.arrows
        ]
        steps = shown.locator(".steps").nth(number).locator(".step-text").all_inner_texts()
        assert steps == [step.text for step in of.steps]
    ghosts = shown.locator(".stage").nth(1).locator(".box.removed")
    expect(ghosts).to_have_count(1)
    shown.get_by_label("Show removed").uncheck()
    expect(ghosts).to_have_count(0)


def test_the_animation_follows_the_recorded_order(windows: Windows, small: Path, report: Report) -> None:
    window = windows.open(small)
    window.page.clock.install()
    shown = window.go("architecture/flow-request-3-legacy")
    of = view(report, "flow-request-3-legacy")
    stage = shown.locator(".stage").first
    assert stage.locator(".arrow.live").count() == 0, "nothing moves by itself"
    shown.clock.pause_at(shown.evaluate("Date.now()") + 1_000)
    shown.get_by_role("button", name="Play").click()
    shown.clock.run_for(STEP_MS // 2)
    seen = []
    for _ in of.steps:
        seen.append(stage.locator(".arrow.live").get_attribute("data-arrow"))
        shown.clock.run_for(STEP_MS)
    assert seen == [step.arrow for step in of.steps]
    assert shown.get_by_role("button", name="Play").is_visible(), "it ends by itself"
    expect(shown.locator(".where")).to_have_text(f"step {len(of.steps)} of {len(of.steps)}")
    assert "step-10" in shown.url, "the place is in the URL"
    assert shown.locator("[aria-live=polite]").inner_text().startswith("Legacy: step 10 of 10")


def test_a_click_on_an_endpoint_s_tab_lets_it_flow(windows: Windows, small: Path) -> None:
    shown = windows.open(small).go("architecture")
    assert shown.get_by_role("button", name="Play").is_visible()
    shown.get_by_role("tab", name="request 4", exact=True).click()
    shown.get_by_role("button", name="Pause").wait_for()


def test_in_real_time_the_optimised_side_stops_first(windows: Windows, small: Path) -> None:
    window = windows.open(small)
    window.page.clock.install()
    shown = window.go("architecture/flow-request-3-legacy")
    shown.get_by_label("Real time").check()
    shown.clock.pause_at(shown.evaluate("Date.now()") + 1_000)
    shown.get_by_role("button", name="Play").click()
    legacy, optimised = shown.locator(".stage").nth(0), shown.locator(".stage").nth(1)
    shown.clock.run_for(400)
    assert legacy.locator(".arrow.live").count() == optimised.locator(".arrow.live").count() == 1
    assert legacy.locator(".dots").get_attribute("visibility") == "visible"
    shown.clock.run_for(400)
    assert (legacy.locator(".arrow.live").count(), optimised.locator(".arrow.live").count()) == (1, 0)
    assert shown.get_by_role("button", name="Pause").is_visible(), "legacy runs on"
    shown.clock.run_for(11_000)
    assert shown.get_by_role("button", name="Play").is_visible()
    expect(shown.locator(".where")).to_have_text("10.8 s of 10.8 s")


def test_with_reduced_motion_there_are_steps_and_no_dots(windows: Windows, small: Path, report: Report) -> None:
    window = windows.open(small, reduced_motion="reduce")
    window.page.clock.install()
    shown = window.go("architecture/flow-request-3-legacy")
    shown.clock.pause_at(shown.evaluate("Date.now()") + 1_000)
    shown.get_by_role("button", name="Play").click()
    shown.clock.run_for(STEP_MS)
    assert shown.locator(".stage").first.locator(".arrow.live").count() == 0
    shown.clock.run_for(200)
    live = shown.locator(".stage").first.locator(".arrow.live")
    assert live.get_attribute("data-arrow") == view(report, "flow-request-3-legacy").steps[0].arrow
    assert {dots.get_attribute("visibility") for dots in shown.locator(".dots").all()} == {"hidden"}


def test_a_box_opens_its_code_queries_and_findings(windows: Windows, small: Path) -> None:
    shown = windows.open(small).go("architecture/flow-request-3-legacy")
    box = shown.locator("[data-box=helper_0]").first
    box.click()
    panel = shown.locator(".inspector")
    expect(panel).to_contain_text("shop/part_1/module_1.py:11")
    expect(panel.locator(".finding-link")).to_contain_text("F1")
    assert panel.locator(".line.marked").count() == 1
    assert shown.url.endswith("/box-helper_0")
    shown.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    assert shown.evaluate("document.activeElement.dataset.box") == "helper_0", "the focus is back"
    shown.locator("[data-box=t2]").first.click()
    expect(panel).to_contain_text("FROM t2")
    shown.go_back()
    panel.wait_for(state="detached")


def test_the_keyboard_reaches_everything(windows: Windows, small: Path, report: Report) -> None:
    shown = windows.open(small).go("architecture/flow-request-3-legacy")
    shown.get_by_role("tab", name="request 3", exact=True).focus()
    reached = []
    for _ in range(60):
        shown.keyboard.press("Tab")
        reached.append(
            shown.evaluate("""() => { const at = document.activeElement;
                return at.dataset.box || at.getAttribute('aria-label') || at.innerText; }""")
        )
    boxes = [box.id for box in view(report, "flow-request-3-legacy").boxes]
    assert {"Play", "Step", "Position", *boxes} <= set(reached)
    assert [one for one in reached if one in boxes][: len(boxes)] == boxes

    shown.locator("[data-box=handler]").first.focus()
    shown.keyboard.press("ArrowRight")
    assert shown.evaluate("document.activeElement.dataset.box").startswith("helper_")
    shown.keyboard.press("ArrowLeft")
    assert shown.evaluate("document.activeElement.dataset.box") == "handler"

    shown.get_by_role("tab", name="Architecture").focus()
    shown.keyboard.press("ArrowRight")
    shown.wait_for_url("**#waterfall")
    shown.keyboard.press("2")
    shown.get_by_role("button", name="Play").wait_for()
    shown.evaluate("document.activeElement.blur()")
    shown.keyboard.press("ArrowRight")
    shown.keyboard.press("ArrowRight")
    expect(shown.locator(".where")).to_have_text("step 2 of 10")
    shown.keyboard.press("Home")
    expect(shown.locator(".where")).to_have_text("step 0 of 10")
    shown.keyboard.press("Space")
    shown.get_by_role("button", name="Pause").wait_for()
    shown.keyboard.press("Space")
    shown.keyboard.press("?")
    expect(shown.get_by_role("dialog")).to_be_visible()
    shown.keyboard.press("Escape")
    expect(shown.get_by_role("dialog")).to_have_count(0)


def test_a_phone_gets_the_step_list_first(windows: Windows, small: Path) -> None:
    shown = windows.open(small, PHONE).go("architecture/flow-request-3-legacy")
    steps, stage = shown.locator(".steps").first.bounding_box(), shown.locator(".stage").first.bounding_box()
    assert steps and stage and steps["y"] < stage["y"]
    assert stage["width"] <= PHONE[0]
    assert shown.locator(".world").first.evaluate(
        "one => one.getBoundingClientRect().width / one.offsetWidth"
    ) == pytest.approx(0.9)


def test_a_diagram_is_exported(windows: Windows, small: Path, report: Report) -> None:
    shown = windows.open(small).go("architecture/flow-request-0-legacy")
    with shown.expect_download() as download:
        shown.get_by_role("button", name="Legacy: download as SVG").click()
    text = download.value.path().read_text(encoding="utf-8")
    drawn = ET.fromstring(text)
    texts = {element.text for element in drawn.iter("{http://www.w3.org/2000/svg}text")}
    assert {box.title for box in view(report, "flow-request-0-legacy").boxes} <= texts
    assert len(drawn.findall("{http://www.w3.org/2000/svg}path")) == len(view(report, "flow-request-0-legacy").arrows)
    assert "<script" not in text and "var(" not in text
    with shown.expect_download() as download:
        shown.get_by_role("button", name="Legacy: download as Mermaid").click()
    assert download.value.path().read_text(encoding="utf-8") == "C4Component\n"
    assert download.value.suggested_filename.endswith("-legacy.mmd")


# --- waterfall, findings, themes, print -------------------------------------------------------------------------------


def test_the_waterfall_folds_and_draws_what_is_seen(windows: Windows, full: Path) -> None:
    shown = windows.open(full).go("waterfall/request-0/legacy")
    rows = shown.locator("[role=row]")
    assert shown.locator(".trace .aside").inner_text().endswith("5,000 spans")
    fold = shown.locator(".row.fold").first
    assert "×" in fold.inner_text()
    total = int(shown.locator("[role=treegrid]").get_attribute("aria-rowcount") or 0)
    fold.dblclick()
    expect(shown.locator("[role=treegrid]")).not_to_have_attribute("aria-rowcount", str(total))
    assert rows.count() < 80, "only the window is drawn"
    shown.get_by_role("button", name="has a finding").click()
    expect(shown.get_by_role("button", name="has a finding")).to_have_attribute("aria-pressed", "true")
    assert 1 <= rows.count() < 20
    shown.locator("[role=treegrid]").focus()
    shown.keyboard.press("End")
    shown.keyboard.press("Enter")
    shown.wait_for_url("**/span-*")


def test_a_link_to_a_span_opens_what_hides_it(windows: Windows, full: Path) -> None:
    shown = windows.open(full).go("waterfall/request-0/legacy/span-4567")
    chosen = shown.locator("[role=row][aria-selected=true]")
    chosen.wait_for()
    box, window = chosen.bounding_box(), shown.locator("[role=treegrid]").bounding_box()
    assert box and window and window["y"] <= box["y"] <= window["y"] + window["height"]
    assert "slowest" in shown.locator(".span-detail").inner_text(), "its statement's plan names the slow node"


def test_findings_are_filtered_sorted_and_linked(windows: Windows, full: Path) -> None:
    window = windows.open(full)
    shown = window.go("findings")
    shown.get_by_role("combobox", name="Verdict", exact=True).select_option("confirmed")
    expect(shown.locator(".finding-list li")).to_have_count(12)
    shown.get_by_role("searchbox", name="Search").fill("bottleneck 15")
    expect(shown.locator(".finding-list .few-id")).to_have_text(["F16"])
    shown = window.go("findings/F6")
    detail = shown.locator(".detail").inner_text()
    assert "bottleneck 5" in detail and "batch" in detail and "interval" not in detail
    assert shown.locator(".plot .pair").count() == 12
    assert (
        shown.locator(".plot").get_attribute("aria-label")
        == "12 pairs of runs; gain 5,095 ms, interval 4,800 ms to 5,400 ms"
    )
    assert "no finding F999" in window.go("findings/F999").locator("#panel").inner_text()


def test_dark_light_and_paper(windows: Windows, small: Path) -> None:
    shown = windows.open(small, color_scheme="dark").go("architecture")
    colour = "getComputedStyle(document.documentElement).backgroundColor"
    assert shown.evaluate(colour) == "rgb(20, 20, 19)"
    shown.get_by_role("button", name="Colours: auto").click()
    expect(shown.get_by_role("button", name="Colours: light")).to_be_visible()
    assert shown.evaluate(colour) == "rgb(247, 247, 245)"
    shown.emulate_media(media="print")
    assert not shown.locator(".bar").is_visible()
    assert shown.locator(".steps").first.is_visible()
    assert len(shown.pdf()) > 10_000


# --- live -------------------------------------------------------------------------------------------------------------


def test_a_served_report_follows_without_losing_the_place(windows: Windows) -> None:
    """The page that is served asks for news; what is new appears where the reader is."""
    first = replace(made(endpoints=2, spans=100, findings=3), live=True)
    answers = {"report": first}

    class Server(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = msgspec.json.encode(answers["report"]) if self.path == "/data" else page(first)
            tag = f'"{len(body)}"'
            same = self.path == "/data" and self.headers.get("If-None-Match") == tag
            self.send_response(304 if same else 200)
            self.send_header("ETag", tag)
            self.send_header("Content-Type", "application/json" if self.path == "/data" else "text/html; charset=utf-8")
            self.end_headers()
            if not same:
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: the test's output is not the server's."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        window = windows.open(Path("/"))
        shown = window.page
        shown.goto(f"http://127.0.0.1:{server.server_port}/#findings/F2")
        shown.get_by_role("combobox", name="Sort by", exact=True).select_option("kind")
        expect(shown.locator(".finding-list li")).to_have_count(3)
        answers["report"] = replace(made(endpoints=2, spans=100, findings=5), live=True)
        expect(shown.locator(".finding-list li")).to_have_count(5)
        assert (
            shown.url.endswith("#findings/F2")
            and shown.get_by_role("combobox", name="Sort by", exact=True).input_value() == "kind"
        )
        server.shutdown()
        server.server_close()
        shown.get_by_text("the server does not answer").wait_for()
        window.complaints[:] = [line for line in window.complaints if "ERR_CONNECTION_REFUSED" not in line]
        assert {url.rpartition("/")[2].partition("#")[0] for url in window.asked} == {"", "data"}
        window.asked.clear()
