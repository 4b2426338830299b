"""What a page says of prices: the names of the offer, what is out of date or doubted, and why a price is missing."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest

from linkymonitor.cli import main
from linkymonitor.money.book import PriceBook
from linkymonitor.money.contract import Contract
from linkymonitor.money.shelf import Shelf
from linkymonitor.money.tariffs import Prices
from linkymonitor.system.resources import shipped
from tests.report.drawn import build, text_of
from tests.report.house import contract, flat, local, period_of, records, write_log

SATURDAY = date(2026, 6, 13)


def rows_of(day, option="BASE", **made_with):
    return records(
        local(day) - timedelta(minutes=5),
        local(day + timedelta(days=1)) + timedelta(minutes=5),
        power=flat(1000),
        step=300,
        contract=contract(option),
        period=period_of(option),
        **made_with,
    )


def page_of(tmp_path, day, terms, *, option="BASE", lang="fr", **made_with):
    shelf = Shelf((shipped("etc/tariffs"),))
    book = PriceBook(Prices(base=Decimal("0.2")), {}, Contract(**terms), {}, shelf)
    now = local(day + timedelta(days=3))
    rows = rows_of(day, option, **made_with)
    return text_of(build(tmp_path, rows, (day, day), prices=book, now=now, lang=lang)[f"{day}.html"]).replace(
        "\xa0", " "
    )


def test_the_periods_of_an_offer_have_its_names(tmp_path):
    said = page_of(tmp_path, SATURDAY, {"offer": "edf-zen-week-end-hc", "since": date(2026, 3, 1)})
    assert "Heures creuses et week-end 24,000 0,1618 3,88" in said
    assert "prix non réglés" not in said


def test_a_price_beyond_its_revision_stands_and_is_said_to_be_perhaps_out_of_date(tmp_path):
    late = date(2027, 2, 10)
    said = page_of(tmp_path, late, {"offer": "tarif-bleu-base"}, lang="en")
    assert "Tarif Bleu, option Base: prices may be out of date since 1 February 2027" in said
    assert "prices not set" not in said
    calendar = text_of((tmp_path / "pages" / "index.html").read_text()).replace("\xa0", " ")
    assert "Tarif Bleu, option Base: prices may be out of date since 1 February 2027" in calendar


def test_a_doubt_of_the_table_is_on_the_page(tmp_path):
    said = page_of(tmp_path, date(2026, 9, 9), {"offer": "ejp"}, option="EJP")
    assert "Tarif Bleu, option EJP, prix du 1ᵉʳ août 2026, à vérifier sur votre facture : lus par un" in said


def test_why_a_price_is_missing_is_said_and_no_key_of_the_tariff_is_asked_for(tmp_path):
    gap = page_of(tmp_path / "gap", date(2023, 1, 10), {"offer": "ejp"}, option="EJP")
    assert "prix du 10 janvier 2023 inconnus (aucune grille trouvée)" in gap
    before = page_of(tmp_path / "before", date(2026, 1, 10), {"since": date(2026, 2, 1)})
    assert "avant le contrat, qui commence le 1ᵉʳ février 2026" in before
    for said in (gap, before):
        assert "[tariff]" not in said


def test_a_day_whose_colour_is_not_published_has_no_price_and_says_why(tmp_path):
    said = page_of(tmp_path, date(2026, 11, 25), {"offer": "tempo", "power": 9})
    assert "période inconnue d’une partie de l’énergie" in said
    assert "prix non réglés" not in said


def test_energy_of_unknown_hours_has_no_price_and_stays_on_the_page(tmp_path):
    said = page_of(tmp_path, date(2026, 6, 10), {"offer": "edf-vert-electrique-hc"})
    assert "période inconnue 24,000 – –" in said
    assert "heures creuses inconnues : réglez [contract] off_peak" in said.lower().replace("\u202f", " ")


@pytest.mark.parametrize("price", ["", "injection_price = 0,04"])
def test_injection_earns_only_what_a_contract_pays(tmp_path, capsys, price):
    day = date(2026, 6, 10)
    made = rows_of(day, injected_index=1_000_000)
    rising = [row._replace(injected_index=1_000_000 + 10 * number) for number, row in enumerate(made)]
    write_log(tmp_path / "log", rising)
    ini = tmp_path / "linkymonitor.ini"
    ini.write_text(f"[contract]\noffer = tarif-bleu-base\n{price}\n")
    words = [
        "report",
        "-c",
        str(ini),
        "--log-dir",
        str(tmp_path / "log"),
        "-s",
        str(day),
        "-e",
        str(day),
        "--json",
    ]
    assert main(words) == 0
    injected = json.loads(capsys.readouterr().out)["injected"]
    assert injected["wh"] == 2880
    assert injected["eur"] == ("0.12" if price else None)


def test_the_warnings_are_in_the_json_in_the_language_of_the_pages(tmp_path, capsys):
    day = date(2026, 9, 9)
    write_log(tmp_path / "log", rows_of(day, "EJP"))
    ini = tmp_path / "linkymonitor.ini"
    ini.write_text("[general]\nlang = en\n[contract]\noffer = ejp\npower = 9\n")
    words = [
        "report",
        "-c",
        str(ini),
        "--log-dir",
        str(tmp_path / "log"),
        "-s",
        str(day),
        "-e",
        str(day),
        "--json",
    ]
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["warnings"] == [
        "Tarif Bleu, option EJP, prices of 1 August 2026, to be checked on your bill: read by one program from a "
        "PDF of the supplier; the part without taxes is unknown"
    ]


def test_a_wrong_table_costs_the_euros_not_the_pages(tmp_path, capsys):
    day = date(2026, 9, 9)
    write_log(tmp_path / "log", rows_of(day))
    ini = tmp_path / "linkymonitor.ini"
    ini.write_text("[contract]\noffer = nobodys\n")
    pages = tmp_path / "pages"
    words = ["report", "-c", str(ini), "--log-dir", str(tmp_path / "log"), "-s", str(day), "-o", str(pages)]
    assert main([*words, "-e", str(day), "--lang", "en"]) == 1
    assert "[contract] offer = nobodys: no price table of that name" in capsys.readouterr().err
    said = text_of((pages / f"{day}.html").read_text()).replace("\xa0", " ")
    assert "24.000" in said
    assert "the price table 'nobodys' cannot be used" in said.replace("&#39;", "'")


def test_where_the_offer_splits_a_register_the_page_has_no_index_and_no_load_in_all_hours(tmp_path):
    """A water heater runs from 1:00 to 3:00, in the one register of the meter, which has four prices."""
    rows = records(
        local(SATURDAY) - timedelta(minutes=5),
        local(SATURDAY + timedelta(days=1)) + timedelta(minutes=5),
        power=lambda when: 2500 if 1 <= when.hour < 3 else 200,
        step=60,
        contract=contract("BASE"),
        period=period_of("BASE"),
    )
    terms = Contract(offer="edf-zen-estival", since=date(2026, 4, 1))
    book = PriceBook(Prices(), {}, terms, {}, Shelf((shipped("etc/tariffs"),)))
    now = local(SATURDAY + timedelta(days=3))
    page = build(tmp_path, rows, (SATURDAY, SATURDAY), prices=book, now=now, lang="en")[f"{SATURDAY}.html"]
    assert '<table class="dots no-ix">' in page
    assert "probably the water heater, ran from 01:00 to 03:00." in text_of(page)


def test_a_colour_that_decides_nothing_is_not_missed(tmp_path):
    """In summer no day of this offer is red, so its prices are known though blue is not told from white."""
    said = page_of(tmp_path, SATURDAY, {"offer": "octopus-octotempo"}, lang="en")
    assert "This day cost" in said
    assert "is not known" not in said
