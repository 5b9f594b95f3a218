"""A person's way through the site, in a real browser, on a phone and at a desk."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from booking_ground import BookingGround
from playwright.sync_api import Browser
from site_browser import DESK, PHONE, Tab, browser, open_tab
from site_ground import GROUP

pytestmark = [pytest.mark.xdist_group(GROUP), pytest.mark.long]
__all__ = ["browser"]


@pytest.fixture(params=[PHONE, DESK], ids=["390px", "1280px"])
def tab(request: pytest.FixtureRequest, browser: Browser, playground: BookingGround) -> Iterator[Tab]:
    made = open_tab(browser, playground, request.param)
    yield made
    made.context.close()


def test_search_filter_page_book_conflict_cancel(tab: Tab) -> None:
    item = tab.ground.item()
    page = tab.page
    tab.open("/")
    page.get_by_label("City").select_option("lisbon")
    page.get_by_label("Date").fill(str(item.day))
    tab.press("Search")
    everything = page.locator(".result").count()
    assert everything == 20 and tab.reads("cheapest first")

    page.get_by_label("People", exact=True).fill("4")
    page.get_by_label("What").select_option("meeting-room")
    page.get_by_text("More filters").click()
    page.get_by_label("Latitude").fill("38.72")
    page.get_by_label("Longitude").fill("-9.14")
    tab.press("Search")
    assert tab.reads("nearest first") and tab.reads("km away") and tab.reads("2 in use")
    assert set(page.locator(".result .kind").all_inner_texts()) <= {f"Meeting room · {n} people" for n in range(4, 99)}

    tab.open(f"/?city=lisbon&date={item.day}")
    first = page.locator(".result h2").all_inner_texts()
    tab.press("Next", "link")
    assert page.get_by_role("link", name="Page 2").get_attribute("aria-current") == "page"
    assert page.locator(".result h2").all_inner_texts() != first

    tab.open(f"/book?item={item.id}&date={item.day}")  # to the login, and back
    tab.log_in(1)
    assert f"item={item.id}" in page.url
    other = open_tab(page.context.browser, tab.ground, (tab.width, 800))  # type: ignore[arg-type]
    other.open(f"/login?next=/book?item={item.id}%26date={item.day}")
    other.log_in(3)
    for one in (tab, other):
        one.page.locator(".chip:not(.off)").first.click()
    start = page.locator(".chip input:checked").get_attribute("value")
    page.get_by_label("Notes for the house").fill("By the window, please.")
    tab.press("Book")
    assert tab.reads("is booked") and tab.reads("You are expected") and tab.reads(start or "-")
    other.press("Book")
    assert other.reads("Somebody was faster")
    assert other.page.locator(f".chip input[value='{start}']").is_disabled()
    other.page.locator(".chip:not(.off)").first.click()
    other.press("Book")
    assert other.reads("is booked")
    other.press("Cancel")
    other.context.close()

    tab.press("Cancel")
    assert tab.reads("This booking is cancelled") and not page.get_by_role("button", name="Cancel").count()
    tab.press("My bookings", "link")
    assert page.locator(".ticket").count()
    tab.open(f"/locations/{item.location_id}?date={item.day}")
    assert tab.reads("Opening hours")
    tab.press("Log out")
    assert tab.reads("You are logged out")


def test_an_administrator_adds_a_holiday_and_searches_show_it(tab: Tab) -> None:
    day = dt.date.today() + dt.timedelta(days=60 + tab.width % 7)
    name = f"Window Day {tab.width}"
    page = tab.page
    tab.open(f"/?city=porto&date={day}")
    assert not tab.reads(name)
    tab.open("/login?next=/admin")
    tab.log_in(1)
    tab.press("Items", "link")
    tab.press(page.locator(".rows a").first.inner_text(), "link")
    page.get_by_label("Price an hour").fill("cheap")
    tab.press("Save")
    assert tab.reads("hourly_price must be an amount") and page.locator("[aria-invalid]").count() == 1
    tab.press("Settings", "link")
    tab.press("Holidays", "link")
    form = page.locator("form.card")
    form.get_by_label("Country").select_option("PT")
    form.get_by_label("Day").fill(str(day))
    form.get_by_label("Name").fill(name)
    tab.press("Add")
    assert tab.reads(f"{name} is a holiday in PT now")
    tab.open(f"/?city=porto&date={day}")
    assert tab.reads(name) and tab.reads("nothing is let")
    tab.open(f"/admin/holidays?country=PT&year={day.year}")
    tab.press(f"Remove {name}")
    tab.open(f"/?city=porto&date={day}")
    assert not tab.reads(name)


@pytest.mark.parametrize(
    "path", ["/?city=atlantis", "/?city=lisbon&date=2026-12-25", "/?capacity_min=900000", "/login", "/locations/99999"]
)
def test_pages_with_little_on_them(tab: Tab, path: str) -> None:
    tab.open(path)
    assert tab.page.locator("h1").count() == 1


def test_search_and_book_with_the_keyboard_alone(browser: Browser, playground: BookingGround) -> None:
    tab = open_tab(browser, playground, DESK)
    item = playground.item()
    keys = tab.page.keyboard

    def focused() -> str:
        """The label or the text of what has the focus, which must be visible there."""
        return str(
            tab.page.evaluate("""() => {
            const at = document.activeElement, style = getComputedStyle(at);
            const shown = at.matches('.chip input') ? getComputedStyle(at.nextElementSibling) : style;
            if (shown.outlineStyle === 'none' && at.id !== 'main') return 'no focus ring on ' + at.outerHTML;
            return (at.labels?.[0] ?? at).innerText?.trim() ?? at.tagName;
        }""")
        )

    def tab_to(words: str) -> None:
        for _ in range(150):
            keys.press("Tab")
            found = focused()
            assert not found.startswith("no focus ring"), found
            if found.startswith(words):
                return
        raise AssertionError(f"the keyboard does not reach {words!r}")

    tab.open("/")
    keys.press("Tab")
    assert focused() == "Skip to content"
    tab_to("City")
    keys.type("Lisbon")
    tab_to("What")
    keys.type("Meeting")
    with tab.page.expect_navigation():
        tab_to("Search")
        keys.press("Enter")
    assert "city=lisbon" in tab.page.url and "category=meeting-room" in tab.page.url
    tab_to("Book")
    tab.open(f"/login?next=/book?item={item.id}%26date={item.day}")
    tab_to("E-mail address")
    keys.type("user1@example.com")
    keys.press("Tab")
    keys.type("discover-me")
    with tab.page.expect_navigation():
        keys.press("Enter")
    tab_to(str(tab.page.locator(".chip:not(.off)").first.inner_text()))
    keys.press("Space")
    tab_to("Notes")
    keys.type("typed")
    with tab.page.expect_navigation():
        tab_to("Book")
        keys.press("Enter")
    assert tab.reads("is booked")
    with tab.page.expect_navigation():
        tab_to("Cancel")
        keys.press("Enter")
    assert tab.reads("This booking is cancelled")
    tab.context.close()


def test_without_scripts_it_all_works(browser: Browser, playground: BookingGround) -> None:
    tab = open_tab(browser, playground, PHONE, scripts=False)
    base = f"http://127.0.0.1:{playground.port}"
    page, item = tab.page, playground.item()
    page.goto(f"{base}/")
    page.get_by_label("City").select_option("berlin")
    page.get_by_role("button", name="Search").click()
    assert tab.reads("Berlin")
    page.goto(f"{base}/login?next=/book?item={item.id}%26date={item.day}")
    page.get_by_label("E-mail address").fill("user1@example.com")
    page.get_by_label("Password").fill("discover-me")
    page.get_by_role("button", name="Log in").click()
    page.locator(".chip:not(.off)").first.click()
    page.get_by_role("button", name="Book").click()
    assert tab.reads("is booked")
    page.get_by_role("button", name="Cancel").click()
    assert tab.reads("This booking is cancelled")
    tab.context.close()


def test_the_api_page_shows_every_operation(tab: Tab) -> None:
    tab.page.goto(f"http://127.0.0.1:{tab.ground.port}/docs")
    tab.page.locator(".opblock").first.wait_for()
    document = tab.page.request.get(f"http://127.0.0.1:{tab.ground.port}/openapi.json").json()
    assert tab.page.locator(".opblock").count() == sum(len(methods) for methods in document["paths"].values())
    assert tab.complaints == []
