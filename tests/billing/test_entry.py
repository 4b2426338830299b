"""Typing a paper bill: what a person types is forgiven, and nothing that was typed is lost."""

from __future__ import annotations

from decimal import Decimal

import pytest

from linkymonitor.billing.paper import read_paper
from linkymonitor.cli import main
from linkymonitor.commands.bill_entry import (
    enter_bill,
    read_amount,
    read_date,
    read_rate,
    read_register,
    read_whole,
)
from linkymonitor.errors import StorageError


class Person:
    """Types *answers*, then closes the terminal."""

    def __init__(self, *answers: str) -> None:
        self.asked: list[str] = []
        self._answers = list(answers)

    def __call__(self, question: str) -> str:
        self.asked.append(question)
        if not self._answers:
            raise EOFError
        return self._answers.pop(0)


SUBSCRIPTION = ("a", "Abonnement", "10/04/2026", "9/6/26", "15,65 €", "31,30", "20 %")
ENERGY = (
    "c",
    "Conso",
    "th",
    "10/04/2026",
    "09/06/2026",
    "61 044",
    "61 720 kWh",
    "676",
    "o",
    "0,1940",
    "131,14 €",
    "20",
)


def test_a_bill_that_was_typed_is_read_back(tmp_path):
    path = tmp_path / "paper.toml"
    assert enter_bill(path, Person(*SUBSCRIPTION, *ENERGY, "", "162,44")) == 0
    paper = read_paper(path)
    assert paper.total == Decimal("162.44")
    subscription, energy = paper.lines
    assert (subscription.kind, subscription.price, subscription.eur) == (
        "subscription",
        Decimal("15.65"),
        Decimal("31.30"),
    )
    assert (energy.register, energy.kwh, energy.index_to, energy.estimated) == ("TH", 676, 61720, True)
    assert energy.span == subscription.span


def test_an_answer_that_cannot_be_understood_is_asked_for_again(tmp_path, capsys):
    person = Person(
        "a", "Abonnement", "spring", "10/04/2026", "09/06/2026", "15,65", "much", "31,30", "", "", ""
    )
    enter_bill(tmp_path / "paper.toml", person)
    assert read_paper(tmp_path / "paper.toml").lines[0].eur == Decimal("31.30")
    assert "spring: " in capsys.readouterr().out


def test_one_can_go_back_to_the_question_before(tmp_path):
    person = Person(
        "a", "Abonement", "<", "Abonnement", "10/04/2026", "09/06/2026", "15,65", "31,30", "20", "", ""
    )
    enter_bill(tmp_path / "paper.toml", person)
    assert read_paper(tmp_path / "paper.toml").lines[0].label == "Abonnement"


def test_one_can_go_back_into_the_line_before_and_enter_keeps_an_answer(tmp_path):
    """The amount 31.30 was typed as 13.30, and is noticed at the beginning of the next line."""
    wrong = (*SUBSCRIPTION[:5], "13,30", "20")
    person = Person(*wrong, "<", "<", "31,30", "", *ENERGY, "", "162,44")
    enter_bill(tmp_path / "paper.toml", person)
    subscription, energy = read_paper(tmp_path / "paper.toml").lines
    assert (subscription.eur, subscription.tva, energy.kwh) == (Decimal("31.30"), 20, 676)
    assert person.asked[9].endswith(" [13.30] : ")


def test_an_answer_can_be_taken_away(tmp_path):
    person = Person(*SUBSCRIPTION, "<", "-", "", "162,44")
    enter_bill(tmp_path / "paper.toml", person)
    assert read_paper(tmp_path / "paper.toml").lines[0].tva is None


def test_a_bill_that_was_left_half_typed_is_gone_on_with(tmp_path, capsys):
    path = tmp_path / "paper.toml"
    enter_bill(path, Person(*SUBSCRIPTION, "c"))
    enter_bill(path, Person(*ENERGY, "", "162,44"))
    assert "lignes déjà tapées : 1" in capsys.readouterr().out
    paper = read_paper(path)
    assert [line.kind for line in paper.lines] == ["subscription", "energy"]
    assert (paper.total, paper.lines[0].price) == (Decimal("162.44"), Decimal("15.65"))


def test_a_terminal_that_is_closed_loses_the_line_that_was_being_typed_only(tmp_path):
    enter_bill(tmp_path / "paper.toml", Person(*SUBSCRIPTION, "c", "Conso", "th"))
    assert [line.label for line in read_paper(tmp_path / "paper.toml").lines] == ["Abonnement"]


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
    ],
)
def test_what_is_no_number_and_no_date_is_refused(read, typed):
    try:
        found = read(typed)
    except ValueError:
        return
    pytest.fail(f"{typed} was read as {found}")


def test_a_bill_that_was_typed_before_is_not_overwritten(tmp_path):
    path = tmp_path / "paper.toml"
    path.write_text("total = 1\n")
    with pytest.raises(StorageError, match="exist"):
        enter_bill(path, Person())
    assert path.read_text() == "total = 1\n"


def test_a_page_does_not_take_the_place_of_a_folder(tmp_path, capsys):
    kept = tmp_path / "bills" / "kept"
    kept.parent.mkdir()
    kept.write_text("kept")
    status = main(["bill", "--lang", "en", "-s", "2026-03-01", "-e", "2026-03-02", "-o", str(kept.parent)])
    assert status == 2
    assert "a folder; name a file" in capsys.readouterr().err
    assert kept.read_text() == "kept"
