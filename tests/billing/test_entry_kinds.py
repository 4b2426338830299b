"""Typing a paper bill: the kinds of its lines, and the paper of who buys injected energy."""

from __future__ import annotations

from decimal import Decimal

import pytest

from linkymonitor.billing.paper import read_paper
from linkymonitor.commands.bill_entry import enter_bill
from tests.billing.person import ENERGY, SUBSCRIPTION, Person

CREDIT = ("Geste commercial", "-", "-", "", "-5,00", "20")
REVENUE = ("Surplus", "18/6/25", "31/10/25", "4127", "4903", "", "", "12,76 c€", "99,02")


@pytest.mark.parametrize("word", ["x", "avoir", "Avoir", "credit"])
def test_the_whole_word_of_a_kind_is_understood(tmp_path, word):
    enter_bill(tmp_path / "paper.toml", Person("t", *SUBSCRIPTION, word, *CREDIT, "", "26,30", ""))
    line = read_paper(tmp_path / "paper.toml").lines[1]
    assert (line.kind, line.eur) == ("credit", Decimal("-5.00"))


@pytest.mark.usefixtures("english")
def test_a_letter_of_the_other_language_is_refused(tmp_path, capsys):
    """In English, c would be a credit as well as a "consommation"."""
    enter_bill(tmp_path / "paper.toml", Person("t", "c", "credit", *CREDIT, "", "-5.00", ""))
    assert "c: expected s, e, t, r, x, or the whole word" in " ".join(capsys.readouterr().out.split())
    assert read_paper(tmp_path / "paper.toml").lines[0].kind == "credit"


def test_a_word_of_no_kind_is_refused_with_the_words(tmp_path, capsys):
    enter_bill(tmp_path / "paper.toml", Person("t", "éclairage", *SUBSCRIPTION, "", "31,30", ""))
    shown = " ".join(capsys.readouterr().out.split())
    assert "éclairage : on attend a, c, t, r, x, ou le mot entier, abonnement, consommation" in shown


@pytest.mark.parametrize(
    ("lang", "kind", "path"),
    [("fr", "[abonnement] : ", "[ttc] : "), ("en", "[subscription]: ", "[with taxes]: ")],
)
def test_a_kind_is_shown_in_the_language_of_the_terminal(tmp_path, monkeypatch, lang, kind, path):
    monkeypatch.setattr("linkymonitor.language._spoken", lang)
    person = Person("t", "abonnement", "<", "<", "", *SUBSCRIPTION[1:], "", "31,30", "")
    enter_bill(tmp_path / "paper.toml", person)
    assert person.asked[4].endswith(path)
    assert person.asked[3].endswith(kind)


def test_the_buyer_of_injected_energy_is_named_at_the_first_question_and_asked_nothing_of_taxes(tmp_path):
    person = Person("r", *REVENUE, "", "99,02")
    enter_bill(tmp_path / "paper.toml", person)
    paper = read_paper(tmp_path / "paper.toml")
    assert (paper.is_revenue, paper.taxes, paper.total) == (True, None, Decimal("99.02"))
    assert not any("taxe" in question or "TVA" in question for question in person.asked[1:])


@pytest.mark.parametrize(
    ("first", "other"), [(("r", *REVENUE), "t"), (("t", *SUBSCRIPTION), "revenu")], ids=["revenue", "bill"]
)
def test_revenue_and_a_bill_are_kept_in_two_files(tmp_path, capsys, first, other):
    enter_bill(tmp_path / "paper.toml", Person(*first, other, ""))
    assert "un revenu est un document à part" in " ".join(capsys.readouterr().out.split())
    assert len(read_paper(tmp_path / "paper.toml").lines) == 1


def test_the_answers_of_another_kind_are_not_kept(tmp_path):
    person = Person("t", *ENERGY, "1", "a", "", "", "", "", "131,14", "", "", "131,14", "")
    enter_bill(tmp_path / "paper.toml", person)
    line = read_paper(tmp_path / "paper.toml").lines[0]
    assert (line.kind, line.register, line.kwh, line.index_to) == ("subscription", None, None, None)
