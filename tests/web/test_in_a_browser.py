"""The pages that `report` draws, as a real Chromium shows them when `serve` sends them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from linkymonitor.report import build
from linkymonitor.report.section import Settings
from linkymonitor.system.storage import Storage
from tests.report.browsing import DAY, DESK, PHONE, PRICES
from tests.report.house import PARIS, local, period_of, records, write_log
from tests.web.box import PASSWORD, box

pytestmark = pytest.mark.browser
_NEXT = timedelta(days=1)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Pages of two days, their month and year, and the calendar."""
    folder = tmp_path_factory.mktemp("served")
    rows = records(local(DAY), local(DAY + _NEXT, 14), period=period_of("EJP", [DAY]), step=300)
    write_log(folder / "logs", rows)
    build.build(
        Settings(dir=folder / "pages"),
        folder / "logs",
        (DAY, DAY + _NEXT),
        tz=PARIS,
        lang="fr",
        prices=PRICES,
        now=local(DAY + _NEXT, 14),
        storage=Storage(),
    )
    return folder / "pages"


@pytest.fixture
def visit(browser):
    """Return a function that opens a page; the test fails on any complaint of the browser, its policy included."""
    complaints: list[str] = []
    contexts = []

    def opened(url, viewport=DESK, locale="fr-FR"):
        context = browser.new_context(viewport=viewport, locale=locale)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "response",
            lambda answer: answer.status < 400 or complaints.append(f"{answer.status} {answer.url}"),
        )
        page.goto(url)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def test_the_chart_is_drawn_and_the_links_lead_from_page_to_page(drawn, visit):
    with box(drawn) as served:
        home = f"http://127.0.0.1:{served.port}"
        page = visit(f"{home}/today")
        page.wait_for_selector("#chart canvas")
        assert page.evaluate("typeof Dygraph") == "function"
        page.click("nav a[rel=prev]")
        page.wait_for_url(f"{home}/2026-01-13.html")
        page.wait_for_selector("#chart canvas")
        for name in ("2026-01.html", "2026.html", "index.html"):
            page.click(f"nav a[href='{name}']")
            page.wait_for_url(f"{home}/{name}")
        page.click("a.day[href='2026-01-14.html']")
        page.wait_for_selector("#chart canvas")
        links = page.evaluate("() => [...document.querySelectorAll('a[href]')].map(link => link.href)")
        for link in {link.partition("#")[0] for link in links}:
            assert page.request.get(link).status == 200, link


def test_a_phone_signs_in_sees_its_page_and_signs_out(drawn, visit, tmp_path):
    with box(drawn, tmp_path / "state") as served:
        home = f"http://127.0.0.1:{served.port}"
        page = visit(f"{home}/2026-01-13", PHONE)
        page.wait_for_url(f"{home}/login?/2026-01-13")
        assert page.inner_text("h1") == "Compteur de la maison"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate("document.activeElement.id") == "password"
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{home}/2026-01-13")
        page.wait_for_selector("#chart canvas")
        assert page.evaluate("document.cookie") == "", "a script can read the cookie"
        page.reload()
        page.click("footer a[href='/logout']")
        page.click("button")
        page.wait_for_url(f"{home}/login")
        page.goto(f"{home}/2026-01-13")
        page.wait_for_url(f"{home}/login?/2026-01-13")


def test_an_english_browser_is_answered_in_english(drawn, visit, tmp_path):
    with box(drawn, tmp_path / "state") as served:
        page = visit(f"http://127.0.0.1:{served.port}/", locale="en-GB")
        assert page.inner_text("h1") == "Meter of the house"


def test_no_other_page_can_frame_ours_and_no_foreign_script_runs(drawn, browser, tmp_path):
    (drawn / "2025.html").write_text(
        (drawn / "2026.html")
        .read_text()
        .replace(
            "</main>",
            "<img src=x onerror='document.title=\"hacked\"'>"
            "<script>document.title = 'hacked'</script></main>",
        )
    )
    frame = tmp_path / "frame.html"
    with box(drawn) as served:
        home = f"http://127.0.0.1:{served.port}"
        frame.write_text(f"<iframe src='{home}/2026'></iframe>")
        page = browser.new_page()
        refused: list[str] = []
        page.on("console", lambda message: refused.append(message.text))
        page.goto(f"{home}/2025")
        assert page.title() != "hacked"
        page.goto(frame.as_uri())
        page.wait_for_timeout(0)
        assert any("frame-ancestors" in text or "X-Frame-Options" in text for text in refused), refused
        page.close()
