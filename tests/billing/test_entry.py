"""Typing a paper bill: what a person types is forgiven, and nothing that was typed is lost."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from linkymonitor.billing.paper import read_paper
from linkymonitor.cli import main
from linkymonitor.commands.bill_entry import enter_bill
from linkymonitor.errors import ConfigError, StorageError
from tests.billing.house import BASE_6, rows, run_bill
from tests.billing.person import ENERGY, SUBSCRIPTION, Person
from tests.support.terminal import Terminal


def test_a_bill_that_was_typed_is_read_back(tmp_path):
    path = tmp_path / "paper.toml"
    assert enter_bill(path, Person("t", *SUBSCRIPTION, *ENERGY, "", "162,44")) == 0
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
        "t", "a", "Abonnement", "spring", "10/04/2026", "09/06/2026", "15,65", "much", "31,30", "", "", ""
    )
    enter_bill(tmp_path / "paper.toml", person)
    assert read_paper(tmp_path / "paper.toml").lines[0].eur == Decimal("31.30")
    assert "  spring : on attend une date" in capsys.readouterr().out


def test_one_can_go_back_to_the_question_before(tmp_path):
    person = Person(
        "t", "a", "Abonement", "<", "Abonnement", "10/04/2026", "09/06/2026", "15,65", "31,30", "20", "", ""
    )
    enter_bill(tmp_path / "paper.toml", person)
    assert read_paper(tmp_path / "paper.toml").lines[0].label == "Abonnement"


def test_one_can_go_back_into_the_line_before_and_enter_keeps_an_answer(tmp_path):
    """The amount 31.30 was typed as 13.30, and is noticed at the beginning of the next line."""
    wrong = (*SUBSCRIPTION[:5], "13,30", "20")
    person = Person("t", *wrong, "<", "<", "31,30", "", *ENERGY, "", "162,44")
    enter_bill(tmp_path / "paper.toml", person)
    subscription, energy = read_paper(tmp_path / "paper.toml").lines
    assert (subscription.eur, subscription.tva, energy.kwh) == (Decimal("31.30"), 20, 676)
    assert person.asked[10].endswith(" [13,30] : ")


def test_an_answer_can_be_taken_away(tmp_path):
    person = Person("t", *SUBSCRIPTION, "<", "-", "", "162,44")
    enter_bill(tmp_path / "paper.toml", person)
    assert read_paper(tmp_path / "paper.toml").lines[0].tva is None


def test_a_bill_that_was_left_half_typed_is_gone_on_with(tmp_path, capsys):
    path = tmp_path / "paper.toml"
    enter_bill(path, Person("t", *SUBSCRIPTION))
    person = Person(*ENERGY, "", "162,44")
    enter_bill(path, person)
    assert "1 ligne d'avant" in capsys.readouterr().out
    assert not person.asked[0].startswith("  montants")
    paper = read_paper(path)
    assert [line.kind for line in paper.lines] == ["subscription", "energy"]
    assert (paper.total, paper.lines[0].price) == (Decimal("162.44"), Decimal("15.65"))


@pytest.mark.parametrize("count", range(1, len(ENERGY)))
def test_the_answers_of_a_half_typed_line_are_kept(tmp_path, count):
    path = tmp_path / "paper.toml"
    enter_bill(path, Person("t", *SUBSCRIPTION, *ENERGY[:count]))
    with pytest.raises(ConfigError, match="une ligne n'est pas finie"):
        read_paper(path)
    enter_bill(path, Person(*ENERGY[count:], "", "162,44"))
    enter_bill(tmp_path / "whole.toml", Person("t", *SUBSCRIPTION, *ENERGY, "", "162,44"))
    assert path.read_text() == (tmp_path / "whole.toml").read_text()


def test_every_answer_is_in_the_file_before_the_next_question(tmp_path, capsys):
    path = tmp_path / "paper.toml"
    answers = iter(["t", *ENERGY])

    def ask(question):
        if "ancien index" in question:
            assert "to = 2026-06-09" in path.read_text()
            raise KeyboardInterrupt
        return next(answers)

    assert enter_bill(path, ask) == 0
    assert "la même commande continue" in capsys.readouterr().out
    enter_bill(path, Person(*ENERGY[5:], "", ""))
    assert read_paper(path).lines[0].index_from == 61044


def test_the_days_of_the_line_before_are_offered(tmp_path):
    path = tmp_path / "paper.toml"
    person = Person(
        "t", *SUBSCRIPTION, "c", "", "TH", "", "", "61044", "61720", "", "", "0,1940", "131,14", "", "", ""
    )
    enter_bill(path, person)
    subscription, energy = read_paper(path).lines
    assert (energy.span, energy.kwh) == (subscription.span, 676)
    assert any("du [10/04/2026]" in question for question in person.asked)
    assert any("kWh [676]" in question for question in person.asked)


def test_offered_days_can_be_refused(tmp_path):
    fee = ("a", "Mise en service", "-", "-", "", "14,06", "20")
    enter_bill(tmp_path / "paper.toml", Person("t", *SUBSCRIPTION, *fee, "", ""))
    assert read_paper(tmp_path / "paper.toml").lines[1].span is None


@pytest.mark.parametrize(
    ("answers", "doubted"),
    [
        ((*ENERGY[:10], "113,14", "131,14", "20"), "676 × 0,1940 font 131,14 €, non 113,14 €"),
        ((*ENERGY[:7], "667", "676", *ENERGY[8:]), "61044 → 61720 font 676 kWh, non 667"),
        ((*ENERGY[:4], "09/03/2026", *ENERGY[4:]), "ce dernier jour est avant le premier"),
    ],
)
def test_what_does_not_fit_is_named_at_once(tmp_path, capsys, answers, doubted):
    enter_bill(tmp_path / "paper.toml", Person("t", *answers, "", ""))
    assert doubted in capsys.readouterr().out
    line = read_paper(tmp_path / "paper.toml").lines[0]
    assert (line.kwh, line.eur, str(line.last)) == (676, Decimal("131.14"), "2026-06-09")


def test_what_does_not_fit_can_be_kept(tmp_path):
    enter_bill(tmp_path / "paper.toml", Person("t", *ENERGY[:10], "113,14", "", "20", "", ""))
    assert read_paper(tmp_path / "paper.toml").lines[0].eur == Decimal("113.14")


@pytest.mark.parametrize("eur", ["300,10", "300,17", "300,02"])
def test_the_rounding_of_a_printed_price_is_no_fault(tmp_path, capsys, eur):
    """1685 kWh at 0.17814, printed 0.1781: half of the fourth decimal is 0.08 €."""
    line = ("c", "", "HN", "1/2/26", "7/3/26", "", "", "1685", "0,1781", eur, "")
    enter_bill(tmp_path / "paper.toml", Person("t", *line, "", ""))
    assert "font" not in capsys.readouterr().out


def test_a_paper_without_taxes_has_a_rate_for_the_contribution_to_the_network_and_its_sums(tmp_path):
    cta = ("t", "CTA", "10/4/26", "9/6/26", "15 %", "2,45", "20")
    accise = ("t", "Accise", "", "", "676", "30,85 €/MWh", "20,85", "20")
    person = Person("h", *ENERGY, *cta, *accise, "", "154,44", "30,89", "185,33")
    enter_bill(tmp_path / "paper.toml", person)
    paper = read_paper(tmp_path / "paper.toml")
    assert [line.price for line in paper.lines[1:]] == [Decimal(15), Decimal("0.03085")]
    assert (paper.without_taxes, paper.ht, paper.tva, paper.total) == (
        True,
        Decimal("154.44"),
        {Decimal(20): Decimal("30.89")},
        Decimal("185.33"),
    )
    assert sum("montants des lignes" in question for question in person.asked) == 1


def test_the_sums_can_be_left_for_one_more_line_and_for_the_last_one(tmp_path):
    person = Person("t", *SUBSCRIPTION, "", "<", "<", "5,5", *ENERGY, "", "162,44")
    enter_bill(tmp_path / "paper.toml", person)
    paper = read_paper(tmp_path / "paper.toml")
    assert (paper.lines[0].tva, len(paper.lines), paper.total) == (Decimal("5.5"), 2, Decimal("162.44"))


REVENUE = {
    "fr": (
        "",
        "r",
        "Surplus",
        "18 juin 2025",
        "31/10/2025",
        "4127",
        "4903",
        "",
        "",
        "0,1276 €/kWh",
        "99,02 €",
    ),
    "en": ("", "r", "Surplus", "18 June 2025", "2025-10-31", "4127", "4903", "", "", "0.1276", "99.02"),
}
LATER = {
    "fr": ("r", "", "1/11/25", "17 juin 2026", "4903", "5969", "", "n", "0,1283", "136,77", "", "235,79"),
    "en": (
        "r",
        "",
        "1 November 2025",
        "17 June 2026",
        "4903",
        "5969",
        "",
        "n",
        "0.1283",
        "136.77",
        "",
        "235.79",
    ),
}


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_paper_of_who_buys_injected_energy_is_typed_at_a_terminal_and_compared(tmp_path, capsys, lang):
    """The terminal is closed in the middle of a line."""
    path = tmp_path / "paper.toml"
    answers = [*REVENUE[lang], *LATER[lang]]
    first = Terminal("bill", "--lang", lang, "--enter", str(path))
    first.type(answers[:15])
    first.close()
    second = Terminal("bill", "--lang", lang, "--enter", str(path))
    second.type(answers[15:])
    assert second.end() == 0, second.shown
    log = rows(
        [("2025-06-18", {"TH": 1_000_000}), ("2026-06-18", {"TH": 3_000_000})],
        injected=[("2025-06-18", 4_127_000), ("2025-11-01", 4_903_000), ("2026-06-18", 5_969_000)],
        subscribed_power=6000,
    )
    ini = BASE_6 + "injection_price = 0.1276\n[contract:2025-11-01]\ninjection_price = 0.1283\n"
    status, out, err = run_bill(
        tmp_path, capsys, log, ini, "2025-06-18", "2026-06-17", "--json", "--check", str(path)
    )
    assert status == 0, err
    figures = json.loads(out)
    assert (figures["differences"], figures["total_difference"], figures["paper"]) == ([], None, [])
    assert figures["total"] == {"eur": "235.79"}
    assert figures["tva"] == {}


def test_a_bill_that_was_typed_before_is_not_overwritten(tmp_path):
    path = tmp_path / "paper.toml"
    path.write_text("total = { eur = 1 }\n")
    with pytest.raises(StorageError, match="exist"):
        enter_bill(path, Person())
    assert path.read_text() == "total = { eur = 1 }\n"


def test_a_page_does_not_take_the_place_of_a_folder(tmp_path, capsys):
    kept = tmp_path / "bills" / "kept"
    kept.parent.mkdir()
    kept.write_text("kept")
    status = main(["bill", "--lang", "en", "-s", "2026-03-01", "-e", "2026-03-02", "-o", str(kept.parent)])
    assert status == 2
    assert "a folder; name a file" in capsys.readouterr().err
    assert kept.read_text() == "kept"
