"""What a person types of a paper bill, in French or English, and what is no answer."""

from __future__ import annotations

import pytest

from linkymonitor.billing.answers import (
    Impossible,
    read_amount,
    read_date,
    read_kind,
    read_path,
    read_rate,
    read_register,
    read_whole,
    read_yes,
)


@pytest.mark.parametrize(
    ("read", "typed", "found"),
    [
        (read_amount, "1 234,56 €", "1234.56"),
        (read_amount, "-12.80", "-12.80"),
        (read_amount, "14,25 €/mois", "14.25"),
        (read_amount, "30,85 €/MWh", "0.03085"),
        (read_rate, "5,5 %", "5.5"),
        (read_register, "heures creuses", '"HC"'),
        (read_register, "Heures Pleines jours rouges", '"HPJR"'),
        (read_register, "hn", '"HN"'),
        (read_whole, "68 832", "68832"),
        (read_whole, "68.832 kWh", "68832"),
        (read_date, "8/1/26", "2026-01-08"),
        (read_date, "2026-01-08", "2026-01-08"),
        (read_date, "09.06.2026", "2026-06-09"),
        (read_date, "9 juin 2026", "2026-06-09"),
        (read_date, "9 June 2026", "2026-06-09"),
        (read_date, "1er août 2026", "2026-08-01"),
        (read_date, "1 Aout 26", "2026-08-01"),
        (read_date, "31 déc. 2025", "2025-12-31"),
        (read_date, "2 Feb 2026", "2026-02-02"),
        (read_register, "off-peak hours", '"HC"'),
        (read_register, "peak hours, red days", '"HPJR"'),
        (read_register, "mobile peak", '"PM"'),
        (read_amount, "\N{MINUS SIGN}5,00", "-5.00"),
        (read_amount, "12,69 c€", "0.1269"),
        (read_amount, "3,085 c€ HT/kWh", "0.03085"),
        (read_amount, "3.085 cents", "0.03085"),
        (read_amount, "11,40 centimes/kWh", "0.1140"),
        (read_date, "mardi 9 juin 2026", "2026-06-09"),
        (read_date, "mar. 9 juin 2026", "2026-06-09"),
        (read_date, "Tuesday, June 9, 2026", "2026-06-09"),
        (read_date, "29/2/2024", "2024-02-29"),
        (read_kind, "revenu", '"revenue"'),
        (read_kind, "avoir", '"credit"'),
        (read_kind, "x (avoir)", '"credit"'),
        (read_kind, "Crédit", '"credit"'),
        (read_kind, "Accise", '"tax"'),
        (read_kind, "CTA", '"tax"'),
        (read_kind, "excise", '"tax"'),
        (read_kind, "Contribution tarifaire d'acheminement", '"tax"'),
        (read_kind, "Énergie", '"energy"'),
        (read_kind, "conso", '"energy"'),
        (read_kind, "a(bonnement)", '"subscription"'),
        (read_kind, "abo", '"subscription"'),
        (read_kind, "A", '"subscription"'),
        (read_kind, "subscription", '"subscription"'),
        (read_path, "hors taxes", '"ht"'),
        (read_path, "without", '"ht"'),
        (read_path, "TTC", '"ttc"'),
        (read_path, "with taxes", '"ttc"'),
        (read_yes, "oui", "true"),
        (read_yes, "yes", "true"),
    ],
)
def test_what_people_type_is_forgiven(read, typed, found):
    assert read(typed) == found


@pytest.mark.parametrize(
    ("read", "typed"),
    [
        (read_amount, "NaN"),
        (read_amount, "12 euros et demi"),
        (read_rate, "0,0308"),
        (read_register, "énergie verte !"),
        (read_whole, "12,5"),
        (read_whole, "68832.5"),
        (read_date, "8/1/202"),
        (read_date, "1/1/99999999999999999999"),
        (read_date, "32/01/2026"),
        (read_date, "9 ju 2026"),
        (read_date, "9 ma 2026"),
        (read_date, "le 9 spring 2026"),
        (read_path, "?"),
        (read_date, "9 juin mai 2026"),
        (read_date, "mars 9 juin 2026"),
        (read_amount, "12c5"),
        (read_amount, "1e3"),
        (read_amount, "10000000"),
        (read_whole, "1" * 12),
        (read_kind, "co"),
        (read_kind, "acompte"),
        (read_kind, "éclairage"),
        (read_kind, "()"),
    ],
)
def test_what_is_no_number_and_no_date_is_refused(read, typed):
    try:
        found = read(typed)
    except ValueError:
        return
    pytest.fail(f"{typed} was read as {found}")


@pytest.mark.parametrize(
    ("typed", "french", "english"),
    [
        ("31/4/26", "avril 2026 a 30 jours", "April 2026 has 30 days"),
        ("2026-02-29", "février 2026 a 28 jours", "February 2026 has 28 days"),
        ("jeudi 9 juin 2026", "le 9 juin 2026 est un mardi", "9 June 2026 is a Tuesday"),
    ],
)
def test_a_day_that_cannot_be_has_its_reason(typed, french, english):
    with pytest.raises(Impossible) as refused:
        read_date(typed)
    assert (refused.value.why.fr, refused.value.why.en) == (french, english)
