"""Typing a paper bill: lines are corrected, a finished bill is opened again, and a stop is explained."""

from __future__ import annotations

from decimal import Decimal

import pytest

from linkymonitor.billing.paper import read_paper
from linkymonitor.commands.bill_entry import enter_bill
from linkymonitor.errors import StorageError
from tests.billing.person import ENERGY, SUBSCRIPTION, Person
from tests.support.terminal import Terminal

FINISHED = ("t", *SUBSCRIPTION, *ENERGY, "", "162,44", "27,07")


def test_going_back_from_a_half_typed_line_keeps_its_answers(tmp_path):
    """The rate of line 1 is corrected while the register of line 2 is typed."""
    back = ("<", "<", "<")
    person = Person("t", *SUBSCRIPTION, *ENERGY[:2], *back, "5,5", *ENERGY[2:], "", "162,44", "")
    enter_bill(tmp_path / "paper.toml", person)
    first, second = read_paper(tmp_path / "paper.toml").lines
    assert (first.tva, second.label, second.register) == (Decimal("5.5"), "Conso", "TH")


def test_a_finished_bill_is_opened_again_and_its_last_sum_corrected(tmp_path):
    path = tmp_path / "paper.toml"
    enter_bill(path, Person(*FINISHED[:-2], "162,40", "", "27,07"))
    person = Person("", "162,44", "")
    enter_bill(path, person)
    assert [question.strip() for question in person.asked[1:]] == [
        "total TTC du papier, € [162,40] :",
        "dont TVA à 20 %, € [27,07] :",
    ]
    enter_bill(tmp_path / "whole.toml", Person(*FINISHED))
    assert path.read_text() == (tmp_path / "whole.toml").read_text()


def test_a_line_is_corrected_by_its_number(tmp_path):
    path = tmp_path / "paper.toml"
    enter_bill(path, Person(*FINISHED))
    enter_bill(path, Person("1", "", "", "", "", "", "31,20", "", "", "162,34", ""))
    paper = read_paper(path)
    assert [line.eur for line in paper.lines] == [Decimal("31.20"), Decimal("131.14")]
    assert paper.total == Decimal("162.34")


def test_a_line_is_removed(tmp_path, capsys):
    path = tmp_path / "paper.toml"
    enter_bill(path, Person("t", *SUBSCRIPTION, *SUBSCRIPTION, *ENERGY, "2", "-", "", "162,44", "27,07"))
    assert "ligne 2 supprimée" in capsys.readouterr().out
    enter_bill(tmp_path / "whole.toml", Person(*FINISHED))
    assert path.read_text() == (tmp_path / "whole.toml").read_text()


def test_sums_that_are_not_asked_for_any_more_are_removed(tmp_path):
    """The lines were taken for lines without taxes."""
    path = tmp_path / "paper.toml"
    enter_bill(path, Person("h", *FINISHED[1:-2], "162,44", "32,49", "194,93"))
    enter_bill(path, Person("0", "t", "", "162,44", "162,44", "27,07"))
    enter_bill(tmp_path / "whole.toml", Person(*FINISHED))
    paper, whole = read_paper(path), read_paper(tmp_path / "whole.toml")
    assert paper._replace(path=whole.path) == whole


def test_a_paper_has_a_line(tmp_path, capsys):
    path = tmp_path / "paper.toml"
    enter_bill(path, Person("t", "", "-", *SUBSCRIPTION, "1", "-", *SUBSCRIPTION, "", "31,30", ""))
    shown = " ".join(capsys.readouterr().out.split())
    assert shown.count("on attend a, c, t, r, x") == 2
    assert len(read_paper(path).lines) == 1


@pytest.mark.parametrize(
    "more",
    [
        "# from the letter of June\n",
        "supplier = 3\n",
        "[[line]]\nkind = 'tax'\neur = 'much'\n",
        "[[line]]\neur = 2\n",
    ],
)
def test_a_file_that_holds_more_than_answers_is_left_alone(tmp_path, more):
    path = tmp_path / "paper.toml"
    enter_bill(path, Person("t", *SUBSCRIPTION, "", "-", "-"))
    before = more + path.read_text() if "[[" not in more else path.read_text() + more
    path.write_text(before)
    with pytest.raises(StorageError, match="dans un éditeur"):
        enter_bill(path, Person())
    assert path.read_text() == before


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("fr", "une ligne n'est pas finie ; la même commande continue"),
        ("en", "a line is not finished; the same command goes on"),
    ],
)
@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_a_key_that_stops_says_how_to_go_on(tmp_path, lang, said, key):
    path = tmp_path / "paper.toml"
    terminal = Terminal("bill", "--lang", lang, "--enter", str(path))
    terminal.type(["t", "abonnement", "Abo"])
    terminal.press(key)
    assert terminal.end() == 0
    assert said in " ".join(terminal.shown.split())
    assert 'label = "Abo"' in path.read_text()


@pytest.mark.parametrize(("lang", "count"), [("fr", " : 1 ligne ;"), ("en", ": 1 line;")])
def test_the_command_that_compares_has_the_options_that_were_given(tmp_path, lang, count):
    path, ini = tmp_path / "paper.toml", tmp_path / "a house.ini"
    ini.write_text("[contract]\noffer = base\n")
    days = ("-s", "2026-04-10", "-e", "2026-06-09")
    terminal = Terminal("bill", "-c", str(ini), "--lang", lang, *days, "--enter", str(path))
    terminal.type(["t", *SUBSCRIPTION, "", "31,30", ""])
    assert terminal.end() == 0
    assert count in " ".join(terminal.shown.split())
    command = f"linkymonitor bill -c '{ini}' --lang {lang} {' '.join(days)} --check {path}"
    assert f"  {command}" in terminal.shown.splitlines()


def test_sentences_are_not_cut_in_a_word(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "40")
    person = Person("t", "sept", *SUBSCRIPTION, "", "31,30", "")
    enter_bill(tmp_path / "paper.toml", person)
    lines = [line for line in capsys.readouterr().out.splitlines() if str(tmp_path) not in line]
    assert max(map(len, lines)) < 40
    assert not [line for line in lines if line.lstrip().startswith((":", ";", "»"))]
