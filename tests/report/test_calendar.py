"""The calendar, and the summary that each page carries for it."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest

from linkymonitor.daily_log.columns import Columns
from linkymonitor.language import Text
from linkymonitor.money.book import PriceBook
from linkymonitor.money.tariffs import Prices
from linkymonitor.report import figures
from linkymonitor.report.calendar_texts import CalendarTexts
from linkymonitor.report.gather import split_days
from linkymonitor.report.section import Settings
from linkymonitor.report.summary import Summary
from tests.report.drawn import DAY, PRICES, build, ejp_day, parsed, text_of
from tests.report.house import PARIS, contract, local, period_of, records

NEXT = DAY + timedelta(days=1)


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
    squares = re.findall(r'class="day [^"]*" href="([^"]*)"', index)
    assert set(reader.links) >= set(squares)
    assert squares == [
        "2026-01-11.html",
        "2026-01-12.html",
        "2026-01-13.html",
    ]
    assert 'class="tag peak">EJP' in index
    assert "en 3 jours, 1 EJP (pointe" in text_of(index)


def test_the_calendar_counts_the_ejp_days_left_only_when_it_saw_the_winter(tmp_path):
    first = date(2025, 11, 1)
    rows = records(
        local(first), local(first + timedelta(days=4)), step=240, period=period_of("EJP", [date(2025, 11, 3)])
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
    prices = PriceBook(Prices(base=Decimal("0.2"), subscription_month=Decimal(15)))
    options = {"lang": lang, "prices": prices}
    build(tmp_path, partial_rows(), (DAY - timedelta(days=2), DAY), **options)
    # The other days are read back from their pages.
    index = build(tmp_path, [], **options)["index.html"]
    said = text_of(index).replace("\xa0", " ")
    assert last in said
    assert sums in said
    cells = re.findall(r'class="day (\w+)" href="([^"]+)" title="([^"]*)"[^>]*>(.*?)</a>', index)
    assert sorted(style for style, *_ in cells) == ["d1", "d3", "part"]
    assert cells[2][0] == "part"
    assert [mark in title for _, _, title, _ in cells] == [False, False, True]
    assert f'<span class="tag partial">{mark}</span>' in cells[2][3]


def test_texts_have_both_languages_and_the_same_places():
    texts = [text for text in vars(CalendarTexts).values() if isinstance(text, Text)]
    assert texts
    for text in texts:
        assert text.fr != text.en
        assert text.fr.count("{}") == text.en.count("{}")


def test_each_square_has_its_figure_and_the_legend_has_what_the_squares_have(tmp_path):
    rows = records(
        local(DAY - timedelta(days=2), 12), local(NEXT, 1), step=120, period=period_of("EJP", [DAY])
    )
    index = build(tmp_path, rows, (DAY - timedelta(days=3), NEXT), now=local(NEXT, 1))["index.html"]
    figures = dict(re.findall(r'href="2026-01-(\d\d)\.html" title=.*?<b>(.*?)</b></a>', index))
    assert figures["10"] == ""
    assert re.fullmatch(r"\d+,\d\d", figures["13"])
    legend = text_of(re.search(r'<div class="legend".*?</div>', index, re.DOTALL)[0])
    assert "Coût de chaque jour, en €" in legend
    for mark in ("jour EJP", "pas encore fini", "sans mesure", "mesuré en partie"):
        assert mark in legend
    apart = Settings(dir=tmp_path / "unpriced")
    unpriced = build(tmp_path, [], (DAY, DAY), prices=PriceBook(Prices()), settings=apart)["index.html"]
    assert re.search(r'href="2026-01-13\.html" title=.*?<b>\d+,\d</b></a>', unpriced)
    assert "Énergie de chaque jour, en kWh" in unpriced


def test_the_newest_month_has_its_figures_and_the_cost_of_the_ejp_peak(tmp_path):
    index = build(tmp_path, ejp_day(), (DAY - timedelta(days=1), DAY))["index.html"]
    facts = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", index))
    page = (tmp_path / "pages" / "2026-01-13.html").read_text("utf-8")
    (cost,) = {str(summary.peak_eur) for summary in [Summary.read(DAY, page[:4096])]}
    assert text_of(facts["Pointe EJP"]).replace("\xa0", " ") == f"{cost.replace('.', ',')} € en 1 jour "
    assert "environ" in facts["Injecté"]


def test_the_sentence_about_the_last_day_is_a_link(tmp_path):
    index = build(tmp_path, ejp_day())["index.html"]
    assert re.search(r'<a href="2026-01-13\.html">Dernier jour complet, mardi 13', index)


@pytest.mark.parametrize(
    "now", [local(DAY + timedelta(days=1), 9), local(DAY, 18)], ids=["after", "on the day"]
)
def test_yesterday_and_today_have_addresses_that_stay(tmp_path, now):
    pages = tmp_path / "pages"
    today = now.astimezone(PARIS).date()
    build(tmp_path, ejp_day(), (today - timedelta(days=1), today), now=now)
    for name, day in (("today", today), ("yesterday", today - timedelta(days=1))):
        assert (pages / f"{name}.html").read_bytes() == (pages / f"{day}.html").read_bytes()
    # A later run that draws other days keeps them right.
    build(tmp_path, [], (DAY - timedelta(days=5), DAY - timedelta(days=5)), now=now + timedelta(days=1))
    assert (pages / "yesterday.html").read_bytes() == (pages / f"{today}.html").read_bytes()
    assert (pages / "today.html").read_bytes() == (pages / "index.html").read_bytes()


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("fr", "Le compteur n’est plus entendu depuis le mardi 13 janvier 2026 à 12 h 05"),
        ("en", "The meter has not been heard since Tuesday 13 January 2026 at 12:05"),
    ],
)
def test_a_calendar_says_when_the_meter_is_not_heard_any_more(tmp_path, lang, words):
    newest = local(DAY, 12, 5)
    late = build(tmp_path, ejp_day(), lang=lang, newest=newest, now=newest + timedelta(days=3))["index.html"]
    assert words in re.sub(r"\s", " ", text_of(late))
    assert 'data-patience="172800">' in late
    soon = build(tmp_path, [], lang=lang, newest=newest, now=newest + timedelta(days=1))["index.html"]
    assert 'data-patience="172800" hidden>' in soon
    settings = Settings(dir=tmp_path / "pages", silent_after=timedelta(0))
    never = build(tmp_path, [], newest=newest, now=newest + timedelta(days=3), settings=settings)[
        "index.html"
    ]
    assert "data-patience" not in never


def beside(page):
    """Return the links of *page* to the pages before and after it: relation, address and name."""
    return re.findall(r'<a rel="(prev|next)" href="([^"]+)">(.*?)</a>', page)


def test_a_page_links_to_the_nearest_pages_also_when_they_are_drawn_later(tmp_path):
    pages = tmp_path / "pages"
    alone = build(tmp_path, ejp_day())["2026-01-13.html"]
    assert beside(alone) == []
    assert "<span>‹ lundi</span>" in alone
    far = build(tmp_path, [], (date(2025, 12, 30), date(2025, 12, 30)))["2025-12-30.html"]
    assert beside(far) == [("next", "2026-01-13.html", "13/01/2026 ›")]
    path = pages / "2026-01-13.html"
    assert beside(path.read_text("utf-8")) == [("prev", "2025-12-30.html", "‹ 30/12/2025")]
    build(tmp_path, [], (DAY - timedelta(days=1), DAY - timedelta(days=1)))
    assert beside(path.read_text("utf-8")) == [("prev", "2026-01-12.html", "‹ lundi")]
    relinked = path.read_bytes()
    build(tmp_path, [])
    assert path.read_bytes() == relinked, "only the links were written anew"


def test_empty_pages_of_days_that_have_not_come_are_removed(tmp_path):
    """A mistyped year had made them, or a clock that was wrong."""
    future = date(2062, 1, 13)
    build(tmp_path, ejp_day(), (future, future), now=local(future, 12))
    pages = tmp_path / "pages"
    (pages / "2063-01-01.html").write_text("a page of somebody else")
    index = build(tmp_path, [])["index.html"]
    assert "2062" not in index
    assert not (pages / "2062-01-13.html").exists()
    assert beside((pages / "2026-01-13.html").read_text("utf-8")) == [
        ("next", "2063-01-01.html", "01/01/2063 ›")
    ]
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
