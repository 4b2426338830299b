"""One browser and one set of pages of days for all the tests in a browser."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from linkymonitor.model.terms import Mode
from linkymonitor.money.book import PriceBook
from linkymonitor.money.tariffs import Prices
from linkymonitor.report import build as report
from linkymonitor.report.section import Settings
from linkymonitor.system.storage import Storage
from tests.report.browsing import AUTUMN, DAY, DESK, PRICES, SPRING, Tab, is_local
from tests.report.house import PARIS, contract, lively, local, period_of, records, write_log


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    """Pages of an EJP day with a gap, of the day after so far, of one without data and of one with 25 h."""
    folder = tmp_path_factory.mktemp("browser")
    silent = [(local(DAY, 10), local(DAY, 12))]
    rows = records(
        local(DAY) - timedelta(hours=1),
        local(DAY + timedelta(days=1), 14),
        period=period_of("EJP", [DAY]),
        step=60,
        silent=silent,
    )
    rows = records(local(AUTUMN) - timedelta(hours=1), local(AUTUMN + timedelta(days=1), 1), step=60) + rows
    write_log(folder / "logs", rows)
    settings = Settings(dir=folder / "pages")
    options = {"tz": PARIS, "prices": PRICES, "now": local(DAY + timedelta(days=1), 14), "storage": Storage()}
    for dates in ((AUTUMN, AUTUMN), (DAY, DAY + timedelta(days=2))):
        report.build(settings, folder / "logs", dates, lang="fr", **options)
    plain = {"tz": PARIS, "now": local(DAY + timedelta(days=1), 14), "storage": Storage()}

    def other(name, day, made, lang="fr", power=lively, prices=PRICES, **made_with):
        rows = records(
            local(day), local(day + timedelta(days=1)), contract=made, power=power, step=300, **made_with
        )
        write_log(folder / f"{name}-logs", rows)
        settings = Settings(dir=folder / name)
        report.build(settings, folder / f"{name}-logs", (day, day), lang=lang, prices=prices, **plain)

    other("tempo", DAY, contract("TEMPO</script><b>"), lang="en", period=period_of("SUPER"))
    other("red", DAY, contract("TEMPO"), period=period_of("TEMPO", tempo={DAY: "R"}))
    other("late", DAY, contract(), silent=[(local(DAY) - timedelta(hours=1), local(DAY, 14, 8))])
    other("hc", DAY, contract("HC"), prices=PriceBook(Prices(hc=Decimal("0.2068"), hp=Decimal("0.27"))))
    other("base", SPRING, contract("BASE"), lang="en", prices=PriceBook(Prices(base=Decimal("0.25"))))
    producer = contract("PRODUCTEUR", mode=Mode.STANDARD, phases=3)
    phases = {"period": period_of("SUPER"), "injected_index": 4_000_000, "voltage": 231}
    other("producer", DAY, producer, **phases)
    other(
        "producer-gap",
        DAY,
        producer,
        silent=[(local(DAY, hour), local(DAY, hour + 1)) for hour in (9, 14)],
        **phases,
    )
    return folder


@pytest.fixture
def show(browser, pages):
    """Return a function that opens a page and fails the test on any complaint or request that leaves."""
    contexts = []
    complaints: list[str] = []

    def opened(name, viewport=DESK, theme="light", zone="America/New_York", touch=False, script=None):
        context = browser.new_context(
            viewport=viewport,
            color_scheme=theme,
            timezone_id=zone,
            locale="en-US",
            reduced_motion="reduce",
            has_touch=touch,
        )
        contexts.append(context)
        page = context.new_page()
        if script is not None:
            page.add_init_script(script)
        page.on("console", lambda message: complaints.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("requestfailed", lambda request: complaints.append(f"failed: {request.url}"))
        page.on(
            "request",
            lambda request: is_local(request.url) or complaints.append(f"left: {request.url}"),
        )
        page.goto((pages / name).as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def tab(browser):
    """Return the tab of all tests of this process that only look at pages."""
    return Tab(browser)


@pytest.fixture
def look(tab, pages):
    """Return a function that opens a page, as `show` does, in the tab of all tests: they change nothing in a page."""
    yield lambda name, viewport=DESK, theme="light": tab.open((pages / name).as_uri(), viewport, theme)
    complaints, requests = tab.clear()
    assert complaints == []
    assert [address for address in requests if not is_local(address)] == []
