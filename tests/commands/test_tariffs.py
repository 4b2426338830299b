"""`tariffs`: the tables are listed and shown, and what is proposed can be used as it stands."""

from __future__ import annotations

from datetime import timedelta

import pytest

from linkymonitor.cli import main
from linkymonitor.settings import load
from tests.money.test_table_faults import TABLE
from tests.report.drawn import DAY
from tests.report.house import contract, flat, local, period_of, records, write_log


@pytest.fixture
def ini(tmp_path):
    """A configuration in English whose folder of tables is *tmp_path*/tables."""
    (tmp_path / "tables").mkdir()
    path = tmp_path / "linkymonitor.ini"
    path.write_text(f"[general]\nlang = en\n[contract]\ntables = {tmp_path / 'tables'}\n")
    return path


def test_all_tables_are_listed_with_their_time_and_the_folder_of_the_owners(ini, tmp_path, capsys):
    (tmp_path / "tables" / "mine.toml").write_text(TABLE)
    (tmp_path / "tables" / "wrong.toml").write_text("schema = 1\n")
    assert main(["tariffs", "list", "-c", str(ini)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "ejp : EDF, Tarif Bleu, option EJP, regulated, 1 August 2023 to today" in lines
    assert (
        f"mine : Nobody, Mine, market, 1 February 2026 to today ({tmp_path / 'tables' / 'mine.toml'})"
        in lines
    )
    assert "wrong: has faults; see 'tariffs check'" in lines


def test_a_table_of_the_owner_wins_over_a_shipped_one_of_its_id(ini, tmp_path, capsys):
    (tmp_path / "tables" / "ejp.toml").write_text(TABLE.replace('id = "mine"', 'id = "ejp"'))
    assert main(["tariffs", "show", "ejp", "-c", str(ini)]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "ejp : Nobody, Mine"


def test_a_table_is_shown_with_its_prices_by_power_and_its_doubts(ini, tmp_path, capsys):
    (tmp_path / "tables" / "mine.toml").write_text(TABLE.replace('doubt = ""', 'doubt = "typed by hand"', 1))
    assert main(["tariffs", "show", "mine", "-c", str(ini)]) == 0
    shown = capsys.readouterr().out
    assert "from 1 February 2026, before 1 August 2026\n  6 kVA : 15.05 €/month\n" in shown
    assert "  doubt: typed by hand\n" in shown
    assert "  HP (6-6 kVA) : 0.2100 €/kWh\n  HP (9-9 kVA) : 0.2110 €/kWh\n" in shown


def test_the_sections_proposed_from_the_log_follow_the_contracts_and_can_be_used(ini, tmp_path, capsys):
    later = DAY + timedelta(days=3)
    for day, made in ((DAY, contract("EJP")), (later, contract("EJP", subscribed_power=12000))):
        rows = records(
            local(day), local(day, 6), power=flat(500), step=600, contract=made, period=period_of("EJP")
        )
        write_log(tmp_path / "log", rows)
    assert main(["tariffs", "new", "-c", str(ini), "--log-dir", str(tmp_path / "log")]) == 0
    proposed = capsys.readouterr().out
    assert proposed.splitlines()[2:] == [
        "",
        "[contract]",
        "offer = ejp",
        "power = 9",
        "",
        f"[contract:{later}]",
        "power = 12",
    ]
    used = tmp_path / "used.ini"
    used.write_text(proposed)
    book = load(used).price_book()
    assert book.faults == ()
    assert str(book.on(DAY).subscription_month) == "19.32"
    assert str(book.on(later).subscription_month) == "23.04"


def test_a_log_without_contracts_gives_no_proposal(ini, tmp_path, capsys):
    (tmp_path / "log").mkdir()
    assert main(["tariffs", "new", "-c", str(ini), "--log-dir", str(tmp_path / "log")]) == 1
    assert "no line 'Contrat:' in this log" in capsys.readouterr().err


def test_a_new_table_is_to_be_filled_in_and_then_has_no_fault(ini, tmp_path, capsys):
    assert main(["tariffs", "new", "my-offer", "-c", str(ini)]) == 0
    empty = capsys.readouterr().out
    path = tmp_path / "tables" / "my-offer.toml"
    path.write_text(empty)
    assert main(["tariffs", "check", str(path), "-c", str(ini)]) == 1
    assert f"{path}: line 8: cannot be read as TOML" in capsys.readouterr().err
    filled = empty
    for blank in ("2026-11-27", "[6]", "2026-08-01", "2027-02-01", "2026-11-27", "6 = 15.05", "0.15", "0.2"):
        place = next(
            line for line in filled.splitlines() if "?" in line and '"?"' not in line and line[0] != "#"
        )
        key = place.partition(" = ")[0]
        filled = filled.replace(place, blank if key == "?" else f"{key} = {blank}", 1)
    path.write_text(filled.replace('"?"', '"x"'))
    assert main(["tariffs", "check", str(path), "-c", str(ini)]) == 0


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        (["show"], 2, "tariffs show: expected the id of one table"),
        (["list", "ejp"], 2, "tariffs list: takes nothing more; remove ejp"),
        (["new", "My Offer"], 2, "My Offer: expected an id of small letters, digits and hyphens"),
        (["show", "ejpp"], 1, "ejpp: no price table of that name; did you mean ejp?"),
        (["show", "../ejp"], 1, "../ejp: no price table of that name"),
        (["check", "absent.toml"], 1, "absent.toml: cannot be read"),
    ],
)
def test_wrong_words_are_answered_with_what_is_expected(ini, capsys, words, status, sentence):
    assert main(["tariffs", *words, "-c", str(ini)]) == status
    assert sentence in capsys.readouterr().err


def test_a_table_is_shown_with_its_prices_without_taxes_and_the_taxes(capsys):
    assert main(["tariffs", "show", "ejp", "--lang", "en"]) == 0
    shown = capsys.readouterr().out
    row = shown.partition("from 1 February 2026, before 1 August 2026\n")[2].partition("\n\n")[0]
    assert "  12 kVA : 22.71 €/month (without taxes 16.92)\n" in row
    assert "  PM : 0.3440 €/kWh (without taxes 0.2558)\n" in row
    assert "  accise: 0.03085 €/kWh without TVA\n" in row
    assert (
        "  CTA: 15.00 % of the fixed part of the network's price, in €/year: CU4 38.80 + 10.11 × kVA; " in row
    )
    assert "  TVA: 20 % on the subscription, 20 % on energy" in row
    unknown = shown.partition("from 1 August 2026\n")[2]
    assert "  accise not known\n" in unknown


def test_a_tax_that_changes_within_a_row_has_its_day(ini, tmp_path, capsys):
    """The row of the table begins on 1 February 2025; the TVA of subscriptions changes on 1 August 2025."""
    (tmp_path / "tables" / "mine.toml").write_text(TABLE.replace("2026-02-01", "2025-02-01"))
    assert main(["tariffs", "show", "mine", "-c", str(ini)]) == 0
    shown = capsys.readouterr().out
    assert "  TVA: 5.5 % on the subscription, 20 % on energy\n" in shown
    assert "  TVA: 20 % on the subscription, 20 % on energy, from 1 August 2025\n" in shown
