"""What the page says of money, of injection and of what was not heard."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest

from linkymonitor.money.book import PriceBook
from linkymonitor.money.tariffs import Prices
from tests.report.drawn import DAY, PRICES, build, ejp_day, text_of
from tests.report.house import contract, flat, lively, local, period_of, records

NOON = [(local(DAY, 10), local(DAY, 14, 12))]
SOLD = PriceBook(Prices(hn=Decimal("0.1418"), pm=Decimal("1.0867"), injection=Decimal("0.04")))


def said(tmp_path, rows, **options):
    return (
        text_of(build(tmp_path, rows, **options)[f"{DAY}.html"]).replace("\xa0", " ").replace("\u202f", " ")
    )


def sunny(when):
    return -1500 if 10 <= when.hour < 14 else 300


def test_an_injection_that_is_paid_has_its_price_and_its_amount(tmp_path):
    words = said(tmp_path, ejp_day(power=sunny, injected_index=4000), prices=SOLD)
    assert "La maison a injecté 6,0 kWh, payés 0,24 €." in words
    assert "Injecté, hors total 000 016 000 6,000 0,0400 0,24" in words


def test_an_estimated_injection_is_not_paid_and_says_so(tmp_path):
    words = said(tmp_path, ejp_day(power=sunny), prices=SOLD)
    assert "0,0400 –" in words
    assert "Une injection estimée n’est pas comptée en euros" in words


def test_an_injection_with_a_gap_is_at_least_what_was_heard(tmp_path):
    words = said(tmp_path, ejp_day(power=lively, silent=NOON))
    assert "La maison a injecté au moins" in words
    assert "rien d’entendu de 10 h à 14 h 1" in words
    assert "environ" not in words.partition("La maison a injecté")[2].partition(".")[0]
    assert "Injecté, au moins" in words
    assert "≥ " in words


def test_an_index_knows_what_was_injected_in_a_gap(tmp_path):
    words = said(tmp_path, ejp_day(power=sunny, injected_index=4000, silent=NOON), prices=SOLD)
    assert "La maison a injecté 6,0 kWh, payés 0,24 €." in words
    assert "au moins" not in words


def test_an_index_that_is_first_read_at_noon_gives_at_least_the_rest(tmp_path):
    rows = records(local(DAY, 12), local(DAY + timedelta(days=1), 1), power=sunny, injected_index=1, step=60)
    words = said(tmp_path, rows, prices=SOLD)
    assert "La maison a injecté au moins 3,0 kWh" in words
    assert "≥ 0,12" in words


@pytest.mark.parametrize("minutes", [1, 12])
def test_a_day_of_which_next_to_nothing_was_measured_has_no_cost(tmp_path, minutes):
    rows = records(local(DAY) - timedelta(hours=1), local(DAY, 0, minutes), power=flat(400), step=60)
    words = said(tmp_path, rows)
    assert "sans mesure" in (tmp_path / "pages" / "index.html").read_text()
    assert f"Mesure arrêtée à 0 h {minutes:02d}." in words
    assert "Plus forte puissance" not in words
    assert "a coûté" not in words
    assert not re.search(r"\d €", words)


def test_a_day_that_was_measured_in_part_has_the_cost_of_what_is_known(tmp_path):
    words = said(tmp_path, records(local(DAY), local(DAY, 6), power=flat(1000), step=60))
    assert "Mesure arrêtée à 6 h : 6,0 kWh connus, pour 0,85 € d’énergie." in words
    assert "Total connu, TTC 5,983 1,47" in words
    assert "Il manque 75 % de la mesure, et l’énergie de ce temps." in words
    words = said(tmp_path / "late", records(local(DAY, 9), local(DAY + timedelta(days=1), 1), step=60))
    assert "Mesure commencée à 9 h" in words
    words = said(tmp_path / "only", records(local(DAY, 9), local(DAY, 15), step=60))
    assert "Mesure de 9 h 01 à 15 h seulement" in words


def test_the_first_page_of_a_house_says_why_it_has_no_total_and_no_cost(tmp_path):
    first = records(local(DAY, 9), local(DAY + timedelta(days=1), 1), step=60)
    words = said(tmp_path, first, prices=PriceBook(Prices()))
    assert "C’est le premier jour : ce que le compteur a compté avant 9 h 01 n’est pas connu" in words
    assert "de 0 h à 9 h 01 : avant la première mesure, énergie inconnue" in words
    assert "Les coûts viendront avec les prix : « linkymonitor tariffs new » propose les vôtres." in words
    assert "Les coûts viendront" not in said(tmp_path / "priced", first)
    later = records(local(DAY) - timedelta(days=2), local(DAY) - timedelta(days=1), step=60)
    words = said(tmp_path / "later", [*later, *records(local(DAY, 9), local(DAY, 15), step=60)])
    assert "premier jour" not in words
    assert "avant la première mesure" not in words


def test_a_gap_whose_energy_is_known_leaves_the_cost_of_the_day(tmp_path):
    assert "Ce jour a coûté" in said(tmp_path, ejp_day(silent=NOON))


def test_the_price_that_is_missing_is_named_with_its_place(tmp_path):
    words = said(tmp_path, ejp_day(), prices=PriceBook(Prices(hn=Decimal("0.1418"))))
    assert "prix non réglé : pm" in words
    assert "À régler dans la section [tariff] de linkymonitor.ini : pm." in words
    words = said(tmp_path / "none", ejp_day(), prices=PriceBook(Prices()))
    assert "prix non réglés" in words
    assert "linkymonitor.ini : hn, pm." in words


def test_a_price_in_centimes_is_doubted_on_the_page(tmp_path):
    words = said(tmp_path, ejp_day(), prices=PriceBook(Prices(hn=Decimal("0.1418"), pm=Decimal("123.40"))))
    assert "Prix douteux : pm = 123,4000 €/kWh." in words
    both = said(
        tmp_path / "both", ejp_day(), prices=PriceBook(Prices(hn=Decimal("14.18"), pm=Decimal("123.40")))
    )
    assert "Prix douteux : hn = 14,1800 €/kWh, pm = 123,4000 €/kWh. Les factures" in both
    assert both.count("Les factures") == 1
    assert "Prix douteux" not in said(tmp_path / "right", ejp_day(), prices=PRICES)


def test_english_has_the_sign_before_the_amount(tmp_path):
    rows = ejp_day(power=sunny, injected_index=4000)
    words = said(tmp_path, rows, prices=SOLD, lang="en")
    assert "The house exported 6.0 kWh, which earns €0.24." in words
    assert contract().option in words


def test_the_peak_of_an_ejp_day_is_counted_to_its_end_at_1_h(tmp_path):
    rows = ejp_day(power=flat(1000))
    words = said(tmp_path, rows)
    assert "dont 18,47 € en heures de pointe" in words
    assert "La pointe de cet EJP, de 7 h à 1 h, a coûté 19,56 € pour 18,0 kWh." in words


def test_the_peak_that_goes_on_is_counted_so_far(tmp_path):
    rows = [row for row in ejp_day(power=flat(1000)) if row.ended_at <= local(DAY, 9)]
    words = said(tmp_path / "morning", rows, now=local(DAY, 9))
    assert "La pointe de cet EJP, de 7 h à 9 h, a coûté 2,17 € pour 2,0 kWh." in words
    assert words.partition("Consommé")[0].count("2,17 €") == 1
    midnight = local(DAY + timedelta(days=1))
    rows = [row for row in ejp_day(power=flat(1000)) if row.ended_at <= midnight + timedelta(minutes=10)]
    words = said(tmp_path / "night", rows, now=midnight + timedelta(minutes=11))
    assert "La pointe de cet EJP, de 7 h à 0 h 10, a coûté 18,65 € pour 17,2 kWh." in words


def test_the_peak_of_a_meter_that_is_heard_since_the_morning_is_counted_since_then(tmp_path):
    rows = [row for row in ejp_day(power=flat(1000)) if local(DAY, 9) <= row.ended_at <= local(DAY, 11)]
    words = said(tmp_path, rows, now=local(DAY, 11))
    assert "La pointe de cet EJP, de 9 h à 11 h, a coûté 2,17 € pour 2,0 kWh." in words


def test_the_peak_of_the_day_before_is_no_part_of_this_one(tmp_path):
    rows = ejp_day(power=flat(1000), period=period_of("EJP", [DAY - timedelta(days=1), DAY]))
    assert "de 7 h à 1 h, a coûté 19,56 € pour 18,0 kWh." in said(tmp_path, rows)


def test_a_load_has_no_tariff_where_there_is_but_one(tmp_path):
    words = said(tmp_path, ejp_day(contract=contract("BASE"), period=period_of("BASE")))
    assert "sans doute le chauffe-eau, a duré de 1 h à 4 h 10." in words
    assert ", en heures normales." in said(tmp_path / "ejp", ejp_day())
