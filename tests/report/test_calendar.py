"""The calendar, and the summary that each page carries for it."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest

from linkymonitor.daily_log.columns import Columns
from linkymonitor.money.tariffs import Prices
from linkymonitor.report import figures
from linkymonitor.report.calendar import Summary
from linkymonitor.report.gather import split_days
from linkymonitor.report.section import Settings
from tests.report.drawn import DAY, PRICES, build, ejp_day, parsed, text_of
from tests.report.house import PARIS, contract, local, period_of, records


def test_the_calendar_gathers_the_pages_that_are_there(tmp_path):
    rows = records(
        local(DAY) - timedelta(days=3),
        local(DAY + timedelta(days=1)),
        step=120,
        period=period_of("EJP", [DAY]),
    )
    build(tmp_path, rows, (DAY - timedelta(days=2), DAY - timedelta(days=1)))
    index = build(tmp_path, rows)["index.html"]
    reader = parsed(index)
    assert [link for link in reader.links if link.startswith("2026-01-1")] == [
        "2026-01-11.html",
        "2026-01-12.html",
        "2026-01-13.html",
    ]
    assert 'class="tag peak">EJP' in index
    assert "en 3 jours, 1 EJP" in text_of(index)


def test_the_calendar_counts_the_ejp_days_left_only_when_it_saw_the_winter(tmp_path):
    first = date(2025, 11, 1)
    rows = records(
        local(first), local(first + timedelta(days=4)), step=600, period=period_of("EJP", [date(2025, 11, 3)])
    )
    now = local(first + timedelta(days=9))
    whole = build(tmp_path, rows, (first, first + timedelta(days=3)), now=now)["index.html"]
    assert "Il reste 21 jours EJP sur 22" in text_of(whole).replace("\xa0", " ")
    part = Settings(dir=tmp_path / "part")
    half = build(tmp_path, rows, (date(2025, 11, 2), date(2025, 11, 4)), now=now, settings=part)["index.html"]
    assert "Il reste" not in text_of(half)


def partial_rows():
    """Return three days, the last one heard from 9 h to 15 h only."""
    return records(
        local(DAY) - timedelta(days=2),
        local(DAY, 15),
        step=120,
        contract=contract("BASE"),
        silent=[(local(DAY) - timedelta(minutes=1), local(DAY, 9))],
    )


@pytest.mark.parametrize(
    ("lang", "last", "sums", "mark"),
    [
        ("fr", "Dernier jour complet, lundi 12", "en 3 jours, dont 1 en partie", "partiel"),
        ("en", "Last full day, Monday 12", "in 3 days, 1 of them in part", "partial"),
    ],
)
def test_the_calendar_neither_calls_a_partial_day_full_nor_ranks_it(tmp_path, lang, last, sums, mark):
    prices = Prices(base=Decimal("0.2"), subscription_month=Decimal(15))
    options = {"lang": lang, "prices": prices}
    build(tmp_path, partial_rows(), (DAY - timedelta(days=2), DAY), **options)
    # The other days are read back from their pages.
    index = build(tmp_path, [], **options)["index.html"]
    said = text_of(index).replace("\xa0", " ")
    assert last in said
    assert said.count(sums) == 2, "for the year and for the month"
    cells = re.findall(r'class="day (\w+)" href="([^"]+)" title="([^"]*)"[^>]*>(.*?)</a>', index)
    assert sorted(style for style, *_ in cells) == ["d1", "d3", "void"]
    assert cells[2][0] == "void"
    assert [mark in title for _, _, title, _ in cells] == [False, False, True]
    assert f'<span class="tag partial">{mark}</span>' in cells[2][3]


def test_empty_pages_of_days_that_have_not_come_are_removed(tmp_path):
    """A mistyped year had made them, or a clock that was wrong."""
    future = date(2062, 1, 13)
    build(tmp_path, ejp_day(), (future, future), now=local(future, 12))
    pages = tmp_path / "pages"
    (pages / "2063-01-01.html").write_text("a page of somebody else")
    index = build(tmp_path, [])["index.html"]
    assert "2062" not in index
    assert not (pages / "2062-01-13.html").exists()
    assert (pages / "2063-01-01.html").exists()


@pytest.mark.parametrize("head", ["", "junk", '<meta name="linkymonitor-day" content="{">', "\0" * 50])
def test_a_page_that_is_not_ours_says_nothing(head):
    assert Summary.read(DAY, head) == Summary(day=DAY, wh=None, eur=None)


def test_a_summary_comes_back_as_it_went():
    rows = ejp_day()
    (found,) = split_days([Columns.of(rows)], DAY, DAY, PARIS)
    summary = Summary.of(figures.day_figures(found, PARIS, PRICES, local(DAY + timedelta(days=2))))
    from html import escape

    head = f'<meta name="linkymonitor-day" content="{escape(summary.as_text())}">'
    assert Summary.read(DAY, head) == summary
    assert summary.ejp
