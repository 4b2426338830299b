"""Typing a paper bill: what does not fit is named at once, and kept when the person wants it so."""

from __future__ import annotations

from decimal import Decimal

import pytest

from linkymonitor.billing.paper import read_paper
from linkymonitor.commands.bill_entry import enter_bill
from tests.billing.person import ENERGY, SUBSCRIPTION, Person

TAXED = ("conso", "", "TH", "10/04/2026", "09/06/2026", "61044", "61720", "", "", "0,1617", "109,31", "20")


def typed(tmp_path, capsys, *answers):
    """Type *answers*; return the paper and what was shown, in one line."""
    path = tmp_path / "paper.toml"
    enter_bill(path, Person(*answers))
    return read_paper(path), " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("answers", "doubted"),
    [
        (("109,13", "109,31"), "les lignes font 109,31 €, non 109,13 €"),
        (("109,31", "21,68", "21,86"), "20 % de 109,31 € font 21,86 €, non 21,68 €"),
        (("109,31", "21,86", "131,71", "131,17"), "109,31 + 21,86 de TVA font 131,17 €, non 131,71 €"),
    ],
)
def test_a_sum_that_does_not_fit_the_lines_is_asked_for_again(tmp_path, capsys, answers, doubted):
    right = ("109,31", "21,86", "131,17")
    paper, shown = typed(tmp_path, capsys, "h", *TAXED, "", *answers, *right[len(answers) - 1 :])
    assert doubted in shown
    assert (paper.ht, paper.tva, paper.total) == (
        Decimal("109.31"),
        {Decimal(20): Decimal("21.86")},
        Decimal("131.17"),
    )


def test_a_sum_that_fits_is_not_doubted(tmp_path, capsys):
    _, shown = typed(tmp_path, capsys, "h", *TAXED, "", "109,31", "21,86", "131,17")
    assert "font" not in shown


@pytest.mark.usefixtures("english")
def test_a_sum_that_does_not_fit_is_named_in_english_and_can_be_kept(tmp_path, capsys):
    paper, shown = typed(tmp_path, capsys, "t", *TAXED, "", "131,71", "", "")
    assert "the lines are 109.31 €, not 131.71 €; type it again, or Enter to keep it" in shown
    assert paper.total == Decimal("131.71")


def test_a_total_with_taxes_over_lines_without_them_has_the_reason_and_can_be_mended(tmp_path, capsys):
    answers = ("t", *TAXED, "", "131,17", "<", "0", "h", "", "109,31", "21,86", "131,17")
    paper, shown = typed(tmp_path, capsys, *answers)
    assert "elles sont donc hors taxes" in shown
    assert (paper.without_taxes, paper.ht) == (True, Decimal("109.31"))


def test_the_total_is_asked_for_until_it_is_typed_or_said_not_to_be_there(tmp_path, capsys):
    paper, shown = typed(tmp_path, capsys, "t", *SUBSCRIPTION, "", "", "", "31,30", "")
    assert shown.count("« - » si le papier n'en a pas") == 2
    assert paper.total == Decimal("31.30")
    enter_bill(tmp_path / "second.toml", Person("t", *SUBSCRIPTION, "", "-", ""))
    assert read_paper(tmp_path / "second.toml").total is None


def test_the_tva_that_a_total_contains_can_be_typed(tmp_path, capsys):
    paper, shown = typed(tmp_path, capsys, "t", *SUBSCRIPTION, *ENERGY, "", "162,44", "27,70", "27,07")
    assert "162,44 € TTC contiennent 27,07 € de TVA, non 27,70 €" in shown
    assert (paper.without_taxes, paper.tva) == (False, {Decimal(20): Decimal("27.07")})


def test_an_index_that_goes_back_is_doubted_and_no_kwh_are_offered(tmp_path, capsys):
    person = Person("t", *ENERGY[:5], "20658", "2136", "21366", "", "", "0,1940", "137,35", "", "", "137,35")
    enter_bill(tmp_path / "paper.toml", person)
    assert "recule : 2136 après 20658" in " ".join(capsys.readouterr().out.split())
    assert not any("[-" in question for question in person.asked)
    assert read_paper(tmp_path / "paper.toml").lines[0].kwh == 708


def test_an_index_that_goes_back_can_be_kept(tmp_path, capsys):
    person = Person("t", *ENERGY[:5], "99900", "21", "", "121", "", "0,1940", "23,47", "", "", "23,47")
    enter_bill(tmp_path / "paper.toml", person)
    assert "  kWh : " in person.asked
    line = read_paper(tmp_path / "paper.toml").lines[0]
    assert (line.index_from, line.index_to, line.kwh) == (99900, 21, 121)


@pytest.mark.parametrize(
    ("place", "wrong", "doubted"),
    [
        (4, "9 juin 2062", "le 9 juin 2062 n'est pas encore passé"),
        (4, "31/6/26", "31/6/26 : juin 2026 a 30 jours"),
        (4, "jeudi 9 juin 2026", "jeudi 9 juin 2026 : le 9 juin 2026 est un mardi"),
        (9, "19,40", "19,40 € par kWh ? en centimes, tapez « 19,40 c€ »"),
        (11, "28,11", "28,11 % n'est pas un taux de TVA"),
    ],
)
def test_an_answer_that_cannot_be_right_is_asked_for_again(tmp_path, capsys, place, wrong, doubted):
    answers = (*ENERGY[:place], wrong, *ENERGY[place:])
    paper, shown = typed(tmp_path, capsys, "t", *answers, "", "131,14", "")
    assert doubted in shown
    line = paper.lines[0]
    assert (str(line.last), line.price, line.tva) == ("2026-06-09", Decimal("0.1940"), 20)


def test_a_line_of_the_tva_at_no_rate_of_it_is_doubted(tmp_path, capsys):
    paper, shown = typed(
        tmp_path, capsys, "h", *TAXED, "t", "TVA", "21,86", "20", "21,86", "", "109,31", "131,17"
    )
    assert "21,86 % n'est pas un taux de TVA" in shown
    assert (paper.tva, paper.total) == ({Decimal(20): Decimal("21.86")}, Decimal("131.17"))


def test_days_of_several_years_are_doubted(tmp_path, capsys):
    answers = (*ENERGY[:3], "10/04/2016", *ENERGY[4:5], "<", "10/04/2026", *ENERGY[4:])
    paper, shown = typed(tmp_path, capsys, "t", *answers, "", "131,14", "")
    assert "cette ligne aurait 3713 jours" in shown
    assert str(paper.lines[0].first) == "2026-04-10"


def test_a_price_in_cents_is_understood(tmp_path, capsys):
    paper, _ = typed(tmp_path, capsys, "t", *ENERGY[:9], "19,40 c€/kWh", *ENERGY[10:], "", "131,14", "")
    assert paper.lines[0].price == Decimal("0.1940")


def test_an_estimated_index_is_asked_for_where_there_is_an_index(tmp_path):
    person = Person("t", *ENERGY[:5], "", "", "676", "0,1940", "131,14", "20", "", "131,14", "")
    enter_bill(tmp_path / "paper.toml", person)
    assert not any("estimé" in question for question in person.asked)
    assert read_paper(tmp_path / "paper.toml").lines[0].kwh == 676
