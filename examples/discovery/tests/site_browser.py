"""A real browser for the site: Debian's Chromium, headless, driven by Playwright, looked at by axe."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from axe_playwright_python.sync_playwright import Axe
from booking_ground import DEMO_PASSWORD, BookingGround
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
MISSING = "no Chromium: the journeys through the site are not tried (apt-get install chromium, or CHROMIUM=/path)"
PHONE, DESK = (390, 844), (1280, 800)
SECONDS = 60.0
LOOKED_AT: set[tuple[int, str, str]] = set()
"""Width, path without numbers, and title of the pages in which axe found nothing."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser; tests are skipped, with the reason, where there is none."""
    if not os.access(CHROMIUM, os.X_OK):
        pytest.skip(MISSING)
    # Chromium's sandbox cannot be used by root, who runs the tests in a container.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield made
        made.close()


@dataclass
class Tab:
    """One window on a version's site, which looks at every page it comes to."""

    ground: BookingGround
    context: BrowserContext
    page: Page
    width: int
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Goes to a page and looks at it."""
        self.page.goto(f"http://127.0.0.1:{self.ground.port}{path}")
        self.look()

    def press(self, name: str, role: str = "button") -> None:
        """Presses a button or follows a link by its name, waits for the next page and looks at it."""
        with self.page.expect_navigation():
            self.page.get_by_role(role, name=name).first.click()  # type: ignore[arg-type]
        self.look()

    def look(self) -> None:
        """Nothing may reach beyond the window's sides, and axe may find nothing wrong."""
        where = self.page.url
        beyond = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert beyond <= 0, f"{where} is {beyond} px too wide at {self.width} px"
        assert self.complaints == [], where
        kind = (self.width, re.sub(r"[?].*|[0-9]+", "", where), self.page.title())
        if kind not in LOOKED_AT:  # axe takes a second or more; once for each page and width is enough
            found = Axe().run(self.page)
            assert found.violations_count == 0, f"{where} at {self.width} px: {found.generate_report()}"
            LOOKED_AT.add(kind)

    def log_in(self, user: int) -> None:
        """On the login page."""
        self.page.get_by_label("E-mail address").fill(f"user{user}@example.com")
        self.page.get_by_label("Password").fill(DEMO_PASSWORD)
        self.press("Log in")

    def reads(self, words: str) -> bool:
        """Whether the page's content shows these words."""
        return words in self.page.locator("main").inner_text()


def open_tab(browser: Browser, ground: BookingGround, size: tuple[int, int], *, scripts: bool = True) -> Tab:
    """A window of that size, without cookies; what the browser complains about fails the next look."""
    width, height = size
    context = browser.new_context(viewport={"width": width, "height": height}, java_script_enabled=scripts)
    context.set_default_timeout(SECONDS * 1000)
    page = context.new_page()
    tab = Tab(ground, context, page, width)
    # The browser's own line about a 4xx page is no fault of the page.
    page.on("console", lambda line: None if "status of 4" in line.text else tab.complaints.append(line.text))
    page.on("pageerror", lambda error: tab.complaints.append(str(error)))
    return tab
