"""The calendar in a real browser: nothing is clipped at any width, and an old copy says that the meter is silent."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from linkymonitor.report.calendar import LastHeard
from linkymonitor.report.pages import Pages
from linkymonitor.report.section import Settings
from linkymonitor.report.summary import Summary
from linkymonitor.system.resources import shipped
from tests.report.house import PARIS, local

pytestmark = pytest.mark.browser

FIRST = date(2025, 12, 15)
HEARD = local(date(2026, 1, 23), 12)
#: What a square of the calendar cannot show whole.
CLIPPED = """() => [...document.querySelectorAll('.day')].filter(
  day => day.scrollWidth > day.clientWidth || day.scrollHeight > day.clientHeight
    || [...day.children].some(part => part.scrollWidth > part.clientWidth + 1 && part.clientWidth)
).map(day => day.textContent)"""


def days(contract: str) -> list[Summary]:
    """Return 40 days of all kinds that *contract* has, with amounts of all lengths."""
    found = []
    for number in range(40):
        ejp = contract == "EJP" and number % 7 == 0
        found.append(
            Summary(
                day=FIRST + timedelta(days=number),
                wh=9_000 + 700 * number,
                eur=Decimal(("1.05", "12.34", "123.45")[number % 3]),
                ejp=ejp,
                colour=("blue", "white", "red")[number % 3] if contract == "TEMPO" else None,
                partial=number % 11 == 5,
                so_far=number == 39,
                peak_eur=Decimal("8.88") if ejp else None,
                injected=3_000,
            )
        )
    return [found[0]._replace(wh=None, eur=None), *found[1:]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with the calendars of two contracts, the first in French, the second in English."""
    folder = tmp_path_factory.mktemp("calendars")
    heard = LastHeard(HEARD, timedelta(days=2), stopped=False)
    for contract, lang in (("EJP", "fr"), ("TEMPO", "en")):
        pages = Pages([shipped("templates")], lang, PARIS, Settings().sections)
        (folder / f"{contract}.html").write_bytes(pages.index(days(contract), heard))
    return folder


@pytest.fixture
def show(browser, folder):
    """Return a function that opens a calendar at a time and a width; a complaint of the browser fails the test."""
    complaints: list[str] = []
    contexts = []

    def opened(name: str, width: int, now: datetime = HEARD, theme: str = "light"):
        contexts.append(browser.new_context(viewport={"width": width, "height": 800}, color_scheme=theme))
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.clock.set_fixed_time(now)
        page.goto((folder / f"{name}.html").as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("name", ["EJP", "TEMPO"])
def test_nothing_of_a_square_is_clipped_and_nothing_sticks_out(show, name, width):
    page = show(name, width)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate(CLIPPED) == []


@pytest.mark.parametrize("name", ["EJP", "TEMPO"])
def test_nothing_of_a_printed_square_is_clipped(show, name):
    page = show(name, 718)
    page.emulate_media(media="print")
    assert page.evaluate(CLIPPED) == []


def test_an_old_copy_says_that_the_meter_is_not_heard(show):
    assert show("EJP", 390, HEARD + timedelta(days=1)).locator("#silence").is_hidden()
    warning = show("EJP", 390, HEARD + timedelta(days=3)).locator("#silence")
    assert warning.is_visible()
    assert "entendu depuis le vendredi 23\u00a0janvier 2026 à 12" in warning.inner_text()
