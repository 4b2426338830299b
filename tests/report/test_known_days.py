"""The calendar has the figures of the pages, from the summaries of their days at the prices of their time."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from linkymonitor.money.book import PriceBook
from linkymonitor.money.tariffs import Prices
from linkymonitor.report.day import DayFigures
from linkymonitor.report.known_days import cost_of_kept
from linkymonitor.report.summarise import summarise
from linkymonitor.report.summary import Summary
from linkymonitor.summaries.store import FOLDER
from tests.report.drawn import build, text_of
from tests.report.house import contract, flat, local, period_of, records
from tests.report.test_figures import EJP_PRICES, NO_PRICES, WINTER, around, of_day

ONE = timedelta(days=1)
HOUR = timedelta(hours=1)
ALL = Prices(
    base=Decimal("0.1952"),
    hc=Decimal("0.1635"),
    hp=Decimal("0.2081"),
    hn=Decimal("0.1418"),
    pm=Decimal("1.0867"),
    hcjb=Decimal("0.1232"),
    hpjb=Decimal("0.1494"),
    hcjw=Decimal("0.1391"),
    hpjw=Decimal("0.1730"),
    hcjr=Decimal("0.1460"),
    hpjr=Decimal("0.6468"),
    injection=Decimal("0.04"),
    subscription_month=Decimal("19.32"),
)
SILENT = [(local(WINTER) - HOUR, local(WINTER, 23, 58))]


@pytest.mark.parametrize("prices", [PriceBook(ALL), EJP_PRICES, NO_PRICES], ids=["all", "ejp", "none"])
@pytest.mark.parametrize(
    ("option", "options"),
    [
        pytest.param("BASE", {}, id="base"),
        pytest.param("HC", {"injected_index": 500}, id="producer"),
        pytest.param("EJP", {"period": period_of("EJP", [WINTER])}, id="peak"),
        pytest.param("TEMPO", {"period": period_of("TEMPO", tempo={WINTER: "R"})}, id="red"),
        pytest.param("SUPER", {}, id="unknown"),
        pytest.param("EJP", {"silent": SILENT}, id="hardly-heard"),
        pytest.param("EJP", {"silent": [(local(WINTER, 3), local(WINTER, 20))]}, id="partial"),
    ],
)
def test_a_summary_gives_the_figures_of_the_page(option, options, prices):
    figures = of_day(around(WINTER, contract=contract(option), step=60, **options), prices=prices)
    assert shown_of(figures, prices) == Summary.of(figures)


def test_a_register_that_is_not_read_has_no_cost_here_either():
    rows = [
        row._replace(indexes={code: wh for code, wh in row.indexes.items() if code != "PM"})
        for row in around(WINTER, period=period_of("EJP", [WINTER]), step=60)
    ]
    figures = of_day(rows, prices=EJP_PRICES)
    assert figures.unread
    assert shown_of(figures, EJP_PRICES) == Summary.of(figures)


def test_a_silent_day_has_its_share_here_too():
    rows = [
        *records(local(WINTER) - 5 * HOUR, local(WINTER) - HOUR, step=60),
        *records(
            local(WINTER + ONE, 2),
            local(WINTER + ONE, 9),
            step=60,
            indexes={"HN": 1_020_000, "PM": 2_000_000},
        ),
    ]
    figures = of_day(rows, prices=EJP_PRICES, now=local(WINTER + 3 * ONE))
    assert figures.silent
    assert shown_of(figures, EJP_PRICES) == Summary.of(figures)


def shown_of(figures: DayFigures, book: PriceBook) -> Summary:
    summary = summarise(figures)
    return cost_of_kept(summary, book.on(summary.date, summary.subscribed_kva))


def three_days(**options):
    return records(
        local(WINTER) - HOUR,
        local(WINTER + 3 * ONE, 2),
        **{"step": 120, "power": flat(1200), "contract": contract("BASE")} | options,
    )


def drawn(tmp_path, dates, base: str, **options) -> str:
    """Draw the pages of *dates* and return the words of the calendar."""
    book = PriceBook(Prices(base=Decimal(base), subscription_month=Decimal(0)))
    pages = build(tmp_path, three_days(), dates, prices=book, now=local(WINTER + 3 * ONE, 3), **options)
    return text_of(pages["index.html"])


def test_a_corrected_price_is_in_the_calendar_before_the_page_is_drawn_again(tmp_path):
    # 28.8 kWh a day.
    assert "5,76" in drawn(tmp_path, (WINTER, WINTER + 2 * ONE), "0.20")
    calendar = drawn(tmp_path, (WINTER + 2 * ONE, WINTER + 2 * ONE), "0.10")
    assert "2,88" in calendar
    assert "5,76" not in calendar


def test_the_calendar_keeps_its_figures_when_the_log_is_gone(tmp_path):
    before = drawn(tmp_path, (WINTER, WINTER + 2 * ONE), "0.20")
    for path in (tmp_path / "logs").glob("*.log"):
        path.unlink()
    assert (
        drawn(tmp_path, (WINTER - 9 * ONE, WINTER - 9 * ONE), "0.20").count("5,76")
        == before.count("5,76")
        > 0
    )


def test_pages_of_an_older_version_keep_their_figures_without_log_and_summary(tmp_path):
    before = drawn(tmp_path, (WINTER, WINTER + 2 * ONE), "0.20")
    for path in [*(tmp_path / "logs").glob("*.log"), *(tmp_path / "logs" / FOLDER).iterdir()]:
        path.unlink()
    assert (
        drawn(tmp_path, (WINTER - 9 * ONE, WINTER - 9 * ONE), "0.10").count("5,76")
        == before.count("5,76")
        > 0
    )


def test_a_day_without_a_page_has_no_square(tmp_path):
    drawn(tmp_path, (WINTER, WINTER + 2 * ONE), "0.20")
    (tmp_path / "pages" / f"{WINTER}.html").unlink()
    pages = build(tmp_path, (), (WINTER + ONE, WINTER + ONE), now=local(WINTER + 3 * ONE, 3))
    assert f"{WINTER}.html" not in pages["index.html"]
    assert f"{WINTER + 2 * ONE}.html" in pages["index.html"]


def test_days_without_a_page_count_for_what_is_usual(tmp_path):
    monday = date(2026, 1, 12)
    rows = records(
        local(monday) - HOUR,
        local(monday + 4 * ONE, 2),
        step=120,
        power=flat(1200),
        contract=contract("BASE"),
    )
    now = local(monday + 4 * ONE, 3)
    build(tmp_path, rows, (monday, monday + 2 * ONE), now=now)
    for path in (tmp_path / "pages").glob("????-??-??.html"):
        path.unlink()
    page = build(tmp_path, rows, (monday + 3 * ONE, monday + 3 * ONE), now=now)[f"{monday + 3 * ONE}.html"]
    assert "28,8" in text_of(page)
    assert "Moyenne de 3" in page
