"""The pages of months, years and ranges: what they show is what was counted, and nothing that is not known."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date, timedelta
from decimal import Decimal
from html import unescape

import pytest

from linkymonitor.language import Text
from linkymonitor.money.book import PriceBook
from linkymonitor.money.contract import Contract
from linkymonitor.money.shelf import Shelf
from linkymonitor.money.tariffs import Prices
from linkymonitor.report.cells import harmless
from linkymonitor.report.formats import NBSP, THIN
from linkymonitor.report.pages import Pages
from linkymonitor.report.period.as_json import as_json
from linkymonitor.report.period.figures import period_figures
from linkymonitor.report.period.sentences import signed
from linkymonitor.report.period.spreadsheet import spreadsheet
from linkymonitor.report.section import Settings
from linkymonitor.report.words import Words
from linkymonitor.summaries.day import InjectedEnergy
from linkymonitor.system.resources import shipped
from tests.report.drawn import HOSTILE, parsed, text_of
from tests.report.house import PARIS, local
from tests.report.made_days import days, made
from tests.report.price_books import book

JANUARY, LAST = date(2026, 1, 1), date(2026, 1, 31)
LATER = local(date(2026, 3, 1))
EJP = {"HN": "0.1418", "PM": "1.0867"}


def figures_of(summaries, prices, *, first=JANUARY, last=LAST, now=LATER):
    return period_figures(summaries, prices, first, last, tz=PARIS, now=now)


def page_of(figures, *, lang="fr", files=frozenset(), now=LATER):
    pages = Pages([shipped("templates")], lang, PARIS, Settings().sections)
    links = [{"text": "calendrier", "href": "index.html", "rel": None}]
    return pages.period(figures, links, files, now.timestamp(), "abc").decode()


def plain(page: str) -> str:
    return unescape(text_of(page)).replace(NBSP, " ").replace(THIN, " ")


def ejp_month(**changes):
    """Return January: 8 Wh a half hour, on the 5th and the 6th 5 Wh and 25 Wh of peak."""
    summaries = days(JANUARY, 31, {"HN": 8, "PM": 0}, **changes)
    for day in (date(2026, 1, 5), date(2026, 1, 6)):
        summaries[day] = made(day, {"HN": 5, "PM": 25}, ejp=True, **changes)
    return summaries


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_sums_on_the_page_are_those_of_the_json(lang):
    figures = figures_of(ejp_month(), book(EJP, subscription="19.32"))
    page, found = page_of(figures, lang=lang), as_json(figures, PARIS, lang)
    parsed(page)
    words = Words(lang, PARIS)
    for code in ("HN", "PM"):
        assert words.kwh(found["periods"][code]["wh"]) in page
        assert words.eur(Decimal(found["periods"][code]["eur"])) in page
    assert words.kwh(found["consumed"]["wh"]) in page
    assert words.eur(Decimal(found["total"]["eur"])) in page
    # HN: 29 × 384 Wh and 2 × 240 Wh; PM: 2 × 1200 Wh.
    assert found["periods"] == {"HN": {"wh": 11616, "eur": "1.65"}, "PM": {"wh": 2400, "eur": "2.61"}}
    assert found["total"] == {"eur": "23.58"}


def test_the_lines_of_the_account_add_up_to_its_total_and_the_rounding_is_declared():
    page = plain(page_of(figures_of(ejp_month(), book(EJP, subscription="19.32"))))
    assert "Total TTC 14,016 1,6824 23,58" in page
    # A day shows 0.05 € and 0.62 €, an EJP day 0.03 €, 1.30 € and 0.62 €: 29 × 0.67 € + 2 × 1.95 € = 23.33 €.
    assert (
        "Les pages des jours, arrondies ligne par ligne, font 23,33 € : l’écart de 0,25 € est leur arrondi."
        in page
    )


def test_the_account_declares_what_days_without_data_cost():
    figures = figures_of(days(JANUARY, 21, {"HN": 7}), book({"HN": "0.1418"}, subscription="31.00"))
    assert "Le total a 10,00 € pour des jours sans données" in plain(page_of(figures))
    assert as_json(figures, PARIS, "fr")["missing_days_eur"] == "10.00"


@pytest.mark.parametrize(
    ("amount", "shown"), [("-0.40", "0"), ("0.40", "0"), ("0", "0"), ("-0.60", "−1"), ("0.60", "+1")]
)
def test_a_difference_of_nothing_has_no_sign(amount, shown):
    assert signed(Decimal(amount), Words("fr", PARIS)) == f"{shown}{NBSP}€"


def test_a_month_without_prices_has_energy_and_says_why_it_has_no_cost():
    page = page_of(figures_of(ejp_month(), book({})))
    parsed(page)
    words = plain(page)
    assert "la maison a utilisé 14 kWh" in words
    assert "prix non réglés" in words
    assert 'id="in-kwh"' not in page  # there is nothing to choose
    assert not re.search(r"\d €", words)  # no amount at all


def test_a_missing_price_is_told_with_its_reason():
    reason = Text("prix inconnus du 1er au 9 janvier", "prices unknown from 1 to 9 January")
    page = page_of(figures_of(ejp_month(), book({"HN": "0.1418"}, subscription="19.32", reason=reason)))
    assert "prix inconnus du 1ᵉʳ au 9 janvier" in plain(page)


def test_a_month_without_data_has_a_page():
    page = page_of(figures_of({}, book(EJP, subscription="19.32")))
    parsed(page)
    assert "Le journal n’a rien de ces jours." in plain(page)
    assert "<script" not in page


def test_the_bars_are_links_to_the_days_that_have_a_page():
    page = page_of(
        figures_of(ejp_month(), book(EJP, subscription="19.32")), files=frozenset({"2026-01-05.html"})
    )
    assert (
        re.findall(r'<a href="(2026-01-\d\d\.html)"', page) == ["2026-01-05.html"] * 3
    )  # €, kWh, the dearest days


def test_days_that_are_missing_are_counted_and_named():
    summaries = ejp_month()
    del summaries[date(2026, 1, 9)]
    page = plain(page_of(figures_of(summaries, book(EJP, subscription="19.32"))))
    assert "De 1 jour, rien ou presque n’est connu" in page
    assert "Coût connu" in page
    assert "Jours sans données 09/01" in page


def test_a_year_has_its_months_and_its_days():
    summaries = days(date(2025, 1, 1), 365, {"HN": 500})
    figures = figures_of(
        summaries, book(EJP, subscription="19.32"), first=date(2025, 1, 1), last=date(2025, 12, 31)
    )
    page = page_of(figures, files=frozenset({"2025-04.html"}))
    parsed(page)
    assert "Mois par mois" in page
    assert page.count('href="2025-04.html"') == 2
    assert len(page.encode()) < 150_000


def test_a_range_is_named_by_its_days():
    first, last = date(2026, 1, 5), date(2026, 2, 3)
    figures = figures_of(days(first, 30, {"HN": 20}), book(EJP, subscription="19.32"), first=first, last=last)
    page = plain(page_of(figures))
    assert "Du 5 janvier au 3 février 2026" in page


def test_warnings_stand_on_the_page_and_in_the_json():
    prices = book(EJP, subscription="19.32")
    warned = prices.on(JANUARY)._replace(
        warnings=(
            Text(
                "prix peut-être dépassés depuis le 1er août 2026",
                "prices may be out of date since 2026-08-01",
            ),
        )
    )
    figures = figures_of(ejp_month(), type(prices)((date.min, warned)))
    assert "prix peut-être dépassés depuis le 1ᵉʳ août 2026" in plain(page_of(figures))
    assert as_json(figures, PARIS, "en")["warnings"] == ["prices may be out of date since 2026-08-01"]


def test_what_a_table_calls_its_periods_can_run_nothing():
    prices = book(EJP, subscription="19.32")
    named = prices.on(JANUARY)._replace(labels={"HN": Text(HOSTILE, HOSTILE), "PM": Text("=1+1", "=1+1")})
    figures = figures_of(ejp_month(), type(prices)((date.min, named)))
    page = page_of(figures)
    parsed(page)
    assert HOSTILE not in page
    assert "'=1+1 (kWh)" in spreadsheet(figures, Words("fr", PARIS)).splitlines()[0]


@pytest.mark.parametrize("cell", ["=1+1", "+33", "-2", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_text_that_a_spreadsheet_would_run_gets_an_apostrophe(cell):
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize(("lang", "separator", "total"), [("fr", ";", "14,016"), ("en", ",", "14.016")])
def test_the_spreadsheet_has_a_line_a_day_and_adds_up(lang, separator, total):
    given = InjectedEnergy(1000, 1000, 1000, estimated=False)
    figures = figures_of(ejp_month(injected=given), book(EJP, subscription="19.32"))
    rows = list(csv.DictReader(io.StringIO(spreadsheet(figures, Words(lang, PARIS))), delimiter=separator))
    assert len(rows) == 31
    energy = "énergie (kWh)" if lang == "fr" else "energy (kWh)"
    added = sum(Decimal(row[energy].replace(",", ".")) for row in rows)
    assert str(added).replace(".", "," if lang == "fr" else ".") == total
    assert rows[4]["remarque" if lang == "fr" else "remark"] == ("jour EJP" if lang == "fr" else "EJP day")


def test_the_page_carries_the_spreadsheet():
    figures = figures_of(ejp_month(), book(EJP, subscription="19.32"))
    page = page_of(figures)
    block = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)[1]
    assert json.loads(block) == {"name": "2026-01", "csv": spreadsheet(figures, Words("fr", PARIS))}


def test_the_same_data_give_the_same_bytes():
    prices = book(EJP, subscription="19.32")
    pages = [page_of(figures_of(ejp_month(), prices)) for _ in range(2)]
    assert pages[0] == pages[1]


def test_a_month_that_is_not_over_has_its_estimate_and_how_it_is_made():
    summaries = {}
    for at in range(20):
        day = JANUARY + timedelta(days=at)
        summaries[day] = made(day, {"HN": 1000 if day.weekday() >= 5 else 500}, option="BASE")
    now = local(date(2026, 1, 21), 0, 5)
    page = plain(page_of(figures_of(summaries, book({"HN": "0.10"}, subscription="31"), now=now), now=now))
    # 624 kWh so far and 336 kWh to come, and the subscription of the month.
    assert "Le mois devrait finir vers 127 €." in page
    assert "11 jours à venir" in page


def test_english_amounts_have_their_sign_first():
    summaries = days(JANUARY, 31, {"HN": 20}) | days(date(2025, 1, 1), 31, {"HN": 900})
    page = plain(page_of(figures_of(summaries, book(EJP, subscription="19.32")), lang="en"))
    assert "Against January 2025, over the same 31 days, that is €186 less." in page
    assert "−€186" in page


@pytest.mark.parametrize(
    ("days_of_change", "shown"),
    [
        ((4,), ["4 janvier : nouveaux prix"]),
        ((4, 20), ["4 janvier : nouveaux prix", "20 janvier : nouveaux prix"]),
        ((4, 8), ["4 janvier", "8 janvier : nouveaux prix"]),
        ((4, 5), ["", "5 janvier : nouveaux prix"]),
        ((25, 27), ["25 janvier : nouveaux prix", ""]),
        ((15, 24), ["15 janvier", "24 janvier"]),
    ],
)
def test_the_words_of_two_events_never_cross(days_of_change, shown):
    changes = [
        (date(2026, 1, day), {"HN": f"0.{number}", "PM": "1"}) for number, day in enumerate(days_of_change, 2)
    ]
    page = page_of(figures_of(ejp_month(), book(EJP, *changes, subscription="19.32")))
    plot = page[page.index('class="plot') : page.index('class="names"')]
    marks = re.findall(r'<span class="mark [^>]*>(.*?)</span></span>', plot)
    assert [unescape(re.sub("<[^>]+>", "", mark)).replace(NBSP, " ") for mark in marks] == shown


@pytest.mark.parametrize(("lang", "shown"), [("fr", "2 jours EJP"), ("en", "2 EJP days")])
def test_dear_days_in_a_row_have_a_bracket_and_the_mean_day_has_their_hours(lang, shown):
    page = page_of(figures_of(ejp_month(), book(EJP)), lang=lang)
    runs = re.findall(r'<span class="run" style="left:([\d.]+)%;width:([\d.]+)%"><b>([^<]*)</b>', page)
    # The fifth and the sixth of 31 days.
    assert runs[0] == ("12.90", "6.45", shown)
    words = {"fr": "de 7 h à 1 h : pointe des jours EJP", "en": "from 7:00 to 1:00: peak of EJP days"}
    assert words[lang] in plain(page)


def test_a_dear_day_alone_has_no_bracket_and_a_month_without_dear_days_no_dear_hours():
    alone = ejp_month()
    alone[date(2026, 1, 6)] = made(date(2026, 1, 6), {"HN": 8, "PM": 0})
    assert 'class="run"' not in page_of(figures_of(alone, book(EJP)))
    plain_days = days(JANUARY, 31, {"HN": 8, "PM": 0})
    assert 'class="peak-hours"' not in page_of(figures_of(plain_days, book(EJP)))


def test_the_prices_of_a_table_have_the_day_on_which_they_were_checked():
    offer = PriceBook(Prices(), {}, Contract(offer="ejp", power=12), {}, Shelf((shipped("etc/tariffs"),)))
    checked = "ejp, depuis le 1er août 2025, vérifiés le 27 novembre 2026"
    assert checked in plain(page_of(figures_of(ejp_month(), offer))).replace("1ᵉʳ", "1er")
